import { UpstreamError } from '@sallyport/core';
import { type Clock } from '@sallyport/core/extend';

/**
 * Waits for a store, but no longer than `timeoutMs`.
 * @throws {UpstreamError} ERR_SALLYPORT_UPSTREAM_TIMEOUT
 */
export function answerWithin<Value>(timeoutMs: number, pending: PromiseLike<Value>, clock: Clock): Promise<Value> {
  return new Promise((resolve, reject) => {
    const tooSlow = () => reject(new UpstreamError('ERR_SALLYPORT_UPSTREAM_TIMEOUT', 'A store did not answer in time'));
    const cancel = clock.schedule(timeoutMs, tooSlow);
    Promise.resolve(pending).finally(cancel).then(resolve, reject);
  });
}
