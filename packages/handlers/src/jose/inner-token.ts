import type { Revocations } from '@sallyport/core';
import type { Basis } from '@sallyport/core/extend';

/**
 * What a verdict about an encrypted token rests on: the key that proved the signed token inside, and that this one is not
 * revoked. Whoever has it can encrypt it again, so no spelling of the outer token tells.
 */
export class InnerToken implements Basis {
  readonly name = undefined;
  readonly #proof: Basis;
  readonly #revocations: Revocations;
  readonly #token: string;
  /** The last revocation that the token is known to have survived. */
  #epoch: number | undefined;

  /** @param token its name among the revocations */
  constructor(token: string, proof: Basis, revocations: Revocations) {
    this.#token = token;
    this.#proof = proof;
    this.#revocations = revocations;
  }

  stands(nowMs: number): boolean {
    return this.#proof.stands(nowMs) && this.#isUnrevoked();
  }

  #isUnrevoked(): boolean {
    const { epoch } = this.#revocations;
    if (this.#epoch === epoch) return true;
    if (this.#revocations.refusesNamed(this.#token)) return false;
    this.#epoch = epoch;
    return true;
  }
}
