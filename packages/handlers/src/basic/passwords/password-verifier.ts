import { type Clock, fingerprint, type Secret } from '@sallyport/core/extend';
import { type HashClient, HashQueue, type HashQueueOptions } from './hash-queue.js';
import type { HashKind, StoredHash } from './password-hash.js';
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

/** A store has hashes of a few kinds; one with a kind per account is not imitated any further. */
const MAX_KINDS = 16;

/**
 * Hashes to check the passwords of unknown users against, so that they cost what known users cost: like the hashes that
 * were seen in the store, or like new ones are made as long as none was seen. Where a store holds several kinds, every
 * unknown name gets one of them, and always the same.
 */
class DecoyHashes {
  readonly #usual: StoredHash;
  readonly #seen = new Map<string, StoredHash>();

  constructor(usual: HashKind) {
    this.#usual = decoyOf(usual);
  }

  /** Learns what the store's hashes are like. */
  imitate(kind: HashKind): void {
    const { prefix } = kind.shape;
    if (!this.#seen.has(prefix) && this.#seen.size < MAX_KINDS) this.#seen.set(prefix, decoyOf(kind));
  }

  for(userName: string): StoredHash {
    const seen = [...this.#seen.values()];
    return seen[Number.parseInt(fingerprint(userName), 16) % seen.length] ?? this.#usual;
  }
}

function decoyOf({ format, shape }: HashKind): StoredHash {
  return { format, shape, hash: format.decoy(shape) };
}
