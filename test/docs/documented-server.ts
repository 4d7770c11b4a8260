import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const REPORT_PORT = join(__dirname, 'report-port.mjs');

/** A server of a document, run as its reader would run it. */
export class DocumentedServer {
  readonly origin: string;
  readonly #child: ChildProcess;

  static async start(
    folder: string,
    file: string,
    env: Readonly<Record<string, string>> = {},
  ): Promise<DocumentedServer> {
    const child = fork(join(folder, file), [], {
      cwd: folder,
      env: { ...process.env, ...env },
      execArgv: ['--import', REPORT_PORT],
    });
    const ended = once(child, 'exit').then(() => Promise.reject(new Error(`${file} ended before it listened`)));
    const [port] = await Promise.race([once(child, 'message'), ended]);
    return new DocumentedServer(child, port as number);
  }

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.origin = `http://localhost:${port}`;
  }

  async stop(): Promise<void> {
    const exited = once(this.#child, 'exit');
    this.#child.kill();
    await exited.catch(() => {});
  }
}
