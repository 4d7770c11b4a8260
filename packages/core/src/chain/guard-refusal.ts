import type { Eventually } from '../clock/eventually.js';
import { GrantedDecision } from '../decision/decision.js';
import { limitFields } from '../decision/limit-fields.js';
import { askGuard, culpritOf } from '../guard/ask-guard.js';
import type { Guard, GuardVerdict } from '../guard/guard.js';
import type { Candidate } from '../handler/candidates.js';
import type { SecurityHandler } from '../handler/handler.js';
import { fault, MISSING, proverOf, Refusal } from '../handler/refusal.js';
import { ANONYMOUS, type Principal } from '../principal/principal.js';
import { SecurityRequest } from '../request/request.js';
import type { Operation } from '../routes/operation.js';
import { takesToken } from '../verdict/challenge.js';
import { UnfitRequestError } from '../verdict/unfit-request.js';
import { type Challenged, forbidden } from '../verdict/verdict.js';

/** Refusals of guards that another caller might not get. `limited` and `unavailable` concern the moment. */
const ABOUT_THE_CALLER: ReadonlySet<string> = new Set(['forbidden', 'denied', 'challenged']);

/**
 * What a refusal of a guard means for the caller. If a guard refuses an anonymous caller, the caller is asked for
 * credentials, if the policy takes any. Other refusals are attributed to the handler whose proof was not enough, so that
 * its challenge is sent.
 */
export function guardRefusal(
  verdict: Refusal['verdict'],
  principal: Principal,
  candidates: readonly Candidate[],
  handlers: readonly SecurityHandler[],
): Refusal {
  if (principal.kind === 'anonymous' && ABOUT_THE_CALLER.has(verdict.kind)) {
    return candidates.length > 0 ? MISSING : new Refusal(forbidden(verdict.reason));
  }
  if (verdict.kind === 'challenged' && !canChallenge(verdict, candidates)) {
    const { reason, detail } = verdict;
    return new Refusal(forbidden(reason, { detail }), proverOf(principal, handlers), principal);
  }
  const asked = verdict.kind === 'forbidden' ? verdict.of : undefined;
  const named = asked === undefined ? undefined : handlers.find(({ name }) => name === asked);
  return new Refusal(verdict, named ?? proverOf(principal, handlers), principal);
}

/** Another login with Basic gives the same answer: browsers would ask their user for ever. */
function canChallenge({ parameters }: Challenged, candidates: readonly Candidate[]): boolean {
  if (!Object.hasOwn(parameters, 'error') || candidates.length === 0) return true;
  return candidates.some(({ challenge }) => takesToken(challenge));
}

/** The bug of a guard, with who met it; or what is no bug, but a request that is unfit whoever sends it. */
export function guardFault(error: unknown, guard: Guard, principal: Principal, request: SecurityRequest): Refusal {
  const caller = principal.kind === 'anonymous' ? undefined : principal;
  if (error instanceof UnfitRequestError) {
    const { kind, reason, detail } = error;
    return new Refusal({ kind, reason, detail }, undefined, caller);
  }
  return fault('guard_threw', { culprit: culpritOf(error, guard, request), error }, undefined, caller);
}

/** What limits say before anybody is authenticated; undefined if they let the request go on. */
export function earlyRefusal(
  limits: Guard,
  operation: Operation | undefined,
  request: SecurityRequest,
): Eventually<Refusal | undefined> {
  SecurityRequest.belongsTo(request, operation);
  try {
    const verdict = askGuard(limits, ANONYMOUS, request);
    if (!(verdict instanceof Promise)) return refusalOf(verdict);
    return verdict.then(refusalOf, (error) => guardFault(error, limits, ANONYMOUS, request));
  } catch (error) {
    return guardFault(error, limits, ANONYMOUS, request);
  }
}

function refusalOf(verdict: GuardVerdict): Refusal | undefined {
  return verdict.kind === 'permitted' || verdict.kind === 'abstained' ? undefined : new Refusal(verdict);
}

/** Tells a granted caller how the limits stand that were counted. */
export function toldOfLimits(granted: GrantedDecision, request: SecurityRequest): GrantedDecision {
  const uses = SecurityRequest.countedLimits(request);
  return uses === undefined ? granted : GrantedDecision.withLines(granted, limitFields(uses));
}
