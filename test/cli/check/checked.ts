import { execFile } from 'node:child_process';
import { join } from 'node:path';

const BIN = join(__dirname, '../../../packages/cli/dist/main/bin.js');
/** Where the documents and the applications are. */
export const APPLICATIONS = join(__dirname, 'applications');

export interface Checked {
  readonly code: number;
  readonly stdout: string;
  /** What stands on stderr, without what is said where a machine is slow. */
  readonly problems: string;
}

/** Runs `sallyport check` in a process of its own, in the folder of the applications. */
export function checked(...args: readonly string[]): Promise<Checked> {
  return new Promise((resolve) => {
    const options = { cwd: APPLICATIONS, env: { ...process.env, NODE_OPTIONS: '' } };
    execFile(process.execPath, [BIN, 'check', ...args], options, (error, stdout, stderr) => {
      resolve({
        code: error === null ? 0 : Number(error.code),
        stdout,
        problems: stderr.replace(/^(?:loading|reading) .*\n/gm, ''),
      });
    });
  });
}

/** What `--format json` tells of a finding. */
export interface ToldFinding {
  readonly rule: string;
  readonly level: string;
  readonly message: string;
  readonly file: string;
  readonly pointer: string;
  readonly line: number;
  readonly column: number;
}
