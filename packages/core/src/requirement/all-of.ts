import { andThen, type Eventually } from '../clock/eventually.js';
import type { NeededScopes } from '../guard/needed-scopes.js';
import type { SecurityHandler } from '../handler/handler.js';
import { MISSING, type Outcome, Refusal } from '../handler/refusal.js';
import * as option from '../options/options.js';
import { combinePrincipals } from '../principal/principal.js';
import { type Authenticated, authenticated, denied } from '../verdict/verdict.js';
import { MissingScopes, NOBODY } from './missing-scopes.js';
import { type Carries, type RequirementNode, strongest } from './node.js';
import {
  type Alternative,
  OPEN_TO_EVERYBODY,
  type Operator,
  type OperatorWord,
  operatorOn,
  type Requirement,
} from './requirement.js';
import type { Run } from './run.js';
import { agree, areOneParty, type SameParty } from './same-party.js';

const comparison: option.Check<SameParty | undefined, boolean | SameParty> = option.withSchema(
  { type: 'boolean' },
  (value, name) => {
    if (typeof value === 'function') return value as SameParty;
    if (typeof value !== 'boolean') throw option.invalid(name, 'must be true, false or a function');
    return value ? agree : undefined;
  },
);

export const ALL_OF = option.table('AllOfOptions', {
  /** Wants all proofs to be of one issuer and of one user or client; or a function that compares two principals. */
  sameParty: option.optional(comparison),
});

/**
 * All members are needed. Nothing is verified while a credential is missing. With `sameParty`, every two proofs must
 * belong to one party. `true` wants equal issuers, and equal subjects or, if one of the two is a client, equal clients;
 * a proof without an issuer then matches no other. A function decides by itself.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN,
 *   ERR_SALLYPORT_REQUIREMENT_INVALID
 * @example
 * new SecurityChain({ requirement: allOf([jwt, apiKey], { sameParty: true }) });
 */
export function allOf(...members: readonly Requirement[]): Operator;
export function allOf(members: readonly Requirement[], options: { sameParty?: boolean | SameParty }): Operator;
export function allOf(
  ...given: readonly Requirement[] | [readonly Requirement[], { sameParty?: boolean | SameParty }]
): Operator {
  const [first] = given;
  const [members, options = {}] = Array.isArray(first) ? [first, given[1]] : [given as readonly Requirement[]];
  const { sameParty } = ALL_OF(options);
  return operatorOn(
    members,
    'allOf',
    (nodes) => new AllOf(nodes, sameParty),
    (alternatives) => together(alternatives, sameParty !== undefined),
  );
}

/** One alternative of each member, in every combination. */
function together(members: readonly (readonly Alternative[])[], sameParty: boolean): readonly Alternative[] {
  const start: Alternative = { ...OPEN_TO_EVERYBODY, sameParty };
  return members.reduce<readonly Alternative[]>(
    (found, alternatives) =>
      found.flatMap((one) =>
        alternatives.map((other) => ({
          handlers: [...new Set([...one.handlers, ...other.handlers])],
          scopes: [...one.scopes, ...other.scopes],
          sameParty: one.sameParty || other.sameParty,
        })),
      ),
    [start],
  );
}

export const ALL_OF_WORD: OperatorWord = {
  word: 'allOf',
  takes: 'several',
  options: { sameParty: option.optional(option.flag) },
  make(members, options: { sameParty?: boolean }) {
    return allOf(members, options);
  },
};

class AllOf implements RequirementNode {
  readonly #members: readonly RequirementNode[];
  readonly #sameParty: SameParty | undefined;

  constructor(members: readonly RequirementNode[], sameParty: SameParty | undefined) {
    this.#members = members;
    this.#sameParty = sameParty;
  }

  isSatisfiable(run: Run): boolean {
    return this.#members.every((member) => member.isSatisfiable(run));
  }

  carries(run: Run): Carries {
    return strongest(this.#members, run);
  }

  neededOf(handler: SecurityHandler): readonly NeededScopes[] | undefined {
    const needs = this.#members.map((member) => member.neededOf(handler)).filter((each) => each !== undefined);
    return needs.length === 0 ? undefined : needs.flat();
  }

  evaluate(run: Run): Eventually<Outcome> {
    return this.#verifyFrom(0, [], undefined, run);
  }

  /** Authentication comes before scopes: a missing scope counts only when every proof is good. */
  #verifyFrom(
    index: number,
    proved: readonly Authenticated[],
    lacking: MissingScopes | undefined,
    run: Run,
  ): Eventually<Outcome> {
    const member = this.#members[index];
    if (member === undefined) return lacking === undefined ? this.#combine(proved) : ofSomebody(lacking, proved);
    return andThen(member.evaluate(run), (outcome) => {
      if (!(outcome instanceof Refusal)) return this.#verifyFrom(index + 1, [...proved, outcome], lacking, run);
      if (!(outcome instanceof MissingScopes)) return outcome;
      const first = lacking === undefined || lacking === NOBODY ? outcome : lacking;
      return this.#verifyFrom(index + 1, proved, first, run);
    });
  }

  #combine(proved: readonly Authenticated[]): Outcome {
    const principals = proved.map((verdict) => verdict.principal).filter((principal) => principal.kind !== 'anonymous');
    const sameParty = this.#sameParty;
    if (sameParty !== undefined && !areOneParty(principals, sameParty)) return new Refusal(denied('party_mismatch'));
    return authenticated(combinePrincipals(principals), { headers: proved.flatMap((verdict) => verdict.headers) });
  }
}

/**
 * `NOBODY` stands for a caller without any proof. If another member proved the caller, the refusal is a missing
 * credential instead.
 */
function ofSomebody(lacking: MissingScopes, proved: readonly Authenticated[]): MissingScopes {
  if (lacking !== NOBODY || proved.every(({ principal }) => principal.kind === 'anonymous')) return lacking;
  return new MissingScopes(MISSING.verdict);
}
