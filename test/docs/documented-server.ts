import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

const REPORT_PORT = join(__dirname, 'report-port.mjs');

interface Output {
  readonly printed: PrintedLines;
  readonly complaints: Complaints;
}

/** A server of a document, run as its reader would run it. */
export class DocumentedServer {
  readonly origin: string;
  readonly #child: ChildProcess;
  readonly #printed: PrintedLines;
  readonly #complaints: Complaints;

  static async start(
    folder: string,
    file: string,
    env: Readonly<Record<string, string>> = {},
  ): Promise<DocumentedServer> {
    const child = fork(join(folder, file), [], {
      cwd: folder,
      env: { ...process.env, ...env },
      execArgv: ['--import', REPORT_PORT],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const printed = new PrintedLines(child.stdout as Readable);
    const complaints = new Complaints(child.stderr as Readable);
    const ended = once(child, 'exit').then(() => Promise.reject(new Error(`${file} ended before it listened`)));
    const [port] = await Promise.race([once(child, 'message'), ended]);
    return new DocumentedServer(child, { printed, complaints }, port as number);
  }

  private constructor(child: ChildProcess, { printed, complaints }: Output, port: number) {
    this.#child = child;
    this.#printed = printed;
    this.#complaints = complaints;
    this.origin = `http://localhost:${port}`;
  }

  /** Warnings and errors. All of them are there once the server has stopped. */
  get complaints(): string {
    return this.#complaints.text;
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
    const closed = once(this.#child, 'close');
    this.#child.kill();
    const [code] = await closed;
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

/** What was written to stderr, which is shown as well. */
class Complaints {
  text = '';

  constructor(output: Readable) {
    output.on('data', (chunk) => {
      this.text += String(chunk);
      process.stderr.write(chunk);
    });
  }
}
