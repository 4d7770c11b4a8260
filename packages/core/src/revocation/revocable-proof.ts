import type { LastingProof, ProofWatcher } from '../handler/lasting-proof.js';
import type { Principal } from '../principal/principal.js';
import { type Denied, denied } from '../verdict/verdict.js';
import type { RevocationIndex } from './revocation-index.js';
import { tagOfName } from './revocation-watch.js';

export const REVOKED: Denied = denied('token_revoked');

/** What a proof is known by among the revocations. */
export interface RevocableInit {
  /** The keyed hashes of the credential in all its spellings, in one text. */
  readonly names: string;
  readonly principal: Principal;
  /** How many revocations there were when the credential was judged. */
  readonly since: number;
}

/** A proof that holds until the token, its `jti`, its subject or its client is revoked. Holds names, not the token. */
export class RevocableProof implements LastingProof {
  readonly #index: RevocationIndex;
  readonly #names: string;
  readonly #principal: Principal;
  #since: number;
  #tags: readonly number[] | undefined;
  #watcher: ProofWatcher | undefined;

  constructor(index: RevocationIndex, { names, principal, since }: RevocableInit) {
    this.#index = index;
    this.#names = names;
    this.#principal = principal;
    this.#since = since;
  }

  /** Nobody can look the credential up again, so a proof of unknown age falls with its subject or client. */
  recheck(): Denied | undefined {
    const { epoch } = this.#index;
    if (this.#since === epoch) return undefined;
    if (this.#index.statusOfNamed(this.#names, this.#principal, this.#since) !== 'clear') return REVOKED;
    this.#since = epoch;
    return undefined;
  }

  watch(watcher: ProofWatcher): void {
    this.#watcher = watcher;
    this.#tags = this.#index.namesOf(this.#names, this.#principal).map(tagOfName);
    this.#index.watch.add(this.#tags, watcher);
  }

  unwatch(): void {
    if (this.#watcher !== undefined) this.#index.watch.remove(this.#tags ?? [], this.#watcher);
    this.#watcher = undefined;
  }
}
