import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { AUDIENCE, ISSUER, ISSUER_PUBLIC_KEY } from './signed-token.js';

const EXAMPLES = join(__dirname, '../../examples');
export const OWN_ISSUER = { ISSUER, AUDIENCE, ISSUER_PUBLIC_KEY };

/** An example as its users run it: a process of its own, on a free port. */
export class ExampleProcess {
  readonly origin: string;
  /** What it printed before it was ready. */
  readonly output: string;
  readonly #child: ChildProcess;

  /** `name` is the folder of an example, and the file of its server: `frameworks/express`. */
  static async start(name: string, env: NodeJS.ProcessEnv = OWN_ISSUER): Promise<ExampleProcess> {
    const child = spawn(process.execPath, [join(EXAMPLES, `${name.replace('/', '/dist/')}.js`)], {
      env: { ...process.env, ...env, PORT: '0' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
      const port = /^Listening on http:\/\/\S+:(\d+)$/.exec(line)?.[1];
      if (port !== undefined) return new ExampleProcess(child, `http://localhost:${port}`, output);
      output += `${line}\n`;
    }
    throw new Error(`${name} ended before it was ready`);
  }

  private constructor(child: ChildProcess, origin: string, output: string) {
    this.#child = child;
    this.origin = origin;
    this.output = output;
  }

  async call(method: string, path: string, token?: string, body?: string): Promise<Response> {
    const headers = { ...(token && { authorization: `Bearer ${token}` }), 'content-type': 'application/json' };
    return fetch(this.origin + path, { method, headers: { ...headers, connection: 'close' }, body: body ?? null });
  }

  async stop(): Promise<number | null> {
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    return (await exited)[0];
  }
}
