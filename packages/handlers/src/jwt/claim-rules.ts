import { memberPath, option } from '@sallyport/core/extend';
import type { TokenClaims } from '../token/token-claims.js';

/** What a claim must be: exactly this value, or what a function says. A claim that is missing is `undefined`. */
export type ClaimRule = string | number | boolean | ((value: unknown, claims: TokenClaims) => boolean);

/** Rules by the name of their claim. */
export type ClaimRules = Readonly<Record<string, ClaimRule>>;

type ClaimCheck = readonly [name: string, holds: (value: unknown, claims: TokenClaims) => boolean];

const RULE: option.Schema = { anyOf: [{ type: 'string' }, { type: 'number' }, { type: 'boolean' }] };

/** The option check of claim rules. Refuses regular expressions: they can backtrack, and keep state in `lastIndex`. */
export const claimRules = option.withSchema<readonly ClaimCheck[], ClaimRules>(
  { type: 'object', additionalProperties: RULE },
  (value, name) => {
    if (typeof value !== 'object' || value === null) throw option.invalid(name, 'must be an object');
    return Object.entries(value).map(([claim, rule], index): ClaimCheck => {
      if (typeof rule === 'function') return [claim, rule];
      if (!['string', 'number', 'boolean'].includes(typeof rule)) {
        throw option.invalid(memberPath(name, claim, index), 'must be a text, a number, a boolean or a function');
      }
      return [claim, (actual) => actual === rule];
    });
  },
);

/**
 * Whether all rules hold.
 * @throws {TypeError} when a function does not answer with true or false: an unawaited promise would let everybody in
 */
export function claimsKeep(checks: readonly ClaimCheck[], claims: TokenClaims): boolean {
  return checks.every(([name, holds]) => {
    const answer: unknown = holds(claims[name], claims);
    if (answer instanceof Promise) answer.catch(() => {});
    if (typeof answer !== 'boolean') throw new TypeError('a claim rule returns true or false');
    return answer;
  });
}
