import { missingFor } from '../guard/required-scopes.js';
import type { Refusal } from '../handler/refusal.js';
import type { Advice, DecisionTrace, TraceFault } from '../request/trace.js';

/** Notes who refuses whom, why, and what the caller lacks, so that an operator can tell all of it from the event. */
export function noteRefusal(refusal: Refusal, fault: TraceFault | undefined, trace: DecisionTrace): void {
  const { verdict, handler, principal } = refusal;
  if (principal !== undefined) trace.noteCaller(principal);
  trace.noteRefusal(verdict, 'detail' in verdict ? verdict.detail : undefined, handler?.name);
  trace.noteAdvice(adviceOf(refusal, fault));
  if (fault !== undefined) trace.noteFault(fault);
  if (verdict.kind === 'forbidden') trace.noteMissing(missingFor(trace.caller, verdict));
}

/** What tells more exactly than the reason what to change: the causes that the chain found, or the code of a bug. */
export function adviceOf({ verdict }: Refusal, fault: TraceFault | undefined): readonly Advice[] {
  if (fault?.code !== undefined) return [{ code: fault.code.toLowerCase() }];
  return ('advice' in verdict ? verdict.advice : undefined) ?? [];
}
