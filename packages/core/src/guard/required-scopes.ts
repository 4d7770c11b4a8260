import { type Forbidden, forbidden } from '../verdict/verdict.js';
import type { Match } from './required-names.js';
import { COVERS, type Covers, coversAll, coversSome, type ScopeStrategy } from './scope-strategy.js';

/** The scopes that a proof must carry. Built once, checked on every request. */
export class RequiredScopes {
  readonly #scopes: readonly string[];
  readonly #covers: Covers;
  readonly #isEnough: typeof coversAll;
  readonly #refusal: Forbidden;

  /** `of` names a handler when only the proof of that handler is checked. */
  constructor(
    scopes: readonly string[],
    { match, strategy, of }: { match: Match; strategy: ScopeStrategy; of: string | undefined },
  ) {
    const isAny = match === 'any';
    this.#scopes = scopes;
    this.#covers = COVERS[strategy];
    this.#isEnough = isAny ? coversSome : coversAll;
    this.#refusal = forbidden('insufficient_scope', { scopes: isAny ? scopes.slice(0, 1) : scopes, of });
  }

  /** The refusal when scopes are missing (RFC 6750 3.1); undefined when none are. */
  missingFrom(granted: readonly string[]): Forbidden | undefined {
    return this.#isEnough(granted, this.#scopes, this.#covers) ? undefined : this.#refusal;
  }
}
