import type { Clock } from '../clock/clock.js';
import { within } from '../clock/within.js';
import { publishCacheEvent } from '../events/cache-events.js';
import { printable } from '../secrecy/keyed-hash.js';
import { LiveHash } from '../secrecy/live-hash.js';
import { Seal } from '../secrecy/seal.js';
import type { CacheStore } from '../stores/cache-store.js';
import type { Authenticated } from '../verdict/verdict.js';
import type { Basis, BasisFinder } from './basis.js';
import { hasExpired } from './lifetime.js';
import { type DatedVerdict, verdictFromText, verdictToText } from './verdict-text.js';

/** How long a store may take to delete a value before the other instances are told all the same. */
const LONGEST_DELETION_MS = 1_000;

/** A shared verdict and its end. */
export interface SharedVerdict {
  readonly verdict: Authenticated;
  readonly basis: Basis | undefined;
  /** Milliseconds since the epoch. */
  readonly endsAtMs: number;
}

export interface SharedTierCollaborators {
  readonly store: CacheStore;
  readonly clock: Clock;
  readonly basisNamed: BasisFinder | undefined;
}

/**
 * The second tier of a cache: good verdicts of other instances, in a store that is not trusted. Values are encrypted, and
 * bound to their key and their end; a value with any defect is a miss. Refusals stay local, so that a flood of bad
 * tokens does not reach the store.
 */
export class SharedTier {
  readonly #namespace: string;
  readonly #hash: LiveHash;
  readonly #seal: Seal;
  readonly #store: CacheStore;
  readonly #clock: Clock;
  readonly #basisNamed: BasisFinder | undefined;
  #forged = 0;

  constructor(
    options: { namespace: string; purpose: string; secret: readonly string[] },
    collaborators: SharedTierCollaborators,
  ) {
    this.#namespace = options.namespace;
    this.#hash = new LiveHash(options.secret, options.purpose);
    this.#seal = new Seal(options.secret, `seal 2 ${options.purpose}`);
    this.#store = collaborators.store;
    this.#clock = collaborators.clock;
    this.#basisNamed = collaborators.basisNamed;
  }

  /** How many values had a wrong seal. */
  get forged(): number {
    return this.#forged;
  }

  /** The stored verdict. Never rejects: an error of the store is a miss. */
  async read(credential: string): Promise<SharedVerdict | undefined> {
    const found = await Promise.all(this.#labelsOf(credential).map((label) => this.#readAt(label)));
    return found.find((each) => each !== undefined);
  }

  /** Stores a verdict, unless its basis has no name. Returns at once and never throws. */
  write(credential: string, { verdict, basis, endsAtMs }: SharedVerdict): void {
    if (basis !== undefined && basis.name === undefined) return;
    const ttlMs = Math.floor(endsAtMs - this.#clock.now());
    const text = ttlMs < 1 ? undefined : verdictToText({ verdict, basis: basis?.name, endsAtMs });
    if (text === undefined) return;
    const label = printable(this.#hash.of(credential));
    this.#attempt(() => this.#store.set(label, this.#seal.close(label, text), ttlMs));
  }

  /** Settles when the store has deleted it, has failed to, or took too long. */
  async drop(credential: string): Promise<void> {
    const dropped = this.#labelsOf(credential).map((label) => this.#attempt(() => this.#store.delete(label)));
    await within({ clock: this.#clock, timeoutMs: LONGEST_DELETION_MS }, Promise.all(dropped), () => {});
  }

  /** The same by its keyed hash, which its cache has as well. Returns at once and never throws. */
  dropNamed(name: string): void {
    this.#attempt(() => this.#store.delete(printable(name)));
  }

  #labelsOf(credential: string): readonly string[] {
    return this.#hash.allOf(credential).map(printable);
  }

  async #readAt(label: string): Promise<SharedVerdict | undefined> {
    try {
      const sealed = await this.#store.get(label);
      return sealed === undefined ? undefined : this.#open(label, sealed);
    } catch {
      return undefined;
    }
  }

  #open(label: string, sealed: string): SharedVerdict | undefined {
    const text = this.#seal.open(label, sealed);
    if (text === undefined) {
      this.#forged += 1;
      publishCacheEvent({ kind: 'shared_value_forged', namespace: this.#namespace });
      return undefined;
    }
    const dated = this.#read(text);
    if (dated === undefined) return undefined;
    const { verdict, basis: name, endsAtMs } = dated;
    if (this.#clock.now() >= endsAtMs || hasExpired(verdict.principal, this.#clock)) return undefined;
    if (name === undefined && this.#basisNamed === undefined) return { verdict, basis: undefined, endsAtMs };
    const basis = name === undefined ? undefined : this.#basisNamed?.(name);
    return basis?.stands(this.#clock.monotonic()) === true ? { verdict, basis, endsAtMs } : undefined;
  }

  #read(text: string): DatedVerdict | undefined {
    try {
      return verdictFromText(text);
    } catch {
      publishCacheEvent({ kind: 'shared_value_unreadable', namespace: this.#namespace });
      return undefined;
    }
  }

  /** Ignores errors: other instances then look the verdict up themselves. */
  async #attempt(task: () => unknown): Promise<void> {
    try {
      await task();
    } catch {}
  }
}
