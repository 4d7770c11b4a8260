import type { Clock } from '../clock/clock.js';
import { type Patience, within } from '../clock/within.js';
import { shownName } from '../errors/shown-name.js';
import type { SecurityHandler } from '../handler/handler.js';
import { enter, leave } from './tenure.js';

const DEFAULT_START_TIMEOUT_MS = 30_000;
const DEFAULT_CLOSE_TIMEOUT_MS = 5_000;

/**
 * Starts all handlers at once for `holder`, such as a chain. A handler that another holder has started is not started
 * again. If one fails or takes longer than `timeoutMs`, closes all for this holder and rejects with its error.
 */
export async function startHandlers(
  holder: object,
  handlers: readonly SecurityHandler[],
  clock: Clock,
  timeoutMs: number = DEFAULT_START_TIMEOUT_MS,
): Promise<void> {
  const limit = { clock, timeoutMs };
  const results = await Promise.allSettled(
    handlers.map((handler) =>
      runWithin(limit, `handler ${shownName(handler.name)} did not start`, () => enter(holder, handler)),
    ),
  );
  const failed = results.find((result) => result.status === 'rejected');
  if (failed === undefined) return;
  await closeHandlers(holder, handlers, clock).catch(() => {});
  throw failed.reason;
}

/**
 * Closes handlers for `holder` one after the other, last first. A handler that another holder has started stays open. If
 * one fails or takes longer than `timeoutMs`, the others are closed all the same; at the end, this rejects with an
 * `AggregateError` of all failures.
 */
export async function closeHandlers(
  holder: object,
  handlers: readonly SecurityHandler[],
  clock: Clock,
  timeoutMs: number = DEFAULT_CLOSE_TIMEOUT_MS,
): Promise<void> {
  const limit = { clock, timeoutMs };
  const failures: unknown[] = [];
  for (const handler of handlers.toReversed()) {
    await runWithin(limit, `handler ${shownName(handler.name)} did not close`, () => leave(holder, handler)).catch(
      (error) => failures.push(error),
    );
  }
  if (failures.length > 0) throw new AggregateError(failures, 'Some handlers could not be closed');
}

/** Runs a task within a time limit; a later result is ignored. */
export function runWithin(limit: Patience, complaint: string, task: () => unknown): Promise<void> {
  const running = (async () => {
    await task();
  })();
  return within(limit, running, () => {
    throw new Error(`${complaint} within ${limit.timeoutMs} ms`);
  });
}
