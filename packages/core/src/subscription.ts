import type { Channel } from 'node:diagnostics_channel';
import { attemptTo } from './eventually.js';

/**
 * Subscribes to a channel without letting the listener harm the publisher: what it throws or rejects with becomes a
 * process warning, once, that names the error's class but not its message, which may quote what was published.
 * @returns a function that ends the subscription
 */
export function subscribe(channel: Channel, listener: (message: unknown) => unknown): () => void {
  let hasWarned = false;
  const warn = (error: unknown) => {
    if (hasWarned) return;
    hasWarned = true;
    const culprit = error instanceof Error ? error.constructor.name : typeof error;
    process.emitWarning(`a listener of ${String(channel.name)} failed with ${culprit}`, 'SallyportWarning');
  };
  const receive = (message: unknown) => {
    attemptTo(() => listener(message), warn);
  };
  channel.subscribe(receive);
  return () => channel.unsubscribe(receive);
}
