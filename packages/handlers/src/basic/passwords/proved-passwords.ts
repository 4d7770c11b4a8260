import { randomBytes } from 'node:crypto';
import { type Clock, Expiring, KeyedHash, option } from '@sallyport/core/extend';

export interface ProvedPasswordsOptions {
  /** How long a password that was right needs no hashing again, in seconds. 0 to 60, default 60; 0 switches it off. */
  readonly ttlSeconds?: number | undefined;
  /** Proofs remembered at once, the least recently used goes first. 1 to 10 000 000, default 10 000. */
  readonly maxEntries?: number | undefined;
}

/** What is known of a credential whose password was right. */
export interface Proof {
  /** As it was sent. */
  readonly userName: string;
  readonly account: string;
  /** The stored hash that the password was checked against: another one ends the proof. */
  readonly hash: string;
  /** The last revocation that it is known to have survived. */
  revocation: number;
}

/**
 * Remembers that a password was right for a stored hash, under a keyed hash of the credential as it was sent: what is
 * remembered need not even be decoded. It keeps the fact and no principal, so that changed roles take effect at once;
 * that is why it is no `VerdictCache`. Wrong passwords are never remembered, and nothing of this leaves the process.
 */
export class ProvedPasswords {
  readonly #hash = new KeyedHash(randomBytes(32).toString('hex'), 'basic');
  readonly #proofs: Expiring<Proof>;
  readonly #ttlMs: number;
  #epoch = 0;

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
  constructor(options: ProvedPasswordsOptions, clock: Clock) {
    const checked = option.check('ProvedPasswordsOptions', options, {
      ttlSeconds: option.withDefault(option.between(0, 60), 60),
      maxEntries: option.withDefault(option.between(1, 10_000_000), 10_000),
    });
    this.#proofs = new Expiring({ maxEntries: checked.maxEntries }, clock);
    this.#ttlMs = checked.ttlSeconds * 1_000;
  }

  /** Counts invalidations: what was checked before one must not be remembered after it. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Names a credential: what follows `Basic`, of which there is only one spelling. */
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

  /** Forgets all proofs of an account, also those that are on their way. */
  invalidate(account: string): void {
    this.#epoch += 1;
    this.#proofs.deleteWhere((proof) => proof.account === account);
  }
}
