import type { Clock } from '../clock.js';
import type { Authenticated } from '../handler/verdict.js';
import { publishCacheEvent } from './cache-events.js';
import type { CacheStore } from './cache-store.js';
import { printable } from './keyed-hash.js';
import { hasExpired } from './lifetime.js';
import { Seal } from './seal.js';
import { type DatedVerdict, verdictFromText, verdictToText } from './verdict-text.js';

/**
 * The second tier of a cache: good verdicts that other instances found out, in a store that is trusted with nothing.
 * Values are sealed, bound to their key and their end; whatever is odd about one is a miss. Refusals stay local: a
 * flood of bad tokens is not to be multiplied.
 */
export class SharedTier {
  readonly #namespace: string;
  readonly #seal: Seal;
  readonly #store: CacheStore;
  readonly #clock: Clock;
  #forged = 0;

  constructor(
    options: { namespace: string; purpose: string; secret: string },
    collaborators: { store: CacheStore; clock: Clock },
  ) {
    this.#namespace = options.namespace;
    this.#seal = new Seal(options.secret, `seal 1 ${options.purpose}`);
    this.#store = collaborators.store;
    this.#clock = collaborators.clock;
  }

  /** How many values carried a seal that was not ours. */
  get forged(): number {
    return this.#forged;
  }

  /** What the store knows. Never rejects. */
  async read(key: string): Promise<DatedVerdict | undefined> {
    const label = printable(key);
    try {
      const sealed = await this.#store.get(label);
      return sealed === undefined ? undefined : this.#open(label, sealed);
    } catch {
      return undefined;
    }
  }

  /** Leaves a verdict to the others, at most until `endsAtMs`. Waits for nothing and never throws. */
  write(key: string, verdict: Authenticated, endsAtMs: number): void {
    const ttlMs = Math.floor(endsAtMs - this.#clock.now());
    const text = ttlMs < 1 ? undefined : verdictToText({ verdict, endsAtMs });
    if (text === undefined) return;
    const label = printable(key);
    this.#attempt(() => this.#store.set(label, this.#seal.close(label, text), ttlMs));
  }

  drop(key: string): void {
    this.#attempt(() => this.#store.delete(printable(key)));
  }

  #open(label: string, sealed: string): DatedVerdict | undefined {
    const text = this.#seal.open(label, sealed);
    if (text === undefined) {
      this.#forged += 1;
      publishCacheEvent({ kind: 'shared_value_forged', namespace: this.#namespace });
      return undefined;
    }
    const dated = verdictFromText(text);
    const isOver = this.#clock.now() >= dated.endsAtMs || hasExpired(dated.verdict.principal, this.#clock);
    return isOver ? undefined : dated;
  }

  /** A verdict that could not be shared is found out again by whoever needs it. */
  async #attempt(task: () => unknown): Promise<void> {
    try {
      await task();
    } catch {}
  }
}
