import { hash } from 'node:crypto';
import type { ConfigurationError } from '../errors/errors.js';
import { invalid } from './options.js';

/**
 * Digests the options that change a handler's answers, for the namespace of a cache. Equal configurations give equal
 * digests in every process; the order of keys does not matter. Takes JSON values, `undefined` and URLs. Leave secrets
 * out: they change no answer.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID for functions and class instances: give a name for them
 *   instead
 */
export function configurationDigest(configuration: unknown): string {
  return hash('sha256', JSON.stringify(canonical(configuration, 'configuration')) ?? '', 'base64url');
}

function canonical(value: unknown, name: string): unknown {
  if (value instanceof URL) return value.href;
  if (Array.isArray(value)) return value.map((item, index) => canonical(item, `${name}[${index}]`));
  if (typeof value === 'number' && !Number.isFinite(value)) throw undigestible(name);
  if (typeof value === 'function' || typeof value === 'symbol' || typeof value === 'bigint') throw undigestible(name);
  if (typeof value !== 'object' || value === null) return value;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) throw undigestible(name);
  const members = Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(members.map(([key, member]) => [key, canonical(member, `${name}.${key}`)]));
}

function undigestible(name: string): ConfigurationError {
  return invalid(name, 'must be JSON to be digested; name what it does instead');
}
