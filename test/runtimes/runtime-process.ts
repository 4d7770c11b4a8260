import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { describe } from '@jest/globals';
import { isNightly } from '../support/nightly.js';
import type { Settings } from './servers/settings.js';

const MODULES = join(__dirname, 'node_modules');
const PROGRAMS = {
  bun: join(MODULES, '@oven/bun-linux-x64/bin/bun'),
  deno: join(MODULES, '@deno/linux-x64-glibc/deno'),
  workers: join(MODULES, '@cloudflare/workerd-linux-64/bin/workerd'),
} as const;

export type RuntimeName = keyof typeof PROGRAMS;

export const RUNTIMES = Object.keys(PROGRAMS) as readonly RuntimeName[];

/** The programs are installed by `npm ci --prefix test/runtimes`, as the night does, which skips nothing. */
export function withRuntimes(tests: () => void): void {
  const areThere = isNightly || Object.values(PROGRAMS).every((program) => existsSync(program));
  const title = areThere ? 'Bun, Deno and workerd' : 'skipped, as test/runtimes is not installed';
  (areThere ? describe : describe.skip)(title, tests);
}

/** Workers get their program and its surroundings by a file (workerd.capnp). */
function workersConfig(env: Readonly<Record<string, string>>): string {
  const bindings = Object.entries(env).map(([name, text]) => `(name = "${name}", text = ${JSON.stringify(text)})`);
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .main), (name = "internet", network = (allow = ["public", "private"]))],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")]
);
const main :Workerd.Worker = (
  modules = [(name = "main", esModule = embed "server.js")],
  compatibilityDate = "2026-10-01",
  compatibilityFlags = ["enable_request_signal"],
  bindings = [${bindings.join(', ')}]
);
`;
}

/** A server in another runtime than Node, which listens on a free port. */
export class RuntimeProcess {
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #folder: string;

  /** A server of these tests. */
  static start(name: RuntimeName, settings: Settings): Promise<RuntimeProcess> {
    return this.serve(name, join(__dirname, 'servers', `${name}.ts`), { SETTINGS: JSON.stringify(settings) });
  }

  /** A program that listens by itself, or, where `isServed` is set, exports what the runtime serves. */
  static async serve(
    name: RuntimeName,
    source: string,
    env: Readonly<Record<string, string>>,
    { isServed = false } = {},
  ): Promise<RuntimeProcess> {
    // Beside the tests, so that its imports find the packages of the repository.
    const folder = await mkdtemp(join(__dirname, 'built-'));
    const file = join(folder, 'server.js');
    await promisify(execFile)(process.execPath, [join(__dirname, 'bundle.js'), name, source, file]);
    if (name === 'workers') await writeFile(join(folder, 'server.capnp'), workersConfig(env));
    const ofDeno = ['--allow-all', '--no-config', '--node-modules-dir=manual'];
    const args = {
      bun: ['run', file],
      deno: isServed ? ['serve', ...ofDeno, '--host=127.0.0.1', '--port=0', file] : ['run', ...ofDeno, file],
      workers: ['serve', join(folder, 'server.capnp'), '--control-fd=3'],
    }[name];
    const child = spawn(PROGRAMS[name], args, {
      cwd: folder,
      env: { PATH: process.env['PATH'], HOME: folder, NO_COLOR: '1', PORT: '0', ...env },
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    });
    const port = await Promise.race([
      ...[1, 2, 3].map((number) => portIn(child.stdio[number] as Readable)),
      once(child, 'exit').then(() => Promise.reject(new Error(`${name} ended before it listened`))),
    ]);
    return new RuntimeProcess(child, folder, port);
  }

  private constructor(child: ChildProcess, folder: string, port: number) {
    this.#child = child;
    this.#folder = folder;
    this.port = port;
  }

  async call(path: string, headers: Readonly<Record<string, string>> = {}): Promise<[status: number, body: string]> {
    const answer = await fetch(`http://127.0.0.1:${this.port}${path}`, { headers });
    return [answer.status, await answer.text()];
  }

  async stop(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
    await rm(this.#folder, { recursive: true });
  }
}

/** What runtimes print when they listen ends with the port. All that follows is read and thrown away. */
function portIn(output: Readable): Promise<number> {
  return new Promise((resolve) => {
    createInterface({ input: output }).on('line', (line) => {
      const port = /(?:^|[:"a-z])(\d{4,5})\D*$/.exec(line)?.[1];
      if (port !== undefined) resolve(Number(port));
    });
  });
}
