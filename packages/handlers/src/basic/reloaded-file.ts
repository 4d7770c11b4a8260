import { isUtf8 } from 'node:buffer';
import { readFileSync, statSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { ConfigurationError, invalid } from '@sallyport/core';
import { publishBasicEvent } from './basic-events.js';

/** User files are small; anything larger is a mistake. */
const MAX_BYTES = 16 * 1_024 * 1_024;

/** Reads the content out of a file's text. Throws a `ConfigurationError` that quotes nothing of the text. */
export type Parse<Content> = (text: string, path: string) => Content;

/**
 * A file that is parsed at once and again whenever it has changed. It may be replaced or rewritten at any time and is
 * looked at only when asked. As long as it cannot be used, the last good content stays.
 */
export class ReloadedFile<Content> {
  readonly #path: string;
  readonly #parse: Parse<Content>;
  #content: Content;
  #signature: string;
  /** File times are coarse: a content is final when the file looks the same at the look after. */
  #isFinal = false;
  #problem: string | undefined;

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID when the file cannot be used */
  constructor(path: string, parse: Parse<Content>) {
    this.#path = path;
    this.#parse = parse;
    try {
      this.#signature = signatureOf(statSync(path, { bigint: true }));
      this.#content = parse(textOf(readFileSync(path)), path);
    } catch (error) {
      throw unusable(path, error);
    }
  }

  get content(): Content {
    return this.#content;
  }

  /** Looks whether the file has changed; true when there is a new content. Never rejects: problems are published. */
  async refresh(): Promise<boolean> {
    try {
      const text = await this.#readIfChanged();
      if (text === undefined) return false;
      this.#content = this.#parse(text, this.#path);
      this.#problem = undefined;
      publishBasicEvent({ kind: 'user_file_reloaded', path: this.#path });
      return true;
    } catch (error) {
      this.#report(unusable(this.#path, error).message);
      return false;
    }
  }

  /** A file that changes while it is read is left for the next look. */
  async #readIfChanged(): Promise<string | undefined> {
    const signature = signatureOf(await stat(this.#path, { bigint: true }));
    if (signature === this.#signature && this.#isFinal) return undefined;
    this.#isFinal = signature === this.#signature;
    this.#signature = signature;
    const bytes = await readFile(this.#path);
    const after = signatureOf(await stat(this.#path, { bigint: true }));
    return after === signature ? textOf(bytes) : undefined;
  }

  /** The same problem is published once, not at every look. */
  #report(problem: string): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    publishBasicEvent({ kind: 'user_file_rejected', path: this.#path, problem });
  }
}

interface FileState {
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
}

function signatureOf({ ino, size, mtimeNs }: FileState): string {
  if (size > MAX_BYTES) throw new RangeError(`is larger than ${MAX_BYTES} bytes`);
  return `${ino} ${size} ${mtimeNs}`;
}

function textOf(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw new RangeError('is not UTF-8');
  return bytes.toString();
}

/** Of errors of the file system only the code is kept. */
function unusable(path: string, error: unknown): ConfigurationError {
  if (error instanceof ConfigurationError) return error;
  if (error instanceof RangeError) return invalid(path, error.message);
  return invalid(path, `cannot be read (${(error as { code?: unknown }).code})`);
}
