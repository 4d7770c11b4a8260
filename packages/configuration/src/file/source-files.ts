import { hash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { option } from '@sallyport/core/extend';

/** Configurations, contracts and secrets are small. A larger file is a mistake. */
const MOST_BYTES = 16 * 1_024 * 1_024;
const MOST_SECRET_BYTES = 64 * 1_024;

type Subject = readonly [name: string, relation?: string];

/** What a file held, as a digest; or why it could not be read. */
export type FileState = string;

/**
 * Reads the files of one configuration and remembers what was read. A file is a regular one of limited size, in UTF-8
 * with or without a byte order mark. Another encoding is refused: decoded as UTF-8 it would keep its ASCII characters
 * but change passwords that have others.
 */
export class SourceFiles {
  readonly #states = new Map<string, FileState>();

  /** Every path that was read or looked for, with what was there. */
  get states(): ReadonlyMap<string, FileState> {
    return this.#states;
  }

  /**
   * @param subject what an error is about: the option that names the file, and how; or the file itself
   * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID with the system's error code
   */
  async text(path: string, ...subject: Subject): Promise<string> {
    try {
      checkKind(await stat(path), MOST_BYTES);
      return this.#read(path, await readFile(path));
    } catch (error) {
      throw this.#unusable(path, subject, error);
    }
  }

  /** The same for a secret: synchronously, because it is short. */
  secret(path: string, ...subject: Subject): string {
    try {
      checkKind(statSync(path), MOST_SECRET_BYTES);
      return this.#read(path, readFileSync(path));
    } catch (error) {
      throw this.#unusable(path, subject, error);
    }
  }

  #read(path: string, bytes: Buffer): string {
    this.#states.set(path, stateOf(bytes));
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  }

  #unusable(path: string, [name, relation = '']: Subject, error: unknown): Error {
    if (!this.#states.has(path)) this.#states.set(path, problemOf(error));
    return option.invalid(name, relation + problemOf(error));
  }
}

/** Looks at files again. A file that cannot be read has a state as well. */
export async function statesOf(paths: readonly string[]): Promise<ReadonlyMap<string, FileState>> {
  const states = paths.map(async (path): Promise<[string, FileState]> => {
    try {
      checkKind(await stat(path), MOST_BYTES);
      return [path, stateOf(await readFile(path))];
    } catch (error) {
      return [path, problemOf(error)];
    }
  });
  return new Map(await Promise.all(states));
}

/** Reading a pipe or a device might never end, so these are refused. */
function checkKind(state: { isFile(): boolean; readonly size: number }, mostBytes: number): void {
  if (!state.isFile()) throw new RangeError('is not a regular file');
  if (state.size > mostBytes) throw new RangeError(`is larger than ${mostBytes} bytes`);
}

function stateOf(bytes: Buffer): FileState {
  return hash('sha256', bytes, 'base64url');
}

/** Keeps only the code of a file system error. */
function problemOf(error: unknown): string {
  if (error instanceof RangeError) return error.message;
  const { code = 'unknown error' } = error as NodeJS.ErrnoException;
  return code === 'ERR_ENCODING_INVALID_ENCODED_DATA' ? 'is no UTF-8' : `cannot be read (${code})`;
}

export type States = ReadonlyMap<string, FileState>;

export function areEqual(some: States, others: States): boolean {
  return some.size === others.size && [...some].every(([path, state]) => others.get(path) === state);
}
