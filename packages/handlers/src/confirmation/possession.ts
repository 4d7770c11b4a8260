import {
  type Authenticated,
  type Confirmation,
  type Denied,
  denied,
  type Malformed,
  type Verdict,
} from '@sallyport/core';
import type { Eventually, ProofOfPossession, SecurityRequest } from '@sallyport/core/extend';
import { listed } from '../token/details.js';
import { unprovedCertificate } from './certificate-possession.js';
import type { ConfirmationSettings } from './confirmation-options.js';

const NO_PROOF = denied('confirmation_unproved', {
  detail: 'cnf asks for a proof by "jkt", and this handler takes none',
});

const NOT_BY_DPOP = denied('confirmation_unproved', {
  detail: 'cnf asks for a proof by "jkt", and the token came without the scheme DPoP',
});
const UNBOUND = denied('dpop_token_unbound', {
  detail: 'the scheme is DPoP, and cnf of the token names no key (jkt)',
});

/** Proves the possession of a key by what a request carries beside its token. */
export interface KeyProof {
  /** The verdict as it holds for this request, if the request proves the key of this thumbprint. */
  proved(verdict: Authenticated, thumbprint: string, token: string, request: SecurityRequest): Eventually<Verdict>;
}

/**
 * Checks that the sender of a request has the keys that its token is bound to. A proof belongs to the request: each request
 * needs its own, also where the verdict about the token is remembered (RFC 8705 3, RFC 9449 7).
 */
export class Possession implements ProofOfPossession {
  readonly #required: ConfirmationSettings['required'];
  readonly #dpop: KeyProof | undefined;

  /** `dpop` is there where tokens may come by the scheme DPoP. */
  constructor({ required }: ConfirmationSettings, dpop?: KeyProof) {
    this.#required = required;
    this.#dpop = dpop;
  }

  /** The members that `cnf` of every token has to have, for the metadata of the resource. */
  get required(): readonly string[] {
    return typeof this.#required === 'boolean' ? [] : this.#required;
  }

  /** The good verdict about a token as it holds for this request. */
  proved(verdict: Authenticated, token: string, request: SecurityRequest): Eventually<Verdict> {
    const { confirmation } = verdict.principal;
    if (this.#required !== false) {
      const refusal = this.#unbound(confirmation);
      if (refusal !== undefined) return refusal;
    }
    if (confirmation === undefined) return this.#dpop !== undefined && isByDpop(request) ? UNBOUND : verdict;
    const { jkt, ...others } = confirmation;
    const refusal = unproved(others, request);
    if (refusal !== undefined) return refusal;
    return this.#byKey(verdict, jkt, token, request);
  }

  /** A token that is bound to a key comes by the scheme DPoP, and no other does (RFC 9449 7.1 and 7.2). */
  #byKey(
    verdict: Authenticated,
    thumbprint: string | undefined,
    token: string,
    request: SecurityRequest,
  ): Eventually<Verdict> {
    const isDpop = this.#dpop !== undefined && isByDpop(request);
    if (thumbprint === undefined) return isDpop ? UNBOUND : verdict;
    if (this.#dpop === undefined) return NO_PROOF;
    return isDpop ? this.#dpop.proved(verdict, thumbprint, token, request) : NOT_BY_DPOP;
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

function isByDpop({ authorization }: SecurityRequest): boolean {
  return authorization.kind === 'credentials' && authorization.scheme === 'dpop';
}

/** Why one of the keys is not proved that the connection could prove. All of them have to be. */
function unproved(confirmation: Confirmation, request: SecurityRequest): Denied | Malformed | undefined {
  for (const [method, value] of Object.entries(confirmation)) {
    const problem = method === 'x5t#S256' ? unprovedCertificate(value, request) : NO_PROOF;
    if (problem !== undefined) return problem;
  }
  return undefined;
}
