import { MisuseError } from '../errors/errors.js';
import { BareRecord } from './bare-record.js';
import { interned } from './interned.js';

/** Honest tokens do not nest deeper. The limit keeps hostile ones from exhausting the stack. */
const MAX_DEPTH = 32;

/** Claims that have the same value in most tokens of an issuer. */
const COMMON: ReadonlySet<string> = new Set(['iss', 'aud', 'azp', 'client_id', 'scope', 'token_type', 'acr']);

/** `undefined` is accepted: JSON leaves such a member out. */
const SCALARS: readonly string[] = ['string', 'number', 'boolean', 'undefined'];

/**
 * Copies JSON-like claims into frozen objects that inherit nothing. A claim called `__proto__` or `constructor` is
 * ordinary data, and a claim that was not sent reads as `undefined`. Claims that are such objects already are taken as
 * they are.
 * @throws {TypeError} for values that are not JSON, such as functions, bigints and dates, and for nesting deeper than
 *   32 levels
 */
export function freezeClaims<Claims extends object>(claims: Claims): Readonly<Claims> {
  return copy(claims, 0) as Readonly<Claims>;
}

/** One copy of a claim's text for all principals, if the claim says the same in most tokens of an issuer. */
export function sharedText(name: string, text: string): string {
  return COMMON.has(name) ? interned(text) : text;
}

function copy(value: unknown, depth: number): unknown {
  if (depth > MAX_DEPTH) throw new MisuseError(`claims are nested deeper than ${MAX_DEPTH} levels`);
  if (Array.isArray(value)) return Object.freeze(value.map((item) => copy(item, depth + 1)));
  if (isRecord(value)) return depth === 0 && isBare(value) ? value : copyMembers(value, depth);
  if (!SCALARS.includes(typeof value) && value !== null) throw new MisuseError('claims are JSON values');
  return value;
}

/** Whether it is as `copy` would make it. By `in`, which makes no list of names (bench: jwt). */
function isBare(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return value === null || SCALARS.includes(typeof value);
  if (!Object.isFrozen(value)) return false;
  if (Array.isArray(value)) return value.every(isBare);
  if (!BareRecord.is(value)) return false;
  for (const name in value) if (!isBare((value as Record<string, unknown>)[name])) return false;
  return true;
}

/** False for dates, maps and buffers: a copy of their members would lose their content. */
function isRecord(value: unknown): value is object {
  return Object.prototype.toString.call(value) === '[object Object]';
}

function copyMembers(source: object, depth: number): object {
  const values = Object.entries(source).map(([name, member]) =>
    typeof member === 'string' ? sharedText(name, member) : copy(member, depth + 1),
  );
  return BareRecord.of(Object.keys(source), values);
}
