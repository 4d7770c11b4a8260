import { wordsOfText } from '@sallyport/core/extend';
import { isAbsent } from './claim-text.js';
import type { TokenClaims } from './token-claims.js';

/**
 * The words that some claims hold together: each a text of words (RFC 6749 3.3) or a list of texts; anything else holds
 * none, which fails where one is needed.
 */
export function wordsOf(claims: TokenClaims, names: readonly string[]): readonly string[] {
  const values = names.map((name) => claimAt(claims, name)).filter((value) => !isAbsent(value));
  const [first] = values;
  if (values.length === 1 && typeof first === 'string') return wordsOfText(first);
  const words = values.flatMap(wordsIn).filter((word): word is string => typeof word === 'string' && word !== '');
  return words.length > FEW ? [...new Set(words)] : words.filter((word, index) => words.indexOf(word) === index);
}

/** Up to so many are compared faster than a set is made (bench: jwt). */
const FEW = 16;
const NONE: readonly never[] = [];

function wordsIn(value: unknown): readonly unknown[] {
  if (typeof value === 'string') return value.split(' ');
  return Array.isArray(value) ? value : NONE;
}

/**
 * The claim of this name, or else the member that the name leads to: `realm_access.roles` is `roles` in `realm_access`.
 * At each step the longest name that is there counts, so that a name that has dots itself stays reachable, such as
 * `https://example.com/roles` or `resource_access.my.api.roles`.
 */
export function claimAt(claims: TokenClaims, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path];
  for (let dot = path.lastIndexOf('.'); dot > 0; dot = path.lastIndexOf('.', dot - 1)) {
    const name = path.slice(0, dot);
    if (!Object.hasOwn(claims, name)) continue;
    const member = claims[name];
    const isObject = typeof member === 'object' && member !== null && !Array.isArray(member);
    return isObject ? claimAt(member as TokenClaims, path.slice(dot + 1)) : undefined;
  }
  return undefined;
}
