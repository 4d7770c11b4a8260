import { type Clock, fingerprint, type Secret } from '@sallyport/core/extend';
import { type HashClient, HashQueue, type HashQueueOptions } from './hash-queue.js';
import type { HashKind, StoredHash } from './password-hash.js';
import { type HashingOptions, PasswordHasher } from './password-hasher.js';

/**
 * Checks passwords on other threads, as many at once as the queue allows. A check costs the same whether or not the
 * user exists.
 */
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
   * True when this is the password of the stored hash, also an empty one (RFC 7617 2). Without a stored hash the same
   * work is done and the answer is false. The passwords of one `client.user` are checked one at a time. When
   * `client.abandoned` aborts, a waiting check is dropped. A check that has begun runs to its end, so that its failure
   * is counted.
   * @throws {UpstreamError} ERR_SALLYPORT_UPSTREAM_OVERLOADED
   */
  async matches(client: HashClient, password: Secret, stored: StoredHash | undefined): Promise<boolean> {
    if (stored !== undefined) this.#decoys.imitate(stored);
    const { format, hash } = stored ?? this.#decoys.for(client.user);
    const verify = () => withBytes(password, (bytes) => format.verify(hash, bytes));
    const matches = await this.#queue.run(client, verify);
    return matches && stored !== undefined;
  }

  /**
   * Loads the library that new hashes need.
   * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID where it is missing
   */
  load(): Promise<void> {
    return this.#hasher.load();
  }

  /** Makes a stronger hash of the same password if the stored hash is weaker than new ones. */
  async upgrade(client: HashClient, password: Secret, stored: StoredHash): Promise<string | undefined> {
    if (!this.#hasher.isOutdated(stored)) return undefined;
    return this.#queue.run(client, () => withBytes(password, this.#hasher.hash));
  }
}

/** Gives the password to `work` as bytes, and wipes them afterwards. */
async function withBytes<Value>(password: Secret, work: (bytes: Uint8Array) => Promise<Value>): Promise<Value> {
  const bytes = Buffer.from(password.reveal());
  try {
    return await work(bytes);
  } finally {
    bytes.fill(0);
  }
}

/** A store usually has a few kinds of hashes. Further kinds are not imitated. */
const MAX_KINDS = 16;

/**
 * Hashes for checking the passwords of unknown users, so that these logins cost as much as those of known users. They
 * are like the hashes that were seen in the store. Before the first of those, they are like new hashes. If the store
 * holds several kinds, each unknown name always gets the same kind.
 */
class DecoyHashes {
  readonly #kind: HashKind;
  #usual: StoredHash | undefined;
  readonly #seen = new Map<string, StoredHash>();

  constructor(usual: HashKind) {
    this.#kind = usual;
  }

  /** Remembers one kind of the store's hashes. */
  imitate(kind: HashKind): void {
    const { prefix } = kind.shape;
    if (!this.#seen.has(prefix) && this.#seen.size < MAX_KINDS) this.#seen.set(prefix, decoyOf(kind));
  }

  for(userName: string): StoredHash {
    const seen = [...this.#seen.values()];
    // Made here: Workers have no random bytes while a program loads.
    this.#usual ??= decoyOf(this.#kind);
    return seen[Number.parseInt(fingerprint(userName), 16) % seen.length] ?? this.#usual;
  }
}

function decoyOf({ format, shape }: HashKind): StoredHash {
  return { format, shape, hash: format.decoy(shape) };
}
