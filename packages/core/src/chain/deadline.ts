import type { Clock } from '../clock/clock.js';
import { SecurityRequest } from '../request/request.js';

/** What a decision waits for besides its handlers. */
export interface Patience<Value> {
  readonly clock: Clock;
  readonly deadlineMs: number;
  /** The answer to give instead: `deadline_exceeded` or `client_gone`. */
  readonly giveUp: (cause: string) => Value;
}

/**
 * Waits for a value, but neither longer than the deadline nor for a client that has gone away; either aborts the
 * request's signal. Never rejects as long as `pending` does not.
 */
export function withinDeadline<Value>(
  pending: Promise<Value>,
  request: SecurityRequest,
  { clock, deadlineMs, giveUp }: Patience<Value>,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    const abandonment = SecurityRequest.abandonmentOf(request);
    const settled = () => {
      cancel();
      abandonment.remove(abandon);
    };
    const abandon = () => {
      settled();
      resolve(giveUp('client_gone'));
    };
    const cancel = clock.schedule(deadlineMs, () => {
      settled();
      resolve(giveUp('deadline_exceeded'));
      abandonment.complete('TimeoutError', 'The decision took too long');
    });
    abandonment.add(abandon);
    pending.finally(settled).then(resolve, reject);
  });
}
