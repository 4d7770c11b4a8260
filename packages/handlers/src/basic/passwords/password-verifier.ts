import type { Clock, Secret } from '@sallyport/core/extend';
import { DecoyHashes } from './decoy-hashes.js';
import { type HashClient, HashQueue, type HashQueueOptions } from './hash-queue.js';
import type { StoredHash } from './password-hash.js';
import { type HashingOptions, PasswordHasher } from './password-hasher.js';

/** Checks passwords on other threads, as many at once as the queue allows, at the same cost whether a user exists or not. */
export class PasswordVerifier {
  readonly #hasher: PasswordHasher;
  readonly #decoys: DecoyHashes;
  readonly #queue: HashQueue;

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
  constructor(hashing: HashingOptions, queue: HashQueueOptions, clock: Clock) {
    this.#hasher = new PasswordHasher(hashing);
    this.#decoys = new DecoyHashes(this.#hasher.target);
    this.#queue = new HashQueue(queue, clock);
  }

  /**
   * True when this is the password of the stored hash. Without one, or with an empty password, the work is the same
   * and the answer is no. `client` is whom the work is done for: one password at a time for each user. Once abandoned,
   * the work is not begun any more; what has begun is ended, so that its failure is counted.
   * @throws {UpstreamError} ERR_SALLYPORT_UPSTREAM_OVERLOADED
   */
  async matches(client: HashClient, password: Secret, stored: StoredHash | undefined): Promise<boolean> {
    if (stored !== undefined) this.#decoys.imitate(stored);
    const { format, hash } = stored ?? this.#decoys.for(client.user);
    const verify = () => withBytes(password, (bytes) => format.verify(hash, bytes));
    const matches = await this.#queue.run(client, verify);
    return matches && stored !== undefined && password.reveal() !== '';
  }

  /** A stronger hash of the same password, where the stored one is weaker than new ones are made. */
  async upgrade(client: HashClient, password: Secret, stored: StoredHash): Promise<string | undefined> {
    if (!this.#hasher.isOutdated(stored)) return undefined;
    return this.#queue.run(client, () => withBytes(password, this.#hasher.hash));
  }
}

/** The password as bytes, wiped as soon as the work is done. */
async function withBytes<Value>(password: Secret, work: (bytes: Uint8Array) => Promise<Value>): Promise<Value> {
  const bytes = Buffer.from(password.reveal());
  try {
    return await work(bytes);
  } finally {
    bytes.fill(0);
  }
}
