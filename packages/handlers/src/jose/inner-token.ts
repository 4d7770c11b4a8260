import type { Revocations } from '@sallyport/core';
import type { Basis } from '@sallyport/core/extend';

/**
 * The basis of a verdict about an encrypted token. The key that verified the signed token inside must stand, and that
 * token must not be revoked. Its holder can encrypt it again, so the text of the outer token does not identify it.
 */
export class InnerToken implements Basis {
  readonly name = undefined;
  readonly #proof: Basis;
  readonly #revocations: Revocations;
  readonly revocable: string;
  /** The last revocation that the token is known to have survived. */
  #epoch: number | undefined;

  /** @param token the name of the token inside, among the revocations */
  constructor(token: string, proof: Basis, revocations: Revocations) {
    this.revocable = token;
    this.#proof = proof;
    this.#revocations = revocations;
  }

  stands(nowMs: number): boolean {
    return this.#proof.stands(nowMs) && this.#isUnrevoked();
  }

  #isUnrevoked(): boolean {
    const { epoch } = this.#revocations;
    if (this.#epoch === epoch) return true;
    if (this.#revocations.refusesNamed(this.revocable)) return false;
    this.#epoch = epoch;
    return true;
  }
}
