import { type Principal, proofOf } from '../principal/principal.js';
import type { MissingPermissions } from '../request/trace.js';
import { type Forbidden, forbidden } from '../verdict/verdict.js';
import type { NeededScopes } from './needed-scopes.js';
import type { Match } from './required-names.js';
import { COVERS, type Covers, coversAll, coversSome, type ScopeStrategy } from './scope-strategy.js';

/** The rule behind a refusal. The refusal itself says what the client should ask for, which may be less or more. */
const behind = new WeakMap<Forbidden, RequiredScopes>();

/** What a refused principal lacks; undefined when the refusal is not about scopes. */
export function missingFor(principal: Principal | undefined, refusal: Forbidden): MissingPermissions | undefined {
  const rule = behind.get(refusal);
  if (rule !== undefined) return rule.lackOf(principal);
  const missing = refusal.scopes?.filter((scope) => principal?.scopes.includes(scope) !== true);
  return missing && Object.freeze({ scopes: Object.freeze(missing), match: 'all' });
}

/** Scopes, of which a proof needs all or one. */
export interface ScopeRule {
  readonly scopes: readonly string[];
  readonly match: Match;
}

/** The scopes that a proof must carry. Built once, checked on every request. */
export class RequiredScopes {
  readonly #scopes: readonly string[];
  readonly #covers: Covers;
  readonly #isEnough: typeof coversAll;
  readonly #refusal: Forbidden;
  readonly #match: Match;
  readonly #of: string | undefined;

  /** `of` names a handler when only the proof of that handler is checked. */
  constructor(
    scopes: readonly string[],
    { match, strategy, of }: { match: Match; strategy: ScopeStrategy; of: string | undefined },
  ) {
    const isAny = match === 'any';
    this.#scopes = scopes;
    this.#match = match;
    this.#of = of;
    this.#covers = COVERS[strategy];
    this.#isEnough = isAny ? coversSome : coversAll;
    this.#refusal = forbidden('insufficient_scope', { scopes: isAny ? scopes.slice(0, 1) : scopes, of });
    behind.set(this.#refusal, this);
  }

  /** What clients are told: of scopes of which one is enough, to ask for the first. */
  get needed(): NeededScopes {
    return { asked: this.#refusal.scopes ?? [], known: this.#scopes, of: this.#of };
  }

  /** For tools that show what is required. */
  get rule(): ScopeRule {
    return { scopes: this.#scopes, match: this.#match };
  }

  /** The refusal when scopes are missing (RFC 6750 3.1); undefined when none are. */
  missingFrom(granted: readonly string[]): Forbidden | undefined {
    return this.#isEnough(granted, this.#scopes, this.#covers) ? undefined : this.#refusal;
  }

  /** What of the scopes a refused principal does not have. */
  lackOf(principal: Principal | undefined): MissingPermissions {
    const proof = this.#of === undefined || principal === undefined ? principal : proofOf(principal, this.#of);
    const granted = proof?.scopes ?? [];
    const missing = this.#scopes.filter((scope) => !coversAll(granted, [scope], this.#covers));
    return Object.freeze({ scopes: Object.freeze(missing), match: this.#match });
  }
}
