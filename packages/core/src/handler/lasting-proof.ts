import type { Verdict } from '../verdict/verdict.js';

/** What is told when a proof may have fallen. */
export interface ProofWatcher {
  /** Asks the proof again. Must not throw. */
  reconsider(): void;
}

/**
 * A proof that goes on after its request, for leases: what its handler keeps to know whether it still holds. It never holds
 * the credential, only keyed hashes of it.
 */
export interface LastingProof {
  /** The refusal if the proof no longer holds. Synchronous, from memory, never throws. */
  recheck(): Verdict | undefined;
  /** Has the watcher called as soon as the proof may have fallen, until `unwatch`. One watcher at a time. */
  watch(watcher: ProofWatcher): void;
  unwatch(): void;
  /** The part of it that goes on when its handler is closed and the lease is not. Default: all of it. */
  detached?(): LastingProof;
}
