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
   * How many credentials, and how many networks, are remembered at once: half of the places are for those that were good
   * once, half for those that were good again after a minute. In each half the oldest goes first. Default 20 000.
   */
  readonly maxEntries?: number | undefined;
  /** False where the credentials are names that anybody may know, or hashes already: they are then kept as they are. Default true. */
  readonly areSecret?: boolean | undefined;
}

const DAY_SECONDS = 86_400;
const MAX_ENTRIES = 20_000;
const REGULAR_AFTER_MS = 60_000;
/** What was noted last is not noted again so soon: a busy network or issuer comes many times in a row. */
const AGAIN_AFTER_MS = 1_000;

/**
 * Remembers which credentials and networks were good, as keyed hashes. Only proved credentials are noted, so junk
 * displaces nobody, and many fresh proofs do not displace regular callers. Known callers keep a share of what is bounded
 * during a flood. This grants nothing.
 */
export class GoodBefore {
  readonly #hash = new KeyedHash(() => randomBytes(32).toString('hex'), 'good before');
  readonly #areSecret: boolean;
  readonly #credentials: Recent;
  readonly #networks: Recent;
  #address: string | undefined;
  #network = UNKNOWN_NETWORK;

  constructor(options: GoodBeforeOptions, clock: Clock) {
    const lifeMs = (ownMember(options, 'lifeSeconds') ?? DAY_SECONDS) * 1_000;
    const maxEntries = ownMember(options, 'maxEntries') ?? MAX_ENTRIES;
    this.#areSecret = ownMember(options, 'areSecret') ?? true;
    this.#credentials = new Recent(lifeMs, maxEntries, clock);
    this.#networks = new Recent(lifeMs, maxEntries, clock);
  }

  /** Entries kept, expired ones included. */
  get size(): number {
    return this.#credentials.size + this.#networks.size;
  }

  /** Call it when a credential has proved good. */
  note(credential: string, address: string | undefined): void {
    this.#credentials.note(this.#nameOf(credential));
    const network = this.#networkAt(address);
    // All callers without an address share one network: one good caller says nothing about the others.
    if (network !== UNKNOWN_NETWORK) this.#networks.note(network);
  }

  standingOf(credential: string, address: string | undefined): Standing {
    if (this.#credentials.has(this.#nameOf(credential))) return 'known';
    return this.isNeighbour(address) ? 'neighbour' : 'stranger';
  }

  /** True when something good came from the network of this address. */
  isNeighbour(address: string | undefined): boolean {
    return this.#networks.size > 0 && this.#networks.has(this.#networkAt(address));
  }

  #nameOf(credential: string): string {
    return this.#areSecret ? this.#hash.of(credential) : credential;
  }

  /** Keeps the last answer: a flood comes from one network, and so do the requests of a proxy. */
  #networkAt(address: string | undefined): string {
    if (address !== this.#address) {
      const network = networkOf(address);
      this.#address = address;
      this.#network = network === UNKNOWN_NETWORK ? network : this.#hash.of(network);
    }
    return this.#network;
  }
}

/** In whole milliseconds, because V8 stores other numbers as separate objects. */
interface Noted {
  readonly sinceMs: number;
  readonly endsAtMs: number;
}

/**
 * Names, each with its end. Names that come again after a while have a space of their own, so that names that were good
 * once never displace regular ones: an insider can get any number of fresh tokens.
 */
class Recent {
  readonly #once: LRUCache<string, Noted>;
  readonly #regular: LRUCache<string, Noted>;
  readonly #lifeMs: number;
  readonly #clock: Clock;
  #last: string | undefined;
  #lastMs = 0;

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
    if (name === this.#last && nowMs - this.#lastMs < AGAIN_AFTER_MS) return;
    this.#last = name;
    this.#lastMs = nowMs;
    const known = this.#find(name, nowMs);
    const sinceMs = known?.sinceMs ?? Math.floor(nowMs);
    const isRegular = nowMs - sinceMs >= REGULAR_AFTER_MS;
    if (isRegular) this.#once.delete(name);
    (isRegular ? this.#regular : this.#once).set(name, { sinceMs, endsAtMs: Math.floor(nowMs + this.#lifeMs) });
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

/** In the order of the last note, which is also the order of expiry. `max` would allocate all memory at once. */
function ordered(maxEntries: number): LRUCache<string, Noted> {
  return new LRUCache({ maxSize: Math.max(1, Math.floor(maxEntries)), sizeCalculation: () => 1 });
}
