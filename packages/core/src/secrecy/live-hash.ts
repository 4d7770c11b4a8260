import { KeyedHash } from './keyed-hash.js';

/**
 * The keyed hashes of a text under every live secret. While a secret is replaced by another there are two: the first names what
 * is written, and what stands under either name is found. Without a secret, names are good in this process only.
 */
export class LiveHash {
  readonly #written: KeyedHash;
  readonly #replaced: readonly KeyedHash[];
  /** As `of`, for who asks by function. */
  readonly name = (text: string): string => this.of(text);

  constructor(secrets: readonly string[] | undefined, purpose: string) {
    const [first, ...others] = secrets ?? [];
    this.#written = new KeyedHash(first, purpose);
    this.#replaced = others.map((secret) => new KeyedHash(secret, purpose));
  }

  /** The name to write under. */
  of(text: string): string {
    return this.#written.of(text);
  }

  /** All names, the one to write under first. */
  allOf(text: string): readonly [string, ...string[]] {
    return [this.of(text), ...this.#replaced.map((hash) => hash.of(text))];
  }

  /** Whether something stands under one of the names. Makes no list: caches ask this on hits. */
  finds(text: string, has: (name: string) => boolean): boolean {
    return has(this.of(text)) || this.#replaced.some((hash) => has(hash.of(text)));
  }
}

let ofProcess: LiveHash | undefined;

/** The hash of all who need no secret of the deployment. They share it, so that a token may be hashed once for all of them. */
export function hashOfProcess(): LiveHash {
  ofProcess ??= new LiveHash(undefined, 'credentials in memory');
  return ofProcess;
}
