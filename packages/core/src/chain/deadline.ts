import { type Patience, unlessEnded } from '../clock/within.js';
import { SecurityRequest } from '../request/request.js';

/** Why a decision is not waited for any longer. */
export type GivenUp = 'deadline_exceeded' | 'client_gone';

/**
 * Waits for a value, but neither longer than the deadline nor for a client that has gone away; either aborts the
 * request's signal. Never rejects as long as `pending` does not. `giveUp` makes the answer to give instead.
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
    const cancel = clock.schedule(timeoutMs, () => {
      end(() => giveUp('deadline_exceeded'));
      abandonment.complete('TimeoutError', 'The decision took too long');
    });
    abandonment.add(abandon);
    return () => {
      cancel();
      abandonment.remove(abandon);
    };
  });
}
