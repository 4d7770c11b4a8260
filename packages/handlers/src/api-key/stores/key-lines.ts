import { option } from '@sallyport/core/extend';
import type { ParsedFile, SkippedLine } from '../../files/reloaded-file.js';
import { type ApiKeyRecord, checkedRecord } from './api-key-record.js';

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

  /** The record of this id, and the number of its line. The first counts. */
  find(id: string): { readonly at: number; readonly record: ApiKeyRecord } | undefined {
    for (const [at, line] of this.#lines.entries()) {
      const record = isContent(line) ? recordIn(line) : undefined;
      if (record?.id === id) return { at, record };
    }
    return undefined;
  }

  add(record: ApiKeyRecord): void {
    this.#lines.push(JSON.stringify(record));
  }

  replace(at: number, record: ApiKeyRecord): void {
    this.#lines[at] = JSON.stringify(record);
  }

  remove(at: number): void {
    this.#lines.splice(at, 1);
  }

  *[Symbol.iterator](): Iterator<readonly [number: number, line: string]> {
    for (const [index, line] of this.#lines.entries()) if (isContent(line)) yield [index + 1, line];
  }
}

/**
 * Parses a file of keys. A line that cannot be read costs its own key alone.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID where no line can be read; names the first, quotes nothing
 */
export function parseKeyLines(text: string, path: string): ParsedFile<ReadonlyMap<string, ApiKeyRecord>> {
  const records = new Map<string, ApiKeyRecord>();
  const skipped: SkippedLine[] = [];
  for (const [line, content] of new KeyLines(text)) {
    const record = recordIn(content);
    if (record === undefined) skipped.push({ line, problem: 'is no record of a key' });
    else if (records.has(record.id)) skipped.push({ line, problem: 'has a key for the second time' });
    else records.set(record.id, record);
  }
  const [first] = skipped;
  if (first !== undefined && records.size === 0) throw option.invalid(path, `line ${first.line} ${first.problem}`);
  return { content: records, skipped };
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
