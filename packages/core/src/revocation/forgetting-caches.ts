import { randomUUID } from 'node:crypto';
import { printable, unprintable } from '../secrecy/keyed-hash.js';
import { hashOfProcess, LiveHash } from '../secrecy/live-hash.js';
import type { Forgotten } from './revocation.js';

/** Something that remembers answers under keyed hashes, such as a cache. */
export interface ForgettingCache {
  /** Forgets what is remembered under this name, also what a lookup under way would bring. */
  forgetNamed(name: string): void;
}

/** The caches that share revocations: what one of them forgets, those of other instances forget as well. */
export class ForgettingCaches {
  readonly #secret: readonly string[] | undefined;
  readonly #publish: (forgotten: Forgotten) => Promise<boolean>;
  /** Held weakly, because a cache has no end of its own. */
  readonly #caches = new Set<WeakRef<ForgettingCache>>();
  #name: string | undefined;

  constructor(secret: readonly string[] | undefined, publish: (forgotten: Forgotten) => Promise<boolean>) {
    this.#secret = secret;
    this.#publish = publish;
  }

  /** Names things by hashes that all instances of the deployment share. Without a secret, nobody is told these names. */
  hashFor(purpose: string): LiveHash {
    return this.#secret === undefined ? hashOfProcess() : new LiveHash(this.#secret, purpose);
  }

  add(cache: ForgettingCache): void {
    this.#caches.add(new WeakRef(cache));
  }

  /** Has other instances forget what they know under these names, within a second. True if they were told. */
  forgetElsewhere(names: readonly string[]): Promise<boolean> {
    return this.#publish({ names: names.map(printable), by: this.#self() });
  }

  /** Passes on what another instance has forgotten. */
  learn({ names, by }: Forgotten): void {
    if (by === this.#name) return;
    for (const reference of this.#caches) {
      const cache = reference.deref();
      if (cache === undefined) this.#caches.delete(reference);
      else for (const name of names) cache.forgetNamed(unprintable(name));
    }
  }

  /** Made with the first notice: Workers have no random bytes while a program loads. */
  #self(): string {
    this.#name ??= randomUUID();
    return this.#name;
  }
}
