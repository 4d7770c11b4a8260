import { memberPath, option, quoted } from '@sallyport/core/extend';
import { said } from '../token/details.js';
import type { TokenClaims } from '../token/token-claims.js';

/** What a claim must be: exactly this value, or what a function says. A claim that is missing is `undefined`. */
export type ClaimRule = string | number | boolean | ((value: unknown, claims: TokenClaims) => boolean);

/** Rules by the name of their claim. */
export type ClaimRules = Readonly<Record<string, ClaimRule>>;

/** A rule as it is checked. */
export interface ClaimCheck {
  readonly name: string;
  readonly holds: (value: unknown, claims: TokenClaims) => boolean;
  /** What a refused value is like, for operators. What a function judges is left out: it may be a secret. */
  readonly problem: (value: unknown) => string;
}

const RULE: option.Schema = { anyOf: [{ type: 'string' }, { type: 'number' }, { type: 'boolean' }] };

/** The option check of claim rules. Refuses regular expressions: they can backtrack, and keep state in `lastIndex`. */
export const claimRules = option.withSchema<readonly ClaimCheck[], ClaimRules>(
  { type: 'object', additionalProperties: RULE },
  (value, name) => {
    if (typeof value !== 'object' || value === null) throw option.invalid(name, 'must be an object');
    return Object.entries(value).map(([claim, rule], index): ClaimCheck => {
      if (typeof rule === 'function')
        return { name: claim, holds: rule, problem: () => `the rule of ${claim} says no` };
      if (!['string', 'number', 'boolean'].includes(typeof rule)) {
        throw option.invalid(memberPath(name, claim, index), 'must be a text, a number, a boolean or a function');
      }
      const problem = (actual: unknown) => `${said(claim, actual)}, expected ${quoted(rule)}`;
      return { name: claim, holds: (actual) => actual === rule, problem };
    });
  },
);

/**
 * What the first claim that breaks its rule is like, and what it should be; `undefined` where all rules hold.
 * @throws {TypeError} when a function does not answer with true or false: an unawaited promise would let everybody in
 */
export function brokenRule(checks: readonly ClaimCheck[], claims: TokenClaims): string | undefined {
  const broken = checks.find(({ name, holds }) => {
    const answer: unknown = holds(claims[name], claims);
    if (answer instanceof Promise) answer.catch(() => {});
    if (typeof answer !== 'boolean') throw new TypeError('a claim rule returns true or false');
    return !answer;
  });
  return broken?.problem(claims[broken.name]);
}
