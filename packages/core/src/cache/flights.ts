import { keepSpecimen } from '../brand/specimen.js';
import type { Clock } from '../clock/clock.js';
import type { Eventually } from '../clock/eventually.js';
import { outlive } from '../clock/runtime.js';
import type { Applicant } from '../limits/applicant.js';
import type { Standing } from '../limits/good-before.js';
import { Shares } from '../limits/shares.js';
import { Abandonment } from '../request/abandonment.js';
import type { CacheState } from '../request/trace.js';
import { isVerdict, type Unavailable, unavailable, type Verdict } from '../verdict/verdict.js';
import type { VerdictMemory } from './verdict-memory.js';

/** The result of a lookup, and its origin if that was not the handler. */
export interface Finding {
  readonly verdict: Verdict;
  readonly cache: CacheState | undefined;
  /** When the verdict was asked for, if that was before the lookup began. On the monotonic clock. */
  readonly askedMs: number | undefined;
  /** The outage that a verdict past its lifetime bridges. */
  readonly outage: Unavailable | undefined;
}

/** What a lookup sees of its waiting callers. */
export interface Waiters {
  /** Aborted when the last of them has gone. Made on first use. */
  readonly signal: AbortSignal;
  /** The same without an AbortController, for what is called often. */
  readonly abandonment: Abandonment;
  /** Of the caller who was the first to ask: its address, and how well it is known. */
  readonly address: string | undefined;
  readonly standing: Standing;
}

/** Why a lookup found nothing. */
export class Failure {
  readonly error: unknown;

  constructor(error: unknown) {
    this.error = error;
  }
}

/** How a lookup ended. */
export type Landed = Finding | Failure;

/**
 * One lookup under way and all callers that wait for it. It goes on when the caller that started it goes away, and is
 * aborted only when the last waiting caller has gone.
 */
export class Flight implements Waiters {
  static {
    keepSpecimen(new this('', undefined, 0.5, {} as Flights));
  }

  readonly key: string;
  /** Of the caller who was the first to ask. */
  readonly address: string | undefined;
  readonly startedMs: number;
  /** Its place among those that networks share, if it has one. */
  seat: Applicant | undefined;
  /** False if the lookup was given up or overtaken. Its callers still get its result, but the cache does not. */
  isCurrent = true;
  readonly #flights: Flights;
  #abandonment: Abandonment | undefined;
  #landing: Promise<Landed> | undefined;
  #land: ((landed: Landed) => void) | undefined;
  #waiting = 0;
  #isAbandoned = false;

  constructor(key: string, address: string | undefined, startedMs: number, flights: Flights) {
    this.key = key;
    this.address = address;
    this.startedMs = startedMs;
    this.#flights = flights;
  }

  get signal(): AbortSignal {
    return this.abandonment.signal;
  }

  get abandonment(): Abandonment {
    this.#abandonment ??= new Abandonment();
    if (this.#isAbandoned) this.#abandon();
    return this.#abandonment;
  }

  get standing(): Standing {
    return this.#flights.memory.standingOf(this.key, this.address);
  }

  /** Begins the lookup. Returns what it found if it needed no time: then nobody waits, and nothing is made for it. */
  depart(lookUp: (flight: Flight) => Eventually<Finding>): Finding | undefined {
    const found = begun(lookUp, this);
    if (!(found instanceof Promise)) {
      this.#settle(found);
      return found;
    }
    outlive(found);
    found.then(
      (finding) => this.#settle(finding),
      (error) => this.#settle(new Failure(error)),
    );
    return undefined;
  }

  /** One more caller waits for the lookup, until it has landed or the caller leaves. */
  board(): Promise<Landed> {
    this.#landing ??= new Promise((resolve) => {
      this.#land = resolve;
    });
    this.#waiting += 1;
    return this.#landing;
  }

  /** A caller who waited leaves before the lookup has landed. */
  leave(): void {
    this.#waiting -= 1;
    if (this.#waiting === 0) this.#stop();
  }

  /** Ends the lookup with this answer for every waiting caller. A later result is dropped. */
  giveUp(finding: Finding): void {
    this.#land?.(finding);
    this.#stop();
  }

  #settle(landed: Landed): void {
    // First, so that nobody waits for ever, whatever goes wrong after it.
    this.#land?.(landed);
    this.#flights.end(this, landed);
  }

  #stop(): void {
    this.#isAbandoned = true;
    this.#flights.end(this);
    this.#abandon();
  }

  #abandon(): void {
    this.#abandonment?.complete('AbortError', 'Nobody waits for this any more');
  }
}

