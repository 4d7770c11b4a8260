import { type Patience, unlessEnded } from '../clock/within.js';
import { Refusal } from '../handler/refusal.js';
import { isReceiving } from '../request/body.js';
import { SecurityRequest } from '../request/request.js';
import { unavailable } from '../verdict/verdict.js';

/** The client has sent its body too slowly. That is no outage. */
const SLOW: Refusal = Object.freeze(new Refusal(Object.freeze({ kind: 'slow', reason: 'body_too_slow' })));

/**
 * Waits for a value until the deadline passes or the client disconnects. Then `giveUp` makes the answer, and the signal of
 * the request is aborted. Rejects only if `pending` rejects.
 */
export function withinDeadline<Value>(
  pending: Promise<Value>,
  request: SecurityRequest,
  { clock, timeoutMs }: Patience,
  giveUp: (refusal: Refusal) => Value,
): Promise<Value> {
  const abandonment = SecurityRequest.abandonmentOf(request);
  return unlessEnded(pending, (end) => {
    const abandon = () => end(() => giveUp(new Refusal(unavailable('client_gone'))));
    const tooLate = () => {
      end(() => giveUp(isReceiving(request) ? SLOW : new Refusal(unavailable('deadline_exceeded'))));
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
