import { UpstreamError } from '../errors/errors.js';
import type { Clock } from './clock.js';
import { within } from './within.js';

/**
 * Waits for a store, but no longer than `timeoutMs`.
 * @throws {UpstreamError} ERR_SALLYPORT_UPSTREAM_TIMEOUT
 */
export function answerWithin<Value>(timeoutMs: number, pending: PromiseLike<Value>, clock: Clock): Promise<Value> {
  return within({ clock, timeoutMs }, pending, () => {
    throw new UpstreamError('ERR_SALLYPORT_UPSTREAM_TIMEOUT', 'A store did not answer in time');
  });
}
