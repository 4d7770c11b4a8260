import { randomBytes } from 'node:crypto';
import { type Clock, Expiring, KeyedHash, option } from '@sallyport/core/extend';

const PROVED_PASSWORDS = option.table('ProvedPasswordsOptions', {
  /** How long a right password is remembered and not hashed again, in seconds. 0 switches this off. */
  ttlSeconds: option.withDefault(option.between(0, 60), 60),
  /** How many proofs are remembered at once. When full, the least recently used goes first. */
  maxEntries: option.withDefault(option.between(1, 10_000_000), 10_000),
});

export interface ProvedPasswordsOptions extends option.Given<typeof PROVED_PASSWORDS> {}

export interface ProvedPasswordsSettings extends option.Kept<typeof PROVED_PASSWORDS> {}

export const provedPasswordsOptions: option.Table<ProvedPasswordsSettings, ProvedPasswordsOptions> = PROVED_PASSWORDS;

/** The proof that the password of a credential was right. */
export interface Proof {
  /** The user name as it was sent, in Unicode NFC. */
  readonly userName: string;
  readonly account: string;
  /** The stored hash that the password was checked against. The proof ends when the account has another hash. */
  readonly hash: string;
  /** When the password came that was checked, on the monotonic clock. */
  readonly askedMs: number;
  /** The last revocation that the proof is known to have survived. */
  revocation: number;
}

/**
 * Remembers that a password was right for a stored hash. The key is a keyed hash of the credential as it was sent, so a
 * remembered credential need not be decoded. Principals are not remembered, so changed roles take effect at once; a
 * `VerdictCache` would keep them. Wrong passwords are never remembered, and nothing leaves the process.
 */
export class ProvedPasswords {
  readonly #hash = new KeyedHash(() => randomBytes(32).toString('hex'), 'basic');
  readonly #proofs: Expiring<Proof>;
  readonly #ttlMs: number;
  #epoch = 0;

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
  constructor(options: ProvedPasswordsOptions, clock: Clock) {
    const { ttlSeconds, maxEntries } = provedPasswordsOptions(options);
    this.#proofs = new Expiring({ maxEntries }, clock);
    this.#ttlMs = ttlSeconds * 1_000;
  }

  /** The number of invalidations. A proof from before an invalidation must not be added after it. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Names a credential by a keyed hash. `token68` is the text after `Basic`, which has only one spelling. */
  nameOf(token68: string): string {
    return this.#hash.of(token68);
  }

  find(name: string): Proof | undefined {
    return this.#proofs.get(name);
  }

  drop(name: string): void {
    this.#proofs.delete(name);
  }

  /** Remembers a proof, unless something was invalidated since `epoch`. */
  add(name: string, proof: Proof, epoch: number): void {
    if (this.#ttlMs === 0 || epoch !== this.#epoch) return;
    this.#proofs.set(name, proof, this.#ttlMs);
  }

  /** Forgets all proofs of an account. A check that is under way will not add one either. */
  invalidate(account: string): void {
    this.#epoch += 1;
    this.#proofs.deleteWhere((proof) => proof.account === account);
  }
}
