import { foreignCopy } from '../brand/brand.js';
import { type Eventually, isThenable } from '../clock/eventually.js';
import { MisuseError } from '../errors/errors.js';
import type { Principal } from '../principal/principal.js';
import { SecurityRequest } from '../request/request.js';
import { unavailable } from '../verdict/verdict.js';
import { type Guard, type GuardVerdict, isGuardVerdict } from './guard.js';

/** The decision was already given: nobody waits for what a guard says. */
export const ABANDONED: GuardVerdict = unavailable('abandoned');

/**
 * Asks one guard; none once the decision was given up. If it throws, rejects or returns no guard verdict, the error is
 * passed on, and `culpritOf` tells the guard.
 */
export function askGuard(member: Guard, principal: Principal, request: SecurityRequest): Eventually<GuardVerdict> {
  if (SecurityRequest.isAbandoned(request)) return ABANDONED;
  try {
    const answer: unknown = member.check(principal, request);
    if (isGuardVerdict(answer)) return traced(answer, member, request);
    return isThenable(answer) ? answerLater(answer, member, request) : checkedAnswer(answer);
  } catch (error) {
    return blame(member, error, request);
  }
}

function answerLater(answer: PromiseLike<unknown>, member: Guard, request: SecurityRequest): Promise<GuardVerdict> {
  return Promise.resolve(answer)
    .then((verdict) => traced(checkedAnswer(verdict), member, request))
    .catch((error) => blame(member, error, request));
}

/** An observed decision tells which of several guards refused. */
function traced(answer: GuardVerdict, member: Guard, request: SecurityRequest): GuardVerdict {
  if (answer.kind !== 'permitted' && answer.kind !== 'abstained') request.trace?.noteGuard(member.name, answer);
  return answer;
}

function checkedAnswer(answer: unknown): GuardVerdict {
  if (isGuardVerdict(answer)) return answer;
  const foreign = foreignCopy(answer, 'guard verdict') ?? foreignCopy(answer, 'verdict');
  throw foreign ?? new MisuseError('check() returned no guard verdict');
}

/** By request: an error on its way to the chain, and the guard that threw it, the innermost of several. */
const blamed = new WeakMap<SecurityRequest, { readonly error: unknown; readonly culprit: string }>();

function blame(member: Guard, error: unknown, request: SecurityRequest): never {
  const known = blamed.get(request);
  if (known === undefined || !Object.is(known.error, error)) blamed.set(request, { error, culprit: member.name });
  throw error;
}

/** Which guard threw an error that came out of `member`. */
export function culpritOf(error: unknown, member: Guard, request: SecurityRequest): string {
  const known = blamed.get(request);
  blamed.delete(request);
  return known !== undefined && Object.is(known.error, error) ? known.culprit : member.name;
}
