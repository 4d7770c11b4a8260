import type { TokenClaims } from './token-claims.js';

/**
 * The words that some claims hold together: each a text of words (RFC 6749 3.3) or a list of texts; anything else holds
 * none, which fails where one is needed.
 */
export function wordsOf(claims: TokenClaims, names: readonly string[]): readonly string[] {
  return [...new Set(names.flatMap((name) => wordsIn(claimAt(claims, name))))];
}

function wordsIn(value: unknown): readonly string[] {
  const words = typeof value === 'string' ? value.split(' ') : value;
  return Array.isArray(words) ? words.filter((word) => typeof word === 'string' && word !== '') : [];
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
