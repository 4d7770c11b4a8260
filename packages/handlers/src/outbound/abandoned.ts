import type { Abandonable, Abandonment } from '@sallyport/core/extend';

/** Tells when no caller waits any more: a signal or, which costs less, the `abandonment` of those who wait for a lookup. */
export type Abandoned = AbortSignal | Abandonment;

/** A call is told by `abandon`, and by a signal as its listener. */
interface Watching extends Abandonable {
  handleEvent(): void;
}

export function isAbandoned(abandoned: Abandoned | undefined): boolean {
  return abandoned !== undefined && (isSignal(abandoned) ? abandoned.aborted : abandoned.isComplete);
}

/** Has the call told when nobody waits any more; at once, if that is so already. */
export function watch(abandoned: Abandoned, call: Watching): void {
  if (!isSignal(abandoned)) abandoned.add(call);
  else if (abandoned.aborted) call.abandon();
  else abandoned.addEventListener('abort', call);
}

export function unwatch(abandoned: Abandoned, call: Watching): void {
  if (isSignal(abandoned)) abandoned.removeEventListener('abort', call);
  else abandoned.remove(call);
}

function isSignal(abandoned: Abandoned): abandoned is AbortSignal {
  return 'aborted' in abandoned;
}
