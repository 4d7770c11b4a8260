import type { Lease } from '@sallyport/core';

/**
 * A stream that is closed in good order when its lease ends, and releases the lease when it is over before. `seen` is called
 * with each chunk before it is sent.
 */
export function leasedBody(
  body: ReadableStream<Uint8Array>,
  lease: Lease,
  seen: (chunk: Uint8Array) => void,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>({
    start(controller) {
      lease.onEnd((end) => {
        if (end === 'released') return;
        controller.close();
        reader.cancel(end).catch(() => {});
      });
    },
    async pull(controller) {
      const { done, value } = await reader.read().catch((error: unknown) => {
        lease.release();
        throw error;
      });
      if (lease.ended !== undefined) return;
      if (done) {
        lease.release();
        controller.close();
      } else {
        seen(value);
        controller.enqueue(value);
      }
    },
    cancel(reason) {
      lease.release();
      return reader.cancel(reason);
    },
  });
}
