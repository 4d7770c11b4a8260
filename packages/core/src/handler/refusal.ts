import { isProvedBy, type Principal } from '../principal/principal.js';
import type { Advice } from '../request/trace.js';
import { takesToken } from '../verdict/challenge.js';
import type { Authenticated, Verdict } from '../verdict/verdict.js';
import type { SecurityHandler } from './handler.js';

/** The cause of a refusal: a verdict of a handler or guard, or one of the causes that only the chain itself finds. */
type RefusingVerdict =
  | Exclude<Verdict, Authenticated>
  /** A needed credential was not sent. */
  | { readonly kind: 'missing'; readonly reason: string; readonly detail?: string; readonly advice?: readonly Advice[] }
  /** A credential was sent that no handler of the requirement takes. */
  | {
      readonly kind: 'unrecognised';
      readonly reason: string;
      readonly scheme: string;
      readonly detail?: string;
      readonly advice?: readonly Advice[];
    }
  /** The Authorization header can be read in more than one way, and the operation reads it. */
  | { readonly kind: 'ambiguous'; readonly reason: string }
  /** The method or target can be read in more than one way. */
  | { readonly kind: 'unroutable'; readonly reason: string; readonly detail?: string | undefined }
  /** The body is larger than what is read of it. */
  | { readonly kind: 'oversized'; readonly reason: string; readonly detail?: string | undefined }
  /** The body, over which something is to be proved, did not arrive in time. */
  | { readonly kind: 'slow'; readonly reason: string }
  /** No operation and no requirement covers the request, or what it names is not there. */
  | { readonly kind: 'undeclared'; readonly reason: string; readonly detail?: string | undefined }
  /** A handler or guard has a bug: it threw or broke its rules. */
  | { readonly kind: 'fault'; readonly reason: string; readonly bug: Bug };

/** What was thrown, and by whom. */
export interface Bug {
  /** The name of the handler, guard or chain that has the bug. */
  readonly culprit: string;
  readonly error: unknown;
  /** What the handler had extracted: no message may repeat it. */
  readonly credential?: unknown;
}

/**
 * Why a request is refused. `handler` is the handler that refused, if it was one. `principal` is who was proved and refused
 * nevertheless.
 */
export class Refusal {
  readonly verdict: RefusingVerdict;
  readonly handler: SecurityHandler | undefined;
  readonly principal: Principal | undefined;

  constructor(verdict: RefusingVerdict, handler?: SecurityHandler, principal?: Principal) {
    this.verdict = verdict;
    this.handler = handler;
    this.principal = principal;
  }

  /** Kind and reason only: other members of a verdict may hold text that the client sent. */
  get summary(): { readonly kind: RefusingVerdict['kind']; readonly reason: string } {
    const { kind, reason } = this.verdict;
    return Object.freeze({ kind, reason });
  }
}

/** What evaluating a requirement comes to. */
export type Outcome = Authenticated | Refusal;

export const MISSING: Refusal = Object.freeze(
  new Refusal(Object.freeze({ kind: 'missing', reason: 'credentials_missing' })),
);

/**
 * The handler that proved a principal. If several handlers did, it is one that takes tokens, because only token schemes
 * have scopes (RFC 6750 3.1).
 */
export function proverOf(principal: Principal, handlers: readonly SecurityHandler[]): SecurityHandler | undefined {
  const provers = handlers.filter(({ name }) => isProvedBy(principal, name));
  return provers.find(({ challenges }) => challenges.some(takesToken)) ?? provers[0];
}

export function fault(reason: string, bug: Bug, handler?: SecurityHandler, principal?: Principal): Refusal {
  return new Refusal({ kind: 'fault', reason, bug }, handler, principal);
}
