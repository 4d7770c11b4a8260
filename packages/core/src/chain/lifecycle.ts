import type { Clock } from '../clock.js';
import type { SecurityHandler } from '../handler/handler.js';

const DEFAULT_START_TIMEOUT_MS = 30_000;
const DEFAULT_CLOSE_TIMEOUT_MS = 5_000;

/**
 * Starts all handlers at once; if one fails or takes longer than `timeoutMs`, closes all of them and rejects with the
 * first failure.
 */
export async function startHandlers(
  handlers: readonly SecurityHandler[],
  clock: Clock,
  timeoutMs: number = DEFAULT_START_TIMEOUT_MS,
): Promise<void> {
  const limit = { clock, timeoutMs };
  const results = await Promise.allSettled(
    handlers.map((handler) => within(limit, `handler ${handler.name} did not start`, () => handler.start?.())),
  );
  const failed = results.find((result) => result.status === 'rejected');
  if (failed === undefined) return;
  await closeHandlers(handlers, clock).catch(() => {});
  throw failed.reason;
}

/**
 * Closes handlers one after the other, last first. Rejects at the end with an `AggregateError` of everything that
 * failed or took longer than `timeoutMs`; no failure keeps the others open.
 */
export async function closeHandlers(
  handlers: readonly SecurityHandler[],
  clock: Clock,
  timeoutMs: number = DEFAULT_CLOSE_TIMEOUT_MS,
): Promise<void> {
  const limit = { clock, timeoutMs };
  const failures: unknown[] = [];
  for (const handler of handlers.toReversed()) {
    await within(limit, `handler ${handler.name} did not close`, () => handler.close?.()).catch((error) =>
      failures.push(error),
    );
  }
  if (failures.length > 0) throw new AggregateError(failures, 'Some handlers could not be closed');
}

/** Longer than any start or close takes. */
const HOLD_MS = 2 ** 31 - 1;

/** Runs a task that must come to an end; what it comes to after that is ignored. */
export function within(
  { clock, timeoutMs }: { readonly clock: Clock; readonly timeoutMs: number },
  complaint: string,
  task: () => unknown,
): Promise<void> {
  // The clock keeps no process alive. Before a server listens nothing else may: it would end here without a word.
  const hold = setInterval(() => {}, HOLD_MS);
  return new Promise<void>((resolve, reject) => {
    const cancel = clock.schedule(timeoutMs, () => reject(new Error(`${complaint} within ${timeoutMs} ms`)));
    const running = (async () => {
      await task();
    })();
    running.finally(cancel).then(resolve, reject);
  }).finally(() => clearInterval(hold));
}
