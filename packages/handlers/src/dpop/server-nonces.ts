import { timingSafeEqual } from 'node:crypto';
import { type Clock, KeyedHash } from '@sallyport/core/extend';

/** The second in which a nonce was made, in base 36, and a keyed hash of it. */
const NONCE = /^([1-9a-z][0-9a-z]{0,8})\.([\w-]{22})$/;
const HASH_CHARACTERS = 22;
const PURPOSE = 'dpop nonce';

interface NonceRules {
  readonly secret: readonly string[] | undefined;
  readonly nonceSeconds: number;
  /** How far the clocks of instances may be apart. */
  readonly toleranceSeconds: number;
}

/**
 * Nonces for proofs (RFC 9449 8 and 9), without state: each says when it was made, and a keyed hash vouches for it. So every
 * instance with the secret knows those of the others, and nobody else can make one.
 */
export class ServerNonces {
  readonly #hashes: readonly KeyedHash[];
  readonly #rules: NonceRules;
  readonly #clock: Clock;
  #latest: readonly [second: number, nonce: string] | undefined;

  constructor(rules: NonceRules, clock: Clock) {
    this.#hashes = (rules.secret ?? [undefined]).map((secret) => new KeyedHash(secret, PURPOSE));
    this.#rules = rules;
    this.#clock = clock;
  }

  /** The nonce of this second. */
  get current(): string {
    const second = Math.floor(this.#clock.now() / 1_000);
    if (this.#latest?.[0] !== second) this.#latest = [second, this.#made(second)];
    return (this.#latest as readonly [number, string])[1];
  }

  /** How old a nonce is, in seconds; `undefined` for what is no nonce of this deployment, or too old. */
  ageOf(nonce: string): number | undefined {
    const [, encoded, mac] = NONCE.exec(nonce) ?? [];
    if (encoded === undefined || mac === undefined) return undefined;
    const given = Buffer.from(mac);
    if (!this.#hashes.some((hash) => timingSafeEqual(given, Buffer.from(macOf(hash, encoded))))) return undefined;
    const age = this.#clock.now() / 1_000 - Number.parseInt(encoded, 36);
    const { nonceSeconds, toleranceSeconds } = this.#rules;
    return age >= -toleranceSeconds && age <= nonceSeconds ? age : undefined;
  }

  #made(second: number): string {
    const encoded = second.toString(36);
    return `${encoded}.${macOf(this.#hashes[0] as KeyedHash, encoded)}`;
  }
}

function macOf(hash: KeyedHash, encoded: string): string {
  return Buffer.from(hash.of(encoded), 'latin1').toString('base64url').slice(0, HASH_CHARACTERS);
}
