import { readOnce } from '../handler/shared-reading.js';
import type { SecurityRequest } from '../request/request.js';
import { hashOfProcess } from '../secrecy/live-hash.js';

/** A power of two. */
const PLACES = 16_384;

/**
 * For handlers: what was made of credentials, where making it costs more than a hash and other requests will need it again.
 * It is remembered under a keyed hash of the credential, which must be well-formed Unicode. It must follow from the
 * credential alone and be small, and no verdict may be kept: nothing expires or is revoked here. There are 16,384 places. A hash
 * may have one of two, and what is kept displaces the older one of them, so that some of it is soon made again.
 * @example
 * const lengths = new ReadingMemory<number>();
 * lengths.keep(token, request, 460);
 * const length = lengths.recall(token, request); // 460
 */
export class ReadingMemory<Reading> {
  #names: (string | undefined)[] | undefined;
  readonly #readings: (Reading | undefined)[] = [];

  /** What was kept for the credential; `undefined` if nothing was, or if another one has taken its place. */
  recall(credential: string, request: SecurityRequest): Reading | undefined {
    // Before anything is kept, nobody has to hash.
    if (this.#names === undefined) return undefined;
    const name = nameIn(request, credential);
    const place = firstPlaceOf(name);
    if (this.#names[place] === name) return this.#readings[place];
    return this.#names[place + 1] === name ? this.#readings[place + 1] : undefined;
  }

  keep(credential: string, request: SecurityRequest, reading: Reading): void {
    this.#names ??= this.#allocated();
    const name = nameIn(request, credential);
    const place = firstPlaceOf(name);
    if (this.#names[place] !== name) {
      this.#names[place + 1] = this.#names[place];
      this.#readings[place + 1] = this.#readings[place];
    }
    this.#names[place] = name;
    this.#readings[place] = reading;
  }

  /** Filled from the beginning: V8 turns an array with far places of its own into a slower table. */
  #allocated(): (string | undefined)[] {
    for (let place = 0; place < PLACES; place += 1) this.#readings.push(undefined);
    return this.#readings.map(() => undefined);
  }
}

/** Caches without a secret use this name as well, so that a token of the Authorization header is hashed once for all. */
function nameIn(request: SecurityRequest, credential: string): string {
  return readOnce(hashOfProcess().name, credential, request);
}

/** An even number; the second place is next to it. The hash is keyed, so nobody can choose credentials that share places. */
function firstPlaceOf(name: string): number {
  return (name.charCodeAt(0) | (name.charCodeAt(1) << 8)) & (PLACES - 2);
}
