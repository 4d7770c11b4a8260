import { isUtf8 } from 'node:buffer';
import { hash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { ConfigurationError, UpstreamError } from '@sallyport/core';
import { type Clock, option } from '@sallyport/core/extend';

/** The files of a configuration are small. A larger file is a mistake. */
const MAX_BYTES = 16 * 1_024 * 1_024;
/** How many skipped lines one event names. */
const MOST_TOLD = 100;

/** A file cannot be used. The message names the file and the problem, and quotes nothing of it. */
export class FileUnusable extends UpstreamError {}

/** A line that cannot be read. `problem` quotes nothing of it. */
export interface SkippedLine {
  readonly line: number;
  readonly problem: string;
}

/** The content of a file, and the lines that are not part of it. */
export interface ParsedFile<Content> {
  readonly content: Content;
  readonly skipped: readonly SkippedLine[];
}

export interface ReloadedFileOptions<Content> {
  readonly path: string;
  /** Parses the text of the file. Throws a `ConfigurationError` that quotes nothing of the text. */
  readonly parse: (text: string, path: string) => ParsedFile<Content>;
  /** How long the last good content stays in use while a changed file cannot be parsed, in milliseconds. */
  readonly maxStaleMs: number;
  /** Whether the file may be made later: until then it cannot be read. */
  readonly mayBeAbsent?: boolean;
  /** Tells the operator. */
  readonly reports: FileReports;
}

/** What happens to a file that is read again and again. */
export interface FileReports {
  /** It has changed and is in use. */
  reloaded(path: string): void;
  /** Lines of it cannot be read: some of them, and how many there are. */
  skipped(path: string, lines: readonly SkippedLine[], count: number): void;
  /** It cannot be used. `problem` quotes nothing of it. */
  rejected(path: string, problem: string): void;
}

/**
 * A file that is parsed at once, and again after each change. `refresh` looks for a change: there is no watcher. While
 * the file cannot be read, there is no content. A file that can be read but not parsed may be half-written, so the last
 * good content stays in use for `maxStaleMs`.
 */
export class ReloadedFile<Content> {
  readonly #options: ReloadedFileOptions<Content>;
  readonly #clock: Clock;
  #content: Content | undefined;
  /** Undefined after a look that failed. The next look then reads the file in any case. */
  #signature: string | undefined;
  /**
   * The digest of the bytes that were parsed last, usable or not. Undefined after a look that could not read the file.
   */
  #digest: string | undefined;
  /**
   * True when the file was read twice with the same signature. File times are coarse: a write right after the first
   * reading may leave the signature as it was.
   */
  #isFinal = false;
  #isReadable = true;
  #unfitSinceMs: number | undefined;
  #problem: string | undefined;
  #toldSkipped = '';

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID when the file cannot be used */
  constructor(options: ReloadedFileOptions<Content>, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
    const { path, parse } = options;
    try {
      this.#signature = signatureOf(statSync(path, { bigint: true }));
      const bytes = readFileSync(path);
      this.#digest = digestOf(bytes);
      this.#content = this.#read(parse(textOf(bytes), path));
    } catch (error) {
      if (options.mayBeAbsent !== true || (error as { code?: unknown }).code !== 'ENOENT') throw unusable(path, error);
      this.#isReadable = false;
    }
  }

  /** @throws {FileUnusable} 503 while the file cannot be read, or once it could not be parsed for `maxStaleMs` */
  get content(): Content {
    if (!this.#isReadable) {
      throw new FileUnusable(
        'ERR_SALLYPORT_UPSTREAM_UNREACHABLE',
        this.#problem ?? `${this.#options.path} is not there`,
      );
    }
    if (this.#clock.monotonic() >= (this.#unfitSinceMs ?? Number.POSITIVE_INFINITY) + this.#options.maxStaleMs) {
      throw new FileUnusable('ERR_SALLYPORT_UPSTREAM_BODY', String(this.#problem));
    }
    return this.#content as Content;
  }

  /** Looks whether the file has changed. Never rejects: problems are published. */
  async refresh(): Promise<void> {
    const { path, parse, reports } = this.#options;
    try {
      const bytes = await this.#readIfChanged();
      this.#isReadable = true;
      if (bytes === undefined) return;
      const parsed = parse(textOf(bytes), path);
      this.#unfitSinceMs = undefined;
      this.#problem = undefined;
      reports.reloaded(path);
      this.#content = this.#read(parsed);
    } catch (error) {
      this.#isReadable = isUnfit(error);
      if (this.#isReadable) this.#unfitSinceMs ??= this.#clock.monotonic();
      if (this.#signature === undefined) this.#digest = undefined;
      this.#report(unusable(path, error).message);
    }
  }

  /**
   * The bytes of the file, if they differ from those before. A file that changes while it is read is left to the next
   * look.
   */
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

  /** Tells which lines are skipped, again only if these are others. */
  #read({ content, skipped }: ParsedFile<Content>): Content {
    const told = JSON.stringify(skipped);
    const [first] = skipped;
    if (first !== undefined && told !== this.#toldSkipped) {
      const { path, reports } = this.#options;
      const others = skipped.length === 1 ? '' : `, and ${skipped.length - 1} more`;
      process.emitWarning(`${path} line ${first.line} ${first.problem}: it is skipped${others}`, 'SallyportWarning');
      reports.skipped(path, skipped.slice(0, MOST_TOLD), skipped.length);
    }
    this.#toldSkipped = told;
    return content;
  }

  /** The same problem is published once, not at every look. */
  #report(problem: string): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    this.#options.reports.rejected(this.#options.path, problem);
  }
}

interface FileState {
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  isFile(): boolean;
}

/** Reading a pipe or a device might never end, so these are refused. `ctime` changes even when `mtime` is set back. */
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

/** True when the file itself is at fault. False when the file system could not read it. */
function isUnfit(error: unknown): boolean {
  return error instanceof ConfigurationError || error instanceof RangeError;
}

/** Keeps only the code of a file system error. */
function unusable(path: string, error: unknown): ConfigurationError {
  if (error instanceof ConfigurationError) return error;
  if (error instanceof RangeError) return option.invalid(path, error.message);
  return option.invalid(path, `cannot be read (${(error as { code?: unknown }).code})`);
}
