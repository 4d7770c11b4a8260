import type { Clock } from '../clock.js';
import type { CacheState } from '../events/trace.js';
import type { Verdict } from '../handler/verdict.js';
import type { Abandonment } from '../request/abandonment.js';

/** What a lookup came to, and where the answer came from if not from the handler. */
export interface Finding {
  readonly verdict: Verdict;
  readonly cache: CacheState | undefined;
}

/** What a lookup may know about those who wait for it. */
export interface Waiters {
  /** Aborted when the last of them has gone. Made on first use. */
  readonly signal: AbortSignal;
}

/**
 * One lookup under way and everybody who waits for it. It belongs to nobody: it goes on when the one who started it
 * goes away, and ends only when the last of those who wait has gone.
 */
export class Flight implements Waiters {
  readonly startedMs: number;
  /** False once it was given up or overtaken: what it finds out then is for those who wait, not for the cache. */
  isCurrent = true;
  #controller: AbortController | undefined;
  readonly #landing: Promise<Finding>;
  readonly #end: (flight: Flight) => void;
  #waiting = 0;
  #isAbandoned = false;

  constructor(startedMs: number, lookUp: (flight: Flight) => Promise<Finding>, end: (flight: Flight) => void) {
    this.startedMs = startedMs;
    this.#end = end;
    this.#landing = new Promise<Finding>((resolve) => resolve(lookUp(this))).finally(() => end(this));
    this.#landing.catch(() => {});
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#isAbandoned) this.#abort();
    return this.#controller.signal;
  }

  /** Waits for the lookup; `abandonment` ends this caller's part in it and no one else's. */
  join(abandonment: Abandonment): Promise<Finding> {
    const leave = () => this.#leave();
    this.#waiting += 1;
    abandonment.add(leave);
    return this.#landing.finally(() => abandonment.remove(leave));
  }

  #leave(): void {
    this.#waiting -= 1;
    if (this.#waiting > 0) return;
    this.#isAbandoned = true;
    this.#end(this);
    this.#abort();
  }

  #abort(): void {
    this.#controller?.abort(new DOMException('Nobody waits for this any more', 'AbortError'));
  }
}

/** A lookup that has taken so long may hang: new callers start another instead of hanging with it. */
const MAX_JOINABLE_MS = 10_000;

/** The lookups under way: at most one per key to join, and no more than a limit in all. */
export class Flights {
  readonly #byKey = new Map<string, Flight>();
  readonly #limit: number;
  readonly #clock: Clock;

  constructor(limit: number, clock: Clock) {
    this.#limit = limit;
    this.#clock = clock;
  }

  get size(): number {
    return this.#byKey.size;
  }

  get isFull(): boolean {
    return this.#byKey.size >= this.#limit;
  }

  find(key: string): Flight | undefined {
    const flight = this.#byKey.get(key);
    if (flight === undefined) return undefined;
    return this.#clock.monotonic() - flight.startedMs < MAX_JOINABLE_MS ? flight : undefined;
  }

  /** Starts a lookup. A failed one fails those who joined it and is forgotten: later callers try again. */
  start(key: string, lookUp: (flight: Flight) => Promise<Finding>): Flight {
    this.drop(key);
    const flight = new Flight(this.#clock.monotonic(), lookUp, (ended) => {
      if (ended.isCurrent) this.drop(key);
    });
    this.#byKey.set(key, flight);
    return flight;
  }

  /** Lets nobody join a lookup any more, and keeps its answer out of the cache. */
  drop(key: string): void {
    const flight = this.#byKey.get(key);
    if (flight !== undefined) flight.isCurrent = false;
    this.#byKey.delete(key);
  }
}
