import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './redis-server.js';

export type ProxyName = 'nginx' | 'haproxy';

/** Debian puts them where only root looks for programs. */
const PATH = `${process.env['PATH']}:/usr/sbin:/usr/local/sbin`;
const env = { ...process.env, PATH };

/** Whether this machine can start the proxy; tests that need it say so in their titles when it cannot. */
export function hasProxy(name: ProxyName): boolean {
  try {
    execFileSync(name, ['-v'], { stdio: 'ignore', env });
    return true;
  } catch {
    return false;
  }
}

export interface ProxySetUp {
  /**
   * The configuration as an operator writes it. Its port 443 becomes a free one, port 3000 that of the application, and
   * `/etc/<name>/` a folder with `files`.
   */
  readonly configuration: string;
  readonly files: Readonly<Record<string, string>>;
  /** The port of the application. */
  readonly port: number;
  /** From which address it connects, so that it differs from a client of this machine. */
  readonly from: string;
}

/** A real proxy that ends TLS, in front of an application on this machine. */
export class ReverseProxy {
  readonly port: number;
  readonly #folder: string;
  readonly #process: ChildProcess;
  #told = '';

  static async start(name: ProxyName, setUp: ProxySetUp): Promise<ReverseProxy> {
    const proxy = new ReverseProxy(name, setUp, await freePort());
    await proxy.#listening();
    return proxy;
  }

  private constructor(name: ProxyName, { configuration, files, port, from }: ProxySetUp, own: number) {
    this.port = own;
    this.#folder = mkdtempSync(join(tmpdir(), `${name}-`));
    for (const [file, text] of Object.entries(files)) writeFileSync(join(this.#folder, file), text);
    const placed = configuration
      .replaceAll(`/etc/${name}/`, `${this.#folder}/`)
      .replace(/listen 443 /, `listen 127.0.0.1:${own} `)
      .replace(/bind :443 /, `bind 127.0.0.1:${own} `)
      .replaceAll('127.0.0.1:3000', `127.0.0.1:${port}`);
    writeFileSync(join(this.#folder, 'proxy.conf'), AROUND[name](placed, from));
    this.#process = spawn(name, ARGUMENTS[name](this.#folder), { env, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.#process.stdout, this.#process.stderr])
      stream?.on('data', (chunk) => {
        this.#told += String(chunk);
      });
  }

  async close(): Promise<void> {
    if (this.#process.exitCode === null) {
      const gone = once(this.#process, 'exit');
      this.#process.kill();
      await gone;
    }
    rmSync(this.#folder, { recursive: true });
  }

  async #listening(): Promise<void> {
    while (!(await answers(this.port)))
      if (this.#process.exitCode !== null) throw new Error(`the proxy ended: ${this.#told}`);
  }
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

const ARGUMENTS: Readonly<Record<ProxyName, (folder: string) => string[]>> = {
  nginx: (folder) => ['-p', folder, '-c', join(folder, 'proxy.conf'), '-e', 'stderr'],
  haproxy: (folder) => ['-db', '-f', join(folder, 'proxy.conf')],
};

/** What stands around the part that a document shows. */
const AROUND: Readonly<Record<ProxyName, (part: string, from: string) => string>> = {
  nginx: (server, from) => `
    daemon off;
    master_process off;
    pid nginx.pid;
    error_log stderr crit;
    events {}
    http {
      access_log off;
      proxy_bind ${from};
      client_body_temp_path body;
      proxy_temp_path proxy;
      fastcgi_temp_path fastcgi;
      uwsgi_temp_path uwsgi;
      scgi_temp_path scgi;
      ${server}
    }`,
  haproxy: (parts, from) => `
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
  source ${from}

${parts}`,
};
