import { missingFor } from '../guard/required-scopes.js';
import type { Refusal } from '../handler/refusal.js';
import type { DecisionTrace, TraceFault } from '../request/trace.js';

/** Notes who refuses whom, why, and what the caller lacks, so that an operator can tell all of it from the event. */
export function noteRefusal(
  { verdict, handler, principal }: Refusal,
  fault: TraceFault | undefined,
  trace: DecisionTrace,
): void {
  if (principal !== undefined) trace.noteCaller(principal);
  trace.noteRefusal(verdict, 'detail' in verdict ? verdict.detail : undefined, handler?.name);
  if (fault !== undefined) trace.noteFault(fault);
  if (verdict.kind === 'forbidden') trace.noteMissing(missingFor(trace.caller, verdict));
}
