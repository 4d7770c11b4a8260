import type { Clock } from '../clock.js';

/** One revocation: of a token, or of everything that a client or subject was issued. */
export interface RevocationRecord {
  /** When it was revoked, in seconds since the epoch. */
  readonly at: number;
  /** When it may be forgotten, in milliseconds since the epoch. */
  readonly endsAtMs: number;
  /** The same on the monotonic clock, as it was when the revocation became known. */
  readonly monotonicEndMs: number;
  /** Its place in the order in which this process learnt of revocations. */
  readonly epoch: number;
}

/**
 * A bounded set of revocations. When there are too many, the oldest is not forgotten, because that would let revoked
 * tokens in: it is merged into the floor, a record that stands for every token issued at or before it.
 */
export class RevocationRecords {
  /** In the order of insertion; a plain map, because a cache takes its memory in advance. */
  readonly #records = new Map<string, RevocationRecord>();
  readonly #maxEntries: number;
  readonly #clock: Clock;
  readonly #onMerge: () => void;
  #floor: RevocationRecord | undefined;

  constructor(maxEntries: number, clock: Clock, onMerge: () => void) {
    this.#maxEntries = maxEntries;
    this.#clock = clock;
    this.#onMerge = onMerge;
  }

  get size(): number {
    return this.#records.size;
  }

  get floor(): RevocationRecord | undefined {
    return this.#current(this.#floor);
  }

  find(key: string): RevocationRecord | undefined {
    return this.#current(this.#records.get(key));
  }

  keep(key: string, record: RevocationRecord): void {
    const known = this.find(key);
    this.#records.delete(key);
    this.#records.set(key, later(known, record));
    this.#makeRoom();
  }

  #makeRoom(): void {
    for (const [key, oldest] of this.#records) {
      const hasEnded = this.#current(oldest) === undefined;
      if (!hasEnded && this.#records.size <= this.#maxEntries) return;
      this.#records.delete(key);
      if (hasEnded) continue;
      this.#floor = later(this.floor, oldest);
      this.#onMerge();
    }
  }

  /**
   * A revocation has ended when both clocks say so: set forward, the machine's clock would end it too early, and set
   * back, it would make the token good again for longer than the monotonic clock knows.
   */
  #current(record: RevocationRecord | undefined): RevocationRecord | undefined {
    if (record === undefined) return undefined;
    const lasts = this.#clock.monotonic() < record.monotonicEndMs || this.#clock.now() < record.endsAtMs;
    return lasts ? record : undefined;
  }
}

function later(left: RevocationRecord | undefined, right: RevocationRecord): RevocationRecord {
  if (left === undefined) return right;
  return {
    at: Math.max(left.at, right.at),
    endsAtMs: Math.max(left.endsAtMs, right.endsAtMs),
    monotonicEndMs: Math.max(left.monotonicEndMs, right.monotonicEndMs),
    epoch: Math.max(left.epoch, right.epoch),
  };
}
