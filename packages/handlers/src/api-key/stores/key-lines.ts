import { option } from '@sallyport/core/extend';
import type { ParsedFile, SkippedLine } from '../../files/reloaded-file.js';
import { type ApiKeyRecord, checkedRecord } from './api-key-record.js';

const REPEATED = 'has the key of another line, which counts';

/** The lines of a file of keys: one record in JSON each. Empty lines and comments (`#`) are passed over. */
export class KeyLines {
  readonly #lines: string[];

  constructor(text: string) {
    this.#lines = text.replace(/^\ufeff/, '').split(/\r?\n/);
    if (this.#lines.at(-1) === '') this.#lines.pop();
  }

  toString(): string {
    return this.#lines.map((line) => `${line}\n`).join('');
  }

  /** The record of this id that counts. */
  find(id: string): ApiKeyRecord | undefined {
    const found = this.#placesOf(id).map((at) => recordIn(this.#lines[at] as string) as ApiKeyRecord);
    return found.length === 0 ? undefined : found.reduce((one, other) => (outranks(other, one) ? other : one));
  }

  add(record: ApiKeyRecord): void {
    this.#lines.push(JSON.stringify(record));
  }

  /** Its first line gets the record. No other line of this id stays: it could count later. */
  replace(record: ApiKeyRecord): void {
    const [first, ...others] = this.#placesOf(record.id);
    if (first !== undefined) this.#lines[first] = JSON.stringify(record);
    this.#drop(others);
  }

  /** Drops every line of this id, so that none comes back. */
  remove(id: string): void {
    this.#drop(this.#placesOf(id));
  }

  *[Symbol.iterator](): Iterator<readonly [number: number, line: string]> {
    for (const [index, line] of this.#lines.entries()) if (isContent(line)) yield [index + 1, line];
  }

  #placesOf(id: string): readonly number[] {
    return [...this].filter(([, line]) => recordIn(line)?.id === id).map(([number]) => number - 1);
  }

  #drop(places: readonly number[]): void {
    for (const at of places.toReversed()) this.#lines.splice(at, 1);
  }
}

/**
 * Parses a file of keys. A line that cannot be read costs its own key alone. Of several lines with one id, one counts: a revoked
 * one before all others, then the one with the highest revision, then the first. The others are told as skipped.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID where no line can be read; names the first, quotes nothing
 */
export function parseKeyLines(text: string, path: string): ParsedFile<ReadonlyMap<string, ApiKeyRecord>> {
  const kept = new Map<string, { readonly line: number; readonly record: ApiKeyRecord }>();
  const skipped: SkippedLine[] = [];
  for (const [line, content] of new KeyLines(text)) {
    const record = recordIn(content);
    if (record === undefined) {
      skipped.push({ line, problem: 'is no record of a key' });
      continue;
    }
    const earlier = kept.get(record.id);
    const counts = earlier === undefined || outranks(record, earlier.record);
    if (earlier !== undefined) skipped.push({ line: counts ? earlier.line : line, problem: REPEATED });
    if (counts) kept.set(record.id, { line, record });
  }
  const [first] = skipped;
  if (first !== undefined && kept.size === 0) throw option.invalid(path, `line ${first.line} ${first.problem}`);
  skipped.sort((one, other) => one.line - other.line);
  return { content: new Map(Array.from(kept, ([id, { record }]) => [id, record])), skipped };
}

/** An older line that a merge or a copy left in the file must not revive a key. */
function outranks(later: ApiKeyRecord, earlier: ApiKeyRecord): boolean {
  const isRevoked = later.revokedAt !== undefined;
  if (isRevoked !== (earlier.revokedAt !== undefined)) return isRevoked;
  return later.revision > earlier.revision;
}

function isContent(line: string): boolean {
  return line.trim() !== '' && !line.trimStart().startsWith('#');
}

function recordIn(line: string): ApiKeyRecord | undefined {
  try {
    return checkedRecord(JSON.parse(line));
  } catch {
    return undefined;
  }
}
