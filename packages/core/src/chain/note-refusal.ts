import { missingFor } from '../guard/required-scopes.js';
import type { Refusal } from '../handler/refusal.js';
import type { DecisionTrace } from '../request/trace.js';

/** Notes who refuses whom, why, and what the caller lacks, so that an operator can tell both from the event. */
export function noteRefusal({ verdict, handler, principal }: Refusal, trace: DecisionTrace): void {
  if (principal !== undefined) trace.noteCaller(principal);
  trace.noteRefusal(verdict, 'detail' in verdict ? verdict.detail : undefined, handler?.name);
  if (verdict.kind === 'forbidden') trace.noteMissing(missingFor(trace.caller, verdict));
}
