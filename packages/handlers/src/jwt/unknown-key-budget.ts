import type { Clock } from '@sallyport/core';
import { LRUCache } from 'lru-cache';

const MAX_MISSING = 1_000;

/**
 * Limits what tokens with made-up key identifiers can cause: one fetch per cool-down for all of them together, and
 * none for an identifier that a fetch did not bring within the last two.
 */
export class UnknownKeyBudget {
  readonly #cooldownMs: number;
  readonly #clock: Clock;
  readonly #missingUntilMs = new LRUCache<string, number>({ max: MAX_MISSING });
  #nextMs = Number.NEGATIVE_INFINITY;

  constructor(cooldownMs: number, clock: Clock) {
    this.#cooldownMs = cooldownMs;
    this.#clock = clock;
  }

  /** True when a fetch may be made; the cool-down begins, whatever becomes of that fetch. */
  spend(): boolean {
    const nowMs = this.#clock.monotonic();
    if (nowMs < this.#nextMs) return false;
    this.#nextMs = nowMs + this.#cooldownMs;
    return true;
  }

  isMissing(id: string): boolean {
    return this.#clock.monotonic() < (this.#missingUntilMs.get(id) ?? Number.NEGATIVE_INFINITY);
  }

  noteMissing(id: string): void {
    this.#missingUntilMs.set(id, this.#clock.monotonic() + 2 * this.#cooldownMs);
  }
}
