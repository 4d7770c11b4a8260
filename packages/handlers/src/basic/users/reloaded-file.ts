import { isUtf8 } from 'node:buffer';
import { hash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { ConfigurationError, UpstreamError } from '@sallyport/core';
import { type Clock, option } from '@sallyport/core/extend';
import { publishUserFileEvent } from './user-file-events.js';

/** User files are small; anything larger is a mistake. */
const MAX_BYTES = 16 * 1_024 * 1_024;

export interface ReloadedFileOptions<Content> {
  readonly path: string;
  /** Reads the content out of the file's text. Throws a `ConfigurationError` that quotes nothing of the text. */
  readonly parse: (text: string, path: string) => Content;
  /** How long the content of before serves while a changed file makes no sense, in milliseconds. */
  readonly maxStaleMs: number;
}

/**
 * A file that is parsed at once and again whenever it has changed; it is looked at only when asked. A file that cannot
 * be read has no content. One that can be read but makes no sense may be half-written: the content of before serves
 * for a while.
 */
export class ReloadedFile<Content> {
  readonly #options: ReloadedFileOptions<Content>;
  readonly #clock: Clock;
  #content: Content;
  /** Undefined after a look that failed: the next one reads, whatever the file looks like. */
  #signature: string | undefined;
  /** Of what was parsed last, usable or not; undefined after a look that read nothing. */
  #digest: string | undefined;
  /** File times are coarse: a content is final when the file looks the same at the look after. */
  #isFinal = false;
  #isReadable = true;
  #unfitSinceMs: number | undefined;
  #problem: string | undefined;

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID when the file cannot be used */
  constructor(options: ReloadedFileOptions<Content>, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
    const { path, parse } = options;
    try {
      this.#signature = signatureOf(statSync(path, { bigint: true }));
      const bytes = readFileSync(path);
      this.#digest = digestOf(bytes);
      this.#content = parse(textOf(bytes), path);
    } catch (error) {
      throw unusable(path, error);
    }
  }

  /** @throws {UpstreamError} while nobody knows what the file says: 503 */
  get content(): Content {
    if (!this.#isReadable) {
      throw new UpstreamError('ERR_SALLYPORT_UPSTREAM_UNREACHABLE', 'A user file cannot be read');
    }
    if (this.#clock.monotonic() >= (this.#unfitSinceMs ?? Number.POSITIVE_INFINITY) + this.#options.maxStaleMs) {
      throw new UpstreamError('ERR_SALLYPORT_UPSTREAM_BODY', 'A user file makes no sense');
    }
    return this.#content;
  }

  /** Looks whether the file has changed. Never rejects: problems are published. */
  async refresh(): Promise<void> {
    const { path, parse } = this.#options;
    try {
      const bytes = await this.#readIfChanged();
      this.#isReadable = true;
      if (bytes === undefined) return;
      this.#content = parse(textOf(bytes), path);
      this.#unfitSinceMs = undefined;
      this.#problem = undefined;
      publishUserFileEvent({ kind: 'user_file_reloaded', path });
    } catch (error) {
      this.#isReadable = isUnfit(error);
      if (this.#isReadable) this.#unfitSinceMs ??= this.#clock.monotonic();
      if (this.#signature === undefined) this.#digest = undefined;
      this.#report(unusable(path, error).message);
    }
  }

  /** What the file holds, when that is something else than before. Changed while it is read, it waits for the next look. */
  async #readIfChanged(): Promise<Buffer | undefined> {
    const { path } = this.#options;
    const before = this.#signature;
    this.#signature = undefined;
    const signature = signatureOf(await stat(path, { bigint: true }));
    const isSame = signature === before;
    if (!isSame || !this.#isFinal) {
      const bytes = await readFile(path);
      if (signatureOf(await stat(path, { bigint: true })) !== signature) return undefined;
      this.#isFinal = isSame;
      this.#signature = signature;
      const digest = digestOf(bytes);
      if (digest === this.#digest) return undefined;
      this.#digest = digest;
      return bytes;
    }
    this.#signature = signature;
    return undefined;
  }

  /** The same problem is published once, not at every look. */
  #report(problem: string): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    publishUserFileEvent({ kind: 'user_file_rejected', path: this.#options.path, problem });
  }
}

interface FileState {
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  isFile(): boolean;
}

/** Reading a pipe or a device might never end, so these are refused. `ctime` changes even where `mtime` is set back. */
function signatureOf(state: FileState): string {
  if (!state.isFile()) throw new RangeError('is not a regular file');
  if (state.size > MAX_BYTES) throw new RangeError(`is larger than ${MAX_BYTES} bytes`);
  return `${state.ino} ${state.size} ${state.mtimeNs} ${state.ctimeNs}`;
}

function digestOf(bytes: Buffer): string {
  return hash('sha256', bytes, 'base64url');
}

function textOf(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw new RangeError('is not UTF-8');
  return bytes.toString();
}

/** True for what the file says or is, false for what the file system says about it. */
function isUnfit(error: unknown): boolean {
  return error instanceof ConfigurationError || error instanceof RangeError;
}

/** Of errors of the file system only the code is kept. */
function unusable(path: string, error: unknown): ConfigurationError {
  if (error instanceof ConfigurationError) return error;
  if (error instanceof RangeError) return option.invalid(path, error.message);
  return option.invalid(path, `cannot be read (${(error as { code?: unknown }).code})`);
}
