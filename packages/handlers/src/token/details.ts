import { quoted } from '@sallyport/core/extend';
import { nearestName } from './nearest-name.js';

const MAX_SHOWN = 8;

/** Some of several names, each quoted. */
export function listed(names: Iterable<string>): string {
  const all = [...names];
  const more = all.length > MAX_SHOWN ? ` and ${all.length - MAX_SHOWN} more` : '';
  return `${all.slice(0, MAX_SHOWN).map(quoted).join(', ')}${more}`;
}

/** What was expected of a name that may be one of several. */
export function oneOf(names: Iterable<string>): string {
  const all = [...names];
  return all.length === 1 ? listed(all) : `one of ${listed(all)}`;
}

/** What a member says, for operators: it is quoted, because nobody may have verified it. */
export function said(name: string, value: unknown): string {
  return value === undefined ? `${name} is missing` : `${name} is ${quoted(value)}`;
}

/** What a member says and what it should, with the name that it probably means. */
export function unlike(name: string, value: unknown, expected: readonly string[]): string {
  const texts = [value].flat().filter((each) => typeof each === 'string');
  const nearest = texts.map((text) => nearestName(text, expected)).find((each) => each !== undefined);
  const hint = nearest === undefined ? '' : ` (nearly ${quoted(nearest)}: look at slashes, case and http)`;
  return `${said(name, value)}, expected ${oneOf(expected)}${hint}`;
}

/** The type of a value that came as JSON. The value itself is left out: it may be anything. */
export function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'boolean') return 'true or false';
  if (typeof value === 'number') return Number.isFinite(value) ? 'a number' : 'a number beyond all limits';
  return typeof value === 'string' ? 'a text' : 'an object';
}
