import type { Clock } from '../clock/clock.js';
import type { LastingProof, ProofWatcher } from '../handler/lasting-proof.js';
import type { Verdict } from '../verdict/verdict.js';
import type { Basis } from './basis.js';
import { PROOF_OUTDATED } from './verdict-memory.js';

/** A proof that falls also when its basis does, such as a key that is withdrawn. */
export class FoundedProof implements LastingProof {
  readonly #proof: LastingProof;
  readonly #basis: Basis;
  readonly #clock: Clock;

  constructor(proof: LastingProof, basis: Basis, clock: Clock) {
    this.#proof = proof;
    this.#basis = basis;
    this.#clock = clock;
  }

  recheck(): Verdict | undefined {
    return this.#proof.recheck() ?? (this.#basis.stands(this.#clock.monotonic()) ? undefined : PROOF_OUTDATED);
  }

  watch(watcher: ProofWatcher): void {
    this.#proof.watch(watcher);
  }

  unwatch(): void {
    this.#proof.unwatch();
  }

  /** Keys are no longer fetched for a handler that is closed. */
  detached(): LastingProof {
    return this.#proof;
  }
}
