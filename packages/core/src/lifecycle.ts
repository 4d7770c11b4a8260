import type { Clock } from './clock.js';
import type { SecurityHandler } from './handler.js';

/** Starts all handlers at once; if one fails, closes all of them and rejects with the first failure. */
export async function startHandlers(handlers: readonly SecurityHandler[], clock: Clock): Promise<void> {
  const results = await Promise.allSettled(handlers.map(async (handler) => handler.start?.()));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed === undefined) return;
  await closeHandlers(handlers, clock).catch(() => {});
  throw failed.reason;
}

const DEFAULT_CLOSE_TIMEOUT_MS = 5_000;

/**
 * Closes handlers one after the other, last first. Rejects at the end with an `AggregateError` of everything that
 * failed or took longer than `timeoutMs`; no failure keeps the others open.
 */
export async function closeHandlers(
  handlers: readonly SecurityHandler[],
  clock: Clock,
  timeoutMs: number = DEFAULT_CLOSE_TIMEOUT_MS,
): Promise<void> {
  const failures: unknown[] = [];
  for (const handler of handlers.toReversed()) {
    await closeWithin(handler, clock, timeoutMs).catch((error) => failures.push(error));
  }
  if (failures.length > 0) throw new AggregateError(failures, 'Some handlers could not be closed');
}

function closeWithin(handler: SecurityHandler, clock: Clock, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const tooSlow = () => reject(new Error(`handler ${handler.name} did not close within ${timeoutMs} ms`));
    const cancel = clock.schedule(timeoutMs, tooSlow);
    const closing = (async () => handler.close?.())();
    closing.finally(cancel).then(resolve, reject);
  });
}
