import { isProvedBy, type Principal } from '../principal/principal.js';
import { takesToken } from '../verdict/challenge.js';
import type { Authenticated, Verdict } from '../verdict/verdict.js';
import type { SecurityHandler } from './handler.js';

/** What refuses: a verdict of a handler or guard, or a conclusion that only the chain itself can come to. */
type RefusingVerdict =
  | Exclude<Verdict, Authenticated>
  /** A needed credential was not sent. */
  | { readonly kind: 'missing'; readonly reason: string }
  /** A credential was sent that no handler of the requirement takes. */
  | { readonly kind: 'unrecognised'; readonly reason: string; readonly scheme: string }
  /** The Authorization header cannot be read in one way only, and the operation reads it. */
  | { readonly kind: 'ambiguous'; readonly reason: string }
  /** The method or target cannot be read in one way only. */
  | { readonly kind: 'unroutable'; readonly reason: string }
  /** No operation and no requirement covers the request. */
  | { readonly kind: 'undeclared'; readonly reason: string }
  /** A handler or guard broke its contract. */
  | { readonly kind: 'fault'; readonly reason: string };

/** Why a request is refused, and which handler said so, where it was one. */
export class Refusal {
  readonly verdict: RefusingVerdict;
  readonly handler: SecurityHandler | undefined;

  constructor(verdict: RefusingVerdict, handler?: SecurityHandler) {
    this.verdict = verdict;
    this.handler = handler;
  }

  /** Kind and reason alone: what a verdict holds besides may have been sent by the client. */
  get summary(): { readonly kind: RefusingVerdict['kind']; readonly reason: string } {
    const { kind, reason } = this.verdict;
    return Object.freeze({ kind, reason });
  }
}

/** What a requirement comes to. */
export type Outcome = Authenticated | Refusal;

export const MISSING: Refusal = Object.freeze(
  new Refusal(Object.freeze({ kind: 'missing', reason: 'credentials_missing' })),
);

/** The handler that answers for a principal: of several the token's, since only its scheme knows scopes (RFC 6750 3.1). */
export function proverOf(principal: Principal, handlers: readonly SecurityHandler[]): SecurityHandler | undefined {
  const provers = handlers.filter(({ name }) => isProvedBy(principal, name));
  return provers.find(({ challenges }) => challenges.some(takesToken)) ?? provers[0];
}

export function fault(reason: string, handler?: SecurityHandler): Refusal {
  return new Refusal({ kind: 'fault', reason }, handler);
}
