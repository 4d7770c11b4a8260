import { randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { KeyedHash } from '../cache/keyed-hash.js';
import type { Clock } from '../clock.js';
import { ownMember } from '../own-members.js';
import { networkOf, UNKNOWN_NETWORK } from './network.js';

/**
 * How well a caller is known: `known` sends a credential that was good before, `neighbour` comes from a network from
 * which a good one came, `stranger` is neither.
 */
export type Standing = 'stranger' | 'neighbour' | 'known';

export interface GoodBeforeOptions {
  /** How long a credential or network counts as good after the last time, in seconds. Default 86 400. */
  readonly lifeSeconds?: number | undefined;
  /** Credentials, and as many networks, remembered at once; who was good longest ago goes first. Default 20 000. */
  readonly maxEntries?: number | undefined;
}

const DAY_SECONDS = 86_400;
const MAX_ENTRIES = 20_000;

/**
 * Remembers which credentials and which networks were good, as keyed hashes. Only a proof gets in, so no amount of
 * junk pushes anybody out. Who has proved something keeps a share of what others flood; it grants nothing.
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

/** Names, each with the end of its life. */
class Recent {
  /** In the order of their last note, which is that in which their lives end. Takes memory only as it fills. */
  readonly #endsAtMs: LRUCache<string, number>;
  readonly #lifeMs: number;
  readonly #clock: Clock;

  constructor(lifeMs: number, maxEntries: number, clock: Clock) {
    this.#endsAtMs = new LRUCache({ maxSize: maxEntries, sizeCalculation: () => 1 });
    this.#lifeMs = lifeMs;
    this.#clock = clock;
  }

  get size(): number {
    return this.#endsAtMs.size;
  }

  note(name: string): void {
    this.#endsAtMs.set(name, this.#clock.monotonic() + this.#lifeMs);
  }

  has(name: string): boolean {
    const endsAtMs = this.#endsAtMs.peek(name);
    if (endsAtMs === undefined) return false;
    if (this.#clock.monotonic() < endsAtMs) return true;
    this.#endsAtMs.delete(name);
    return false;
  }
}
