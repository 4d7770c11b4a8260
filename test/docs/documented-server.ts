import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

const REPORT_PORT = join(__dirname, 'report-port.mjs');

/** A server of a document, run as its reader would run it. */
export class DocumentedServer {
  readonly origin: string;
  readonly #child: ChildProcess;
  readonly #printed: PrintedLines;

  static async start(
    folder: string,
    file: string,
    env: Readonly<Record<string, string>> = {},
  ): Promise<DocumentedServer> {
    const child = fork(join(folder, file), [], {
      cwd: folder,
      env: { ...process.env, ...env },
      execArgv: ['--import', REPORT_PORT],
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    });
    const printed = new PrintedLines(child.stdout as Readable);
    const ended = once(child, 'exit').then(() => Promise.reject(new Error(`${file} ended before it listened`)));
    const [port] = await Promise.race([once(child, 'message'), ended]);
    return new DocumentedServer(child, printed, port as number);
  }

  private constructor(child: ChildProcess, printed: PrintedLines, port: number) {
    this.#child = child;
    this.#printed = printed;
    this.origin = `http://localhost:${port}`;
  }

  /** What stands in brackets in the first printed line that matches; waits for it. */
  printed(pattern: RegExp): Promise<string> {
    return this.#printed.find(pattern);
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** The exit code; null for a server that takes no notice of signals. */
  async stop(): Promise<number | null> {
    const { exitCode, signalCode } = this.#child;
    if (exitCode !== null || signalCode !== null) return exitCode;
    const exited = once(this.#child, 'exit');
    this.#child.kill();
    const [code] = await exited;
    return code;
  }
}

class PrintedLines {
  readonly #lines: string[] = [];
  readonly #reader: ReturnType<typeof createInterface>;

  constructor(output: Readable) {
    this.#reader = createInterface({ input: output }).on('line', (line) => this.#lines.push(line));
  }

  async find(pattern: RegExp): Promise<string> {
    const [, found] = this.#lines.map((line) => pattern.exec(line)).find((match) => match !== null) ?? [];
    if (found !== undefined) return found;
    await once(this.#reader, 'line');
    return this.find(pattern);
  }
}
