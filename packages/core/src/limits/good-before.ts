import { randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../clock/clock.js';
import { ownMember } from '../options/own-members.js';
import { KeyedHash } from '../secrecy/keyed-hash.js';
import { networkOf, UNKNOWN_NETWORK } from './network.js';

/**
 * How well a caller is known: `known` sends a credential that was good before, `neighbour` comes from a network from
 * which a good one came, `stranger` is neither.
 */
export type Standing = 'stranger' | 'neighbour' | 'known';

export interface GoodBeforeOptions {
  /** How long a credential or network counts as good after the last time, in seconds. Default 86 400. */
  readonly lifeSeconds?: number | undefined;
  /**
   * Credentials, and as many networks, remembered at once: half of them once good, half good again after a minute. Of
   * each half, who was good longest ago goes first. Default 20 000.
   */
  readonly maxEntries?: number | undefined;
}

const DAY_SECONDS = 86_400;
const MAX_ENTRIES = 20_000;
const REGULAR_AFTER_MS = 60_000;

/**
 * Remembers which credentials and which networks were good, as keyed hashes. Only a proof gets in, so no amount of
 * junk pushes anybody out, nor do many fresh proofs push out whoever comes again. Who has proved something keeps a share of what others flood; it grants nothing.
 */
export class GoodBefore {
  readonly #hash = new KeyedHash(randomBytes(32).toString('hex'), 'good before');
  readonly #credentials: Recent;
  readonly #networks: Recent;

  constructor(options: GoodBeforeOptions, clock: Clock) {
    const lifeMs = (ownMember(options, 'lifeSeconds') ?? DAY_SECONDS) * 1_000;
    const maxEntries = ownMember(options, 'maxEntries') ?? MAX_ENTRIES;
    this.#credentials = new Recent(lifeMs, maxEntries, clock);
    this.#networks = new Recent(lifeMs, maxEntries, clock);
  }

  /** Entries kept, also those whose life is over. */
  get size(): number {
    return this.#credentials.size + this.#networks.size;
  }

  /** This credential was proved good, by a caller of this address. */
  note(credential: string, address: string | undefined): void {
    const network = networkOf(address);
    this.#credentials.note(this.#hash.of(credential));
    // All who come without an address share one network: one of them being good says nothing about the others.
    if (network !== UNKNOWN_NETWORK) this.#networks.note(this.#hash.of(network));
  }

  standingOf(credential: string, address: string | undefined): Standing {
    if (this.#credentials.has(this.#hash.of(credential))) return 'known';
    return this.isNeighbour(address) ? 'neighbour' : 'stranger';
  }

  /** True when something good came from the network of this address. */
  isNeighbour(address: string | undefined): boolean {
    return this.#networks.size > 0 && this.#networks.has(this.#hash.of(networkOf(address)));
  }
}

interface Noted {
  readonly sinceMs: number;
  readonly endsAtMs: number;
}

/**
 * Names, each with the end of its life. Those that come again after a while are kept apart, so that no number of names
 * that were good once pushes regular ones out: an insider can have as many fresh tokens as he likes.
 */
class Recent {
  readonly #once: LRUCache<string, Noted>;
  readonly #regular: LRUCache<string, Noted>;
  readonly #lifeMs: number;
  readonly #clock: Clock;

  constructor(lifeMs: number, maxEntries: number, clock: Clock) {
    this.#once = ordered(maxEntries / 2);
    this.#regular = ordered(maxEntries / 2);
    this.#lifeMs = lifeMs;
    this.#clock = clock;
  }

  get size(): number {
    return this.#once.size + this.#regular.size;
  }

  note(name: string): void {
    const nowMs = this.#clock.monotonic();
    const known = this.#find(name, nowMs);
    const sinceMs = known?.sinceMs ?? nowMs;
    const isRegular = nowMs - sinceMs >= REGULAR_AFTER_MS;
    if (isRegular) this.#once.delete(name);
    (isRegular ? this.#regular : this.#once).set(name, { sinceMs, endsAtMs: nowMs + this.#lifeMs });
  }

  has(name: string): boolean {
    return this.#find(name, this.#clock.monotonic()) !== undefined;
  }

  #find(name: string, nowMs: number): Noted | undefined {
    const noted = this.#regular.peek(name) ?? this.#once.peek(name);
    if (noted === undefined || nowMs < noted.endsAtMs) return noted;
    this.#regular.delete(name);
    this.#once.delete(name);
    return undefined;
  }
}

/** In the order of their last note, which is that in which their lives end. Takes memory only as it fills. */
function ordered(maxEntries: number): LRUCache<string, Noted> {
  return new LRUCache({ maxSize: Math.max(1, Math.floor(maxEntries)), sizeCalculation: () => 1 });
}
