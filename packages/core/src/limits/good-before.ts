import { randomBytes } from 'node:crypto';
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
  /**
   * How long a credential or network counts as good after the last time, in seconds, give or take one; up to a minute longer
   * for one that has come for less than a minute. Default 86 400.
   */
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
const REGULAR_AFTER_SECONDS = 60;

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
    const lifeSeconds = ownMember(options, 'lifeSeconds') ?? DAY_SECONDS;
    const maxEntries = ownMember(options, 'maxEntries') ?? MAX_ENTRIES;
    this.#areSecret = ownMember(options, 'areSecret') ?? true;
    this.#credentials = new Recent(lifeSeconds, maxEntries, clock);
    this.#networks = new Recent(lifeSeconds, maxEntries, clock);
  }

  /** Entries kept, expired ones included. */
  get size(): number {
    return this.#credentials.size + this.#networks.size;
  }

  /** Call it when a credential has proved good. */
  note(credential: string, address: string | undefined): void {
    this.noteCredential(credential);
    this.noteNetwork(address);
  }

  /** @param goodMs when it was good, if that was before now. On the monotonic clock */
  noteCredential(credential: string, goodMs?: number): void {
    this.#credentials.note(this.#nameOf(credential), goodMs);
  }

  noteNetwork(address: string | undefined): void {
    const network = this.#networkAt(address);
    // All callers without an address share one network: one good caller says nothing about the others.
    if (network !== UNKNOWN_NETWORK) this.#networks.note(network);
  }

  has(credential: string): boolean {
    return this.#credentials.has(this.#nameOf(credential));
  }

  standingOf(credential: string, address: string | undefined): Standing {
    if (this.has(credential)) return 'known';
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

/**
 * Names, each with a time in whole seconds: in a `Map` of numbers they take a third of the memory that an LRU list takes (bench:
 * growth). Names that come again after a while have a space of their own, so that names that were good once never displace
 * regular ones: an insider can get any number of fresh tokens.
 */
class Recent {
  /** When they first came. */
  readonly #once = new Map<string, number>();
  /** When they last came. */
  readonly #regular = new Map<string, number>();
  readonly #lifeSeconds: number;
  readonly #regularAfterSeconds: number;
  readonly #maxEach: number;
  readonly #clock: Clock;
  #last: string | undefined;
  #lastSeconds = 0;

  constructor(lifeSeconds: number, maxEntries: number, clock: Clock) {
    this.#lifeSeconds = lifeSeconds;
    this.#regularAfterSeconds = Math.min(REGULAR_AFTER_SECONDS, lifeSeconds / 2);
    this.#maxEach = Math.max(1, Math.floor(maxEntries / 2));
    this.#clock = clock;
  }

  get size(): number {
    return this.#once.size + this.#regular.size;
  }

  note(name: string, goodMs = this.#clock.monotonic()): void {
    const goodSeconds = Math.floor(goodMs / 1_000);
    // A busy network or issuer comes many times in a row.
    if (name === this.#last && goodSeconds === this.#lastSeconds) return;
    this.#last = name;
    this.#lastSeconds = goodSeconds;
    const firstSeconds = this.#firstOf(name, goodSeconds) ?? goodSeconds;
    if (!this.#isRegular(name, goodSeconds) && goodSeconds - firstSeconds < this.#regularAfterSeconds) {
      put(this.#once, name, firstSeconds, this.#maxEach);
      return;
    }
    this.#once.delete(name);
    put(this.#regular, name, goodSeconds, this.#maxEach);
  }

  has(name: string): boolean {
    const nowSeconds = Math.floor(this.#clock.monotonic() / 1_000);
    return this.#isRegular(name, nowSeconds) || this.#firstOf(name, nowSeconds) !== undefined;
  }

  #isRegular(name: string, nowSeconds: number): boolean {
    return timeOf(this.#regular, name, nowSeconds - this.#lifeSeconds) !== undefined;
  }

  #firstOf(name: string, nowSeconds: number): number | undefined {
    return timeOf(this.#once, name, nowSeconds - this.#lifeSeconds - this.#regularAfterSeconds);
  }
}

/** Undefined if the name came at `endSeconds` or before that. */
function timeOf(times: Map<string, number>, name: string, endSeconds: number): number | undefined {
  const seconds = times.get(name);
  if (seconds === undefined || seconds > endSeconds) return seconds;
  times.delete(name);
  return undefined;
}

/**
 * Puts a name last. When there are too many, the first go, one of 32 at once: each pass also steps over the places of names
 * that are gone.
 */
function put(times: Map<string, number>, name: string, seconds: number, max: number): void {
  times.delete(name);
  times.set(name, seconds);
  if (times.size <= max) return;
  const kept = times.size - Math.max(1, Math.floor(max / 32));
  for (const first of times.keys()) {
    times.delete(first);
    if (times.size === kept) return;
  }
}
