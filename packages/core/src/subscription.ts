import type { Channel } from 'node:diagnostics_channel';
import { attemptTo } from './eventually.js';

/**
 * Subscribes to a channel without letting the listener harm the publisher; see `harmless`.
 * @returns a function that ends the subscription
 */
export function subscribe(channel: Channel, listener: (message: unknown) => unknown): () => void {
  const receive = harmless(listener, String(channel.name));
  channel.subscribe(receive);
  return () => channel.unsubscribe(receive);
}

/**
 * What a listener throws or rejects with becomes a process warning, once, that names the error's class but not its
 * message, which may quote what was published.
 */
export function harmless<Message>(listener: (message: Message) => unknown, source: string): (message: Message) => void {
  let hasWarned = false;
  const warn = (error: unknown) => {
    if (hasWarned) return;
    hasWarned = true;
    const culprit = error instanceof Error ? error.constructor.name : typeof error;
    process.emitWarning(`a listener of ${source} failed with ${culprit}`, 'SallyportWarning');
  };
  return (message) => {
    attemptTo(() => listener(message), warn);
  };
}
