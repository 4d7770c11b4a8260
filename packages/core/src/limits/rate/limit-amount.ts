import * as option from '../../options/options.js';
import { ownMember } from '../../options/own-members.js';
import type { Principal } from '../../principal/principal.js';

const whole = option.wholeBetween(1, 1_000_000_000);

export const LIMIT_BY_CLAIM = option.table('LimitByClaim', {
  /** The claim of the principal that names one of `values`, such as `plan`. */
  claim: option.text,
  /** How much one key may use in a window, by the text of the claim. */
  values: option.namedValues(whole),
  /** The same for callers whose claim is another one, or who have none. */
  otherwise: whole,
});

/** How much callers may use, by a claim of theirs. */
export interface LimitByClaim extends option.Given<typeof LIMIT_BY_CLAIM> {}

/** How much may be used, compiled. */
export interface LimitAmount {
  /** By the name of the amount, which is empty for that of all others. */
  readonly named: ReadonlyMap<string, number>;
  /** Whether it can be told before anybody is authenticated. */
  readonly isEarly: boolean;
  /** The name of the amount that a caller may use. */
  nameFor(principal: Principal): string;
}

const ONE_OF_ALL = '';

/** The option `limit` of rate limits. */
export const limitAmount: option.Check<LimitAmount, number | LimitByClaim> = option.withSchema(
  { anyOf: [whole.schema as option.Schema, LIMIT_BY_CLAIM.schema] },
  (value, name) =>
    typeof value === 'object' && value !== null ? byClaim(LIMIT_BY_CLAIM(value, name)) : alone(whole(value, name)),
);

function alone(amount: number): LimitAmount {
  return { named: new Map([[ONE_OF_ALL, amount]]), isEarly: true, nameFor: () => ONE_OF_ALL };
}

function byClaim({ claim, values, otherwise }: option.Kept<typeof LIMIT_BY_CLAIM>): LimitAmount {
  const named = new Map([...Object.entries(values), [ONE_OF_ALL, otherwise] as const]);
  return {
    named,
    isEarly: false,
    nameFor({ claims }) {
      const name = ownMember(claims, claim);
      return typeof name === 'string' && named.has(name) ? name : ONE_OF_ALL;
    },
  };
}
