import type { Clock } from '../clock/clock.js';
import { TimerWheel, type WheelItem } from '../clock/timer-wheel.js';
import { harmless } from '../events/harmless.js';
import type { ProofWatcher } from '../handler/lasting-proof.js';

/** So many watchers are told in one turn of the event loop. The others follow in the next. */
const MOST_PER_TURN = 1_000;

/** How often `keepUp` is called while somebody watches. */
const KEEP_UP_MS = 1_000;

/** Where revocations of other instances come in. */
interface OtherInstances {
  keepUp(nowMs: number): void;
}

/**
 * Who wants to know of a revocation, by 30 bits of the name that it would have. So a revocation finds those that it may
 * concern without looking at the others; each of them then looks for itself.
 */
export class RevocationWatch implements WheelItem {
  readonly #byTag = new Map<number, ProofWatcher | Set<ProofWatcher>>();
  readonly #clock: Clock;
  /** Undefined where there are no other instances. */
  others: OtherInstances | undefined;
  #isKeepingUp = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(tags: readonly number[], watcher: ProofWatcher): void {
    for (const tag of tags) {
      const others = this.#byTag.get(tag);
      if (others === undefined) this.#byTag.set(tag, watcher);
      else if (others instanceof Set) others.add(watcher);
      else if (others !== watcher) this.#byTag.set(tag, new Set([others, watcher]));
    }
    if (this.others === undefined || this.#isKeepingUp) return;
    this.#isKeepingUp = true;
    TimerWheel.of(this.#clock).after(KEEP_UP_MS, this);
  }

  remove(tags: readonly number[], watcher: ProofWatcher): void {
    for (const tag of tags) {
      const others = this.#byTag.get(tag);
      if (others instanceof Set) others.delete(watcher);
      if (others === watcher || (others instanceof Set && others.size === 0)) this.#byTag.delete(tag);
    }
  }

  /** Tells those who may be concerned by the revocation of this name. */
  tell(name: string): void {
    const concerned = this.#byTag.get(tagOfName(name));
    if (concerned instanceof Set) this.#tellAll([...concerned]);
    else if (concerned !== undefined) tellOne(concerned);
  }

  due(): void {
    this.#isKeepingUp = this.#byTag.size > 0;
    if (!this.#isKeepingUp) return;
    TimerWheel.of(this.#clock).after(KEEP_UP_MS, this);
    this.others?.keepUp(this.#clock.monotonic());
  }

  #tellAll(watchers: readonly ProofWatcher[]): void {
    for (const watcher of watchers.slice(0, MOST_PER_TURN)) tellOne(watcher);
    const others = watchers.slice(MOST_PER_TURN);
    if (others.length > 0) this.#clock.schedule(0, () => this.#tellAll(others));
  }
}

/** Who throws keeps a revocation from nobody else, such as from other instances. */
const tellOne = harmless((watcher: ProofWatcher) => watcher.reconsider(), 'revocations');

/** As a number that V8 keeps in the place of a pointer. Names have one byte per character. */
export function tagOfName(name: string): number {
  const [first, second, third, fourth] = [0, 1, 2, 3].map((index) => name.charCodeAt(index)) as [
    number,
    number,
    number,
    number,
  ];
  return (first << 22) | (second << 14) | (third << 6) | (fourth >> 2);
}
