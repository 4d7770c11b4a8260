import { type Confirmation, type Denied, denied, type Malformed, type Verdict } from '@sallyport/core';
import type { SecurityRequest } from '@sallyport/core/extend';
import { listed } from '../token/details.js';
import { unprovedCertificate } from './certificate-possession.js';
import type { ConfirmationSettings } from './confirmation-options.js';

const NO_PROOF = denied('confirmation_unproved', {
  detail: 'cnf asks for a proof by "jkt", and this handler takes none',
});

/**
 * Checks that the sender of a request has the keys that its token is bound to. A proof belongs to the request: each request
 * needs its own, also where the verdict about the token is remembered (RFC 8705 3, RFC 9449 7).
 */
export class Possession {
  readonly #required: ConfirmationSettings['required'];

  constructor({ required }: ConfirmationSettings) {
    this.#required = required;
  }

  /** The verdict about a token as it holds for this request. */
  proved(verdict: Verdict, request: SecurityRequest): Verdict {
    if (verdict.kind !== 'authenticated') return verdict;
    const { confirmation } = verdict.principal;
    if (this.#required !== false) {
      const refusal = this.#unbound(confirmation);
      if (refusal !== undefined) return refusal;
    }
    return confirmation === undefined ? verdict : (unproved(confirmation, request) ?? verdict);
  }

  /** Why the token is not bound as it has to be. */
  #unbound(confirmation: Confirmation | undefined): Denied | undefined {
    const methods = this.#required === true ? undefined : (this.#required as readonly string[]);
    const isBound = confirmation !== undefined && methods?.some((name) => confirmation[name] === undefined) !== true;
    if (isBound) return undefined;
    const came = confirmation === undefined ? 'cnf is missing' : `cnf has ${listed(Object.keys(confirmation))}`;
    const expected = methods === undefined ? 'a proof of possession' : listed(methods);
    return denied('confirmation_missing', { detail: `${came}, expected ${expected}` });
  }
}

/** Why one of the keys is not proved. All of them have to be. */
function unproved(confirmation: Confirmation, request: SecurityRequest): Denied | Malformed | undefined {
  for (const [method, value] of Object.entries(confirmation)) {
    const problem = method === 'x5t#S256' ? unprovedCertificate(value, request) : NO_PROOF;
    if (problem !== undefined) return problem;
  }
  return undefined;
}
