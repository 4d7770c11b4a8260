import type { Clock } from '../clock.js';

/** One revocation: of a token, or of everything that a client or subject was issued. */
export interface RevocationRecord {
  /** When it was revoked, in seconds since the epoch. */
  readonly at: number;
  /** When it may be forgotten, on the monotonic clock. */
  readonly endsAtMs: number;
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

  #current(record: RevocationRecord | undefined): RevocationRecord | undefined {
    return record !== undefined && this.#clock.monotonic() < record.endsAtMs ? record : undefined;
  }
}

function later(left: RevocationRecord | undefined, right: RevocationRecord): RevocationRecord {
  if (left === undefined) return right;
  return {
    at: Math.max(left.at, right.at),
    endsAtMs: Math.max(left.endsAtMs, right.endsAtMs),
    epoch: Math.max(left.epoch, right.epoch),
  };
}
