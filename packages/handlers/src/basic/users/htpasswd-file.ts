import { option } from '@sallyport/core/extend';
import { hasControlCharacter, MAX_USER_NAME_BYTES, normalForm } from '../passwords/basic-text.js';
import { readHash } from '../passwords/password-hash.js';

/**
 * Parses a password file as Apache's htpasswd writes it, with one `user:hash` a line. Further fields are ignored. Empty
 * lines and lines that begin with `#` are skipped. Hashes are bcrypt (`htpasswd -B`) or PHC strings.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID; names the line, quotes nothing of it
 */
export function parseHtpasswd(text: string, path: string): ReadonlyMap<string, string> {
  const hashes = new Map<string, string>();
  for (const [number, line] of linesOf(text)) {
    const [name = '', hash] = line.split(':', 2);
    if (hash === undefined) throw unfit(path, number, 'has no colon');
    if (!isUserName(name)) throw unfit(path, number, 'has a user name that no login can present');
    if (readHash(hash) === undefined) throw unfit(path, number, 'has no bcrypt, argon2id or scrypt hash');
    if (hashes.has(normalForm(name))) throw unfit(path, number, 'names a user for the second time');
    hashes.set(normalForm(name), hash);
  }
  return hashes;
}

/**
 * Parses a group file as Apache's AuthGroupFile reads it, with one `group: user user …` a line. The groups of a user
 * are the user's roles. A group may stand on several lines.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID; names the line, quotes nothing of it
 */
export function parseGroups(text: string, path: string): ReadonlyMap<string, readonly string[]> {
  const roles = new Map<string, string[]>();
  for (const [number, line] of linesOf(text)) {
    const colon = line.indexOf(':');
    const group = line.slice(0, colon).trim();
    if (colon === -1 || group === '') throw unfit(path, number, 'names no group before a colon');
    for (const name of line.slice(colon + 1).split(/[ \t]+/)) {
      if (name !== '') append(roles, normalForm(name), group);
    }
  }
  return roles;
}

/** The lines that are neither empty nor comments, with their numbers. */
function linesOf(text: string): readonly (readonly [number: number, line: string])[] {
  return text
    .split(/\r?\n/)
    .map((line, index) => [index + 1, line] as const)
    .filter(([, line]) => line.trim() !== '' && !line.startsWith('#'));
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

function unfit(path: string, line: number, problem: string) {
  return option.invalid(path, `line ${line} ${problem}`);
}
