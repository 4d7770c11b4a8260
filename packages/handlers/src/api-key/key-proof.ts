import { unavailable, type Verdict } from '@sallyport/core';
import { type Clock, isVerdict, type LastingProof, type ProofWatcher } from '@sallyport/core/extend';
import { unknown, verdictOf } from './api-key-verdict.js';
import type { KeyDirectory } from './key-directory.js';

/** What a key that goes on is known by. */
export interface KeyProofInit {
  readonly id: string;
  /** What its text is kept as, by each secret of the deployment. */
  readonly hashes: readonly string[];
  readonly handler: string;
  /** Falls by revocations. */
  readonly proof: LastingProof;
}

/**
 * A key that goes on until it is revoked, or until its record says that this text has ended, which no revocation tells. The
 * record is found again in the background, when the proof is asked and the store has changed. Holds hashes, not the key.
 */
export class KeyProof implements LastingProof {
  readonly #init: KeyProofInit;
  readonly #directory: KeyDirectory;
  readonly #clock: Clock;
  #watcher: ProofWatcher | undefined;
  #isAsking = false;
  /** The state of the store that was asked last. */
  #seen: unknown;
  /** In seconds since the epoch, by the record that was seen. */
  #endsAt = Number.POSITIVE_INFINITY;
  #refusal: Verdict | undefined;

  constructor(init: KeyProofInit, directory: KeyDirectory, clock: Clock) {
    this.#init = init;
    this.#directory = directory;
    this.#clock = clock;
  }

  recheck(): Verdict | undefined {
    const revoked = this.#init.proof.recheck();
    if (revoked !== undefined) return revoked;
    if (this.#refusal?.kind === 'denied') return this.#refusal;
    if (!this.#isAsking && !this.#isKnown()) this.#askAgain();
    return this.#refusal;
  }

  watch(watcher: ProofWatcher): void {
    this.#watcher = watcher;
    this.#init.proof.watch(watcher);
  }

  unwatch(): void {
    this.#watcher = undefined;
    this.#init.proof.unwatch();
  }

  /** The store of a handler that is closed may be closed, too. */
  detached(): LastingProof {
    return this.#init.proof;
  }

  #isKnown(): boolean {
    const { state } = this.#directory;
    return state !== undefined && state === this.#seen && this.#now() < this.#endsAt;
  }

  async #askAgain(): Promise<void> {
    this.#isAsking = true;
    const { state } = this.#directory;
    const verdict = await this.#verdict().catch((error: unknown) => unavailable(error));
    this.#isAsking = false;
    const isGood = verdict.kind === 'authenticated';
    this.#seen = verdict.kind === 'unavailable' ? undefined : state;
    this.#endsAt = (isGood ? verdict.principal.expiresAt : undefined) ?? Number.POSITIVE_INFINITY;
    this.#refusal = isGood ? undefined : verdict;
    if (verdict.kind === 'denied') this.#watcher?.reconsider();
  }

  async #verdict(): Promise<Verdict> {
    const { id, hashes, handler } = this.#init;
    const record = await this.#directory.find(id);
    if (isVerdict(record)) return record;
    const found = record?.secrets.findIndex(({ hash }) => hashes.includes(hash)) ?? -1;
    return record === undefined || found < 0 ? unknown(record) : verdictOf(record, found, this.#now(), handler);
  }

  #now(): number {
    return this.#clock.now() / 1_000;
  }
}
