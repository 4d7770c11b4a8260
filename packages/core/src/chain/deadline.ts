import { type Patience, unlessEnded } from '../clock/within.js';
import { SecurityRequest } from '../request/request.js';

/** Why the wait for a decision ended. */
export type GivenUp = 'deadline_exceeded' | 'client_gone';

/**
 * Waits for a value until the deadline passes or the client disconnects. Then `giveUp` makes the answer, and the signal of
 * the request is aborted. Rejects only if `pending` rejects.
 */
export function withinDeadline<Value>(
  pending: Promise<Value>,
  request: SecurityRequest,
  { clock, timeoutMs }: Patience,
  giveUp: (cause: GivenUp) => Value,
): Promise<Value> {
  const abandonment = SecurityRequest.abandonmentOf(request);
  return unlessEnded(pending, (end) => {
    const abandon = () => end(() => giveUp('client_gone'));
    const tooLate = () => {
      end(() => giveUp('deadline_exceeded'));
      abandonment.complete('TimeoutError', 'The decision took too long');
    };
    const cancel = clock.schedule(timeoutMs, tooLate, true);
    abandonment.add(abandon);
    return () => {
      cancel();
      abandonment.remove(abandon);
    };
  });
}
