import { hash, type KeyObject } from 'node:crypto';
import type { Basis } from '@sallyport/core/extend';
import { isQuick } from './algorithms.js';
import { THUMBPRINTS, type Thumbprints } from './key-name.js';

const NO_THUMBPRINTS: Thumbprints = {};

/** What a key belongs to, such as the set that it was published in. */
export type KeyOwner = Pick<Basis, 'stands'>;

/**
 * A key that verifies signatures, and the only algorithms that it may be used for (RFC 8725 3.1). Verdicts that rest on
 * the key stand until it is withdrawn or its owner no longer stands.
 */
export class VerificationKey implements Basis {
  readonly id: string | undefined;
  readonly key: KeyObject;
  readonly algorithms: ReadonlySet<string>;
  /** Whether to check a signature takes less time than to hand it on to another thread. */
  readonly isQuick: boolean;
  /** Of the certificate that was published with the key. */
  readonly thumbprints: Thumbprints;
  #owner: KeyOwner | undefined;
  #isWithdrawn = false;
  #name: string | undefined;

  constructor(
    id: string | undefined,
    key: KeyObject,
    algorithms: Iterable<string>,
    thumbprints: Thumbprints = NO_THUMBPRINTS,
  ) {
    this.id = id;
    this.key = key;
    this.algorithms = new Set(algorithms);
    this.isQuick = isQuick(key);
    this.thumbprints = thumbprints;
  }

  /**
   * The same in every process that trusts this key for the same algorithms. A shared secret has no name, because the
   * secret could be guessed from its hash.
   */
  get name(): string | undefined {
    if (this.key.type === 'secret') return undefined;
    this.#name ??= hash('sha256', JSON.stringify([this.id, spkiOf(this.key), ...this.#sortedAlgorithms]), 'base64url');
    return this.#name;
  }

  stands(nowMs: number): boolean {
    return !this.#isWithdrawn && this.#owner?.stands(nowMs) !== false;
  }

  belongTo(owner: KeyOwner | undefined): void {
    this.#owner = owner;
  }

  /** Ends everything that rests on this key. */
  withdraw(): void {
    this.#isWithdrawn = true;
  }

  isSameKey(other: VerificationKey): boolean {
    return this.id === other.id && this.key.equals(other.key);
  }

  /** The same key, for the same algorithms and with the same thumbprints. */
  isUnchanged(other: VerificationKey): boolean {
    return (
      this.isSameKey(other) &&
      String(this.#sortedAlgorithms) === String(other.#sortedAlgorithms) &&
      THUMBPRINTS.every((member) => this.thumbprints[member] === other.thumbprints[member])
    );
  }

  /** Another key has the same identifier, for an algorithm that this one is for as well. */
  isRivalOf(other: VerificationKey): boolean {
    return !this.key.equals(other.key) && [...this.algorithms].some((algorithm) => other.algorithms.has(algorithm));
  }

  get #sortedAlgorithms(): readonly string[] {
    return [...this.algorithms].toSorted();
  }
}

function spkiOf(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'der' }).toString('base64');
}
