import { option } from '@sallyport/core/extend';
import type { ParsedFile, SkippedLine } from '../../files/reloaded-file.js';
import { hasControlCharacter, MAX_USER_NAME_BYTES, normalForm } from '../passwords/basic-text.js';
import { readHash } from '../passwords/password-hash.js';
import type { LegacyHash } from '../passwords/password-hash-format.js';

/**
 * Parses a password file as Apache's htpasswd writes it, with one `user:hash` a line. Further fields are ignored. Empty
 * lines and comments (`#`) are passed over. Hashes are bcrypt (`htpasswd -B`) or PHC strings, and the legacy hashes that
 * an option allows. A line that cannot be read costs its own user alone. As in Apache, the first line of a user counts.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID where no line can be read; names the first, quotes nothing
 */
export function parseHtpasswd(
  text: string,
  path: string,
  legacy: readonly LegacyHash[] = [],
): ParsedFile<ReadonlyMap<string, string>> {
  const hashes = new Map<string, string>();
  const named = new Set<string>();
  const skipped: SkippedLine[] = [];
  for (const [line, content] of linesOf(text)) {
    const [written = '', field] = content.split(':', 2);
    const name = normalForm(written);
    const hash = field?.trimEnd();
    const problem = problemOf(written, hash, legacy) ?? (named.has(name) ? SECOND_TIME : undefined);
    named.add(name);
    if (problem === undefined) hashes.set(name, hash as string);
    else skipped.push({ line, problem });
  }
  return usable({ content: hashes, skipped }, path, hashes.size);
}

const SECOND_TIME = 'names a user for the second time';

function problemOf(name: string, hash: string | undefined, legacy: readonly LegacyHash[]): string | undefined {
  if (hash === undefined) return 'has no colon';
  if (!isUserName(name)) return 'has a user name that no account can have';
  return readHash(hash, legacy) === undefined ? 'has no hash that is read here' : undefined;
}

/**
 * Parses a group file as Apache's AuthGroupFile reads it, with one `group: user user …` a line. The groups of a user
 * are the user's roles. A group may stand on several lines. A line that cannot be read gives nobody a role.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID where no line can be read; names the first, quotes nothing
 */
export function parseGroups(text: string, path: string): ParsedFile<ReadonlyMap<string, readonly string[]>> {
  const roles = new Map<string, string[]>();
  const skipped: SkippedLine[] = [];
  let read = 0;
  for (const [line, content] of linesOf(text)) {
    const colon = content.indexOf(':');
    const group = content.slice(0, colon).trim();
    if (colon === -1 || group === '') {
      skipped.push({ line, problem: 'names no group before a colon' });
      continue;
    }
    read += 1;
    for (const name of content.slice(colon + 1).split(/[ \t]+/)) {
      if (name !== '') append(roles, normalForm(name), group);
    }
  }
  return usable({ content: roles, skipped }, path, read);
}

/** A file of which no line can be read is another kind of file. */
function usable<Content>(parsed: ParsedFile<Content>, path: string, linesRead: number): ParsedFile<Content> {
  const [first] = parsed.skipped;
  if (first !== undefined && linesRead === 0) throw option.invalid(path, `line ${first.line} ${first.problem}`);
  return parsed;
}

/** The lines that are neither empty nor comments, with their numbers. Editors put a byte order mark before the first. */
function linesOf(text: string): readonly (readonly [number: number, line: string])[] {
  return text
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .map((line, index) => [index + 1, line] as const)
    .filter(([, line]) => line.trim() !== '' && !line.trimStart().startsWith('#'));
}

function isUserName(name: string): boolean {
  const bytes = Buffer.from(name);
  return bytes.length > 0 && bytes.length <= MAX_USER_NAME_BYTES && !hasControlCharacter(bytes);
}

function append(lists: Map<string, string[]>, key: string, value: string): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else if (!list.includes(value)) list.push(value);
}
