import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { run } from '../../packages/cli/src/main/run.js';
import type { Ended } from '../support/installed-project.js';

export interface Circumstances {
  readonly environment?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** Whether both outputs are terminals. */
  readonly isTerminal?: boolean;
  /** Whether every wait is over at once. */
  readonly isSlow?: boolean;
}

/** A folder of files, and the command line that runs in it. */
export class CommandFolder {
  readonly path: string = mkdtempSync(join(tmpdir(), 'sallyport-cli-'));

  write(file: string, content: string | object): void {
    const text = typeof content === 'string' ? content : JSON.stringify(content, undefined, 2);
    writeFileSync(join(this.path, file), text);
  }

  /** Runs `sallyport` with these arguments, in this process. */
  async run(args: readonly string[], circumstances: Circumstances = {}): Promise<Ended> {
    const { environment = {}, stdin = '', isTerminal = false, isSlow = false } = circumstances;
    const printed = { stdout: '', stderr: '' };
    const output = (name: 'stdout' | 'stderr') => ({
      isTerminal,
      write(text: string) {
        printed[name] += text;
      },
    });
    const code = await run(args, {
      stdout: output('stdout'),
      stderr: output('stderr'),
      stdin: Readable.from([Buffer.from(stdin)]),
      environment,
      directory: this.path,
      onWarning(listener) {
        const { emitWarning } = process;
        process.emitWarning = (warning: string | Error) => listener(String(warning));
        return () => {
          process.emitWarning = emitWarning;
        };
      },
      after(_delayMs, task) {
        if (isSlow) task();
        return () => {};
      },
    });
    return { code, ...printed };
  }

  remove(): void {
    rmSync(this.path, { recursive: true });
  }
}