/** A lookup that takes longer than this may hang: new callers start another one instead of joining it. */
const MAX_JOINABLE_MS = 10_000;

/** The answer to callers that lose their place or get none. */
export const TOO_MANY_LOOKUPS: Unavailable = unavailable('too_many_lookups');
const DISPLACED: Finding = { verdict: TOO_MANY_LOOKUPS, cache: undefined, askedMs: undefined, outage: undefined };

/**
 * The lookups under way: callers with the same key join one lookup, and the number of lookups is limited. The first half
 * of the places is for anybody. The second half is shared by networks, and callers that were good before go first: when
 * it is full, the newest stranger of the network that holds most loses its place to the next caller.
 *
 * `JoinedTasks` limits nothing. Only a flight can lose its place, and then answers all its callers at once; only a flight
 * that hangs is joined by nobody any more.
 */
export class Flights {
  /** By key: the lookup that new callers may join. */
  readonly #byKey = new Map<string, Flight>();
  /** Also those that nobody joins any more. */
  readonly #underWay = new Set<Flight>();
  readonly #unshared: number;
  readonly #shares: Shares;
  readonly memory: VerdictMemory;
  readonly #clock: Clock;

  constructor(limit: number, memory: VerdictMemory, clock: Clock) {
    this.memory = memory;
    this.#unshared = Math.floor(limit / 2);
    this.#shares = new Shares({ running: limit - this.#unshared, waiting: 0, isInterruptible: true });
    this.#clock = clock;
  }

  get size(): number {
    return this.#underWay.size;
  }

  /** The lookup to join; none that began `maxAgeMs` ago. */
  find(key: string, maxAgeMs: number): Flight | undefined {
    const flight = this.#byKey.get(key);
    if (flight === undefined) return undefined;
    return this.#clock.monotonic() - flight.startedMs < Math.min(MAX_JOINABLE_MS, maxAgeMs) ? flight : undefined;
  }

  /**
   * Starts a lookup: the flight to join, or what it found if that needed no time. Undefined if there is no place for this
   * caller. If the lookup fails, it fails for all callers that joined it; later callers start another one.
   */
  start(
    key: string,
    address: string | undefined,
    lookUp: (flight: Flight) => Eventually<Finding>,
  ): Flight | Finding | undefined {
    this.drop(key);
    const flight = new Flight(key, address, this.#clock.monotonic(), this);
    const isShared = this.#underWay.size - this.#shares.running >= this.#unshared;
    if (isShared && !this.#enter(flight)) return undefined;
    this.#byKey.set(key, flight);
    this.#underWay.add(flight);
    return flight.depart(lookUp) ?? flight;
  }

  #enter(flight: Flight): boolean {
    const { address, standing } = flight;
    flight.seat = { address, standing, start() {}, displace: () => flight.giveUp(DISPLACED) };
    return this.#shares.enter(flight.seat);
  }

  /** For the flight itself, when it has landed or stopped. It may be called again. */
  end(flight: Flight, landed?: Landed): void {
    if (flight.isCurrent) this.drop(flight.key);
    this.#underWay.delete(flight);
    if (flight.seat !== undefined) this.#shares.leave(flight.seat);
    if (landed !== undefined && isGood(landed)) this.memory.noteGood(flight.key, flight.address);
  }

  /** From now on nobody joins this lookup, and its answer stays out of the cache. */
  drop(key: string): void {
    const flight = this.#byKey.get(key);
    if (flight !== undefined) flight.isCurrent = false;
    this.#byKey.delete(key);
  }
}

function isGood(landed: Landed): boolean {
  return !(landed instanceof Failure) && isVerdict(landed.verdict) && landed.verdict.kind === 'authenticated';
}

/** A lookup that throws at once fails like one that does so later. */
function begun(lookUp: (flight: Flight) => Eventually<Finding>, flight: Flight): Eventually<Finding> {
  try {
    return lookUp(flight);
  } catch (error) {
    return Promise.reject(error);
  }
}
