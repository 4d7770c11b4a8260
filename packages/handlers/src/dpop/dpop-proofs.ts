import { hash } from 'node:crypto';
import {
  type Authenticated,
  authenticated,
  type Challenged,
  challenged,
  type Unavailable,
  unavailable,
  type Verdict,
} from '@sallyport/core';
import { type Clock, type Eventually, isVerdict, type OnceStore, type SecurityRequest } from '@sallyport/core/extend';
import { LRUCache } from 'lru-cache';
import type { KeyProof } from '../confirmation/possession.js';
import { hasSignatureLength } from '../jose/algorithms.js';
import { type CompactJws, parseCompactJws } from '../jose/compact-jws.js';
import { isSignedWith } from '../jose/signature.js';
import type { VerificationKey } from '../jose/verification-key.js';
import { said } from '../token/details.js';
import { type DpopSettings, nonceMode } from './dpop-options.js';
import {
  BAD_SIGNATURE,
  badProof,
  NO_PROOF,
  OTHER_KEY,
  OTHER_TOKEN,
  PROOF_TOO_LONG,
  REPLAYED,
  SEVERAL_PROOFS,
} from './dpop-verdict.js';
import { type ProofClaims, readProofClaims } from './proof-claims.js';
import { type ProofHeader, proofKey, readProofHeader } from './proof-header.js';
import { ProofMarks, type UsedProof } from './proof-marks.js';
import { isForUrl, urlMismatch } from './request-url.js';
import { ServerNonces } from './server-nonces.js';

/** Services of the proofs. */
export interface DpopCollaborators {
  readonly clock: Clock;
  readonly onceStore: OnceStore | undefined;
}

/** Enough for an RSA key of 4,096 bits and its signature, several times over. */
const MAX_PROOF_CHARACTERS = 8_192;
/** Keys of clients that are remembered. A key is imported again when it comes back after so many others. */
const MAX_KEYS = 1_000;

/** A proof that was read, and what it was read from. */
interface Proof {
  readonly jws: CompactJws;
  readonly header: ProofHeader;
  readonly claims: ProofClaims;
}

/** What was learnt from the header of a good proof. A client sends the same header each time. */
interface KnownKey {
  readonly header: ProofHeader;
  readonly key: VerificationKey;
}

/**
 * Checks DPoP proofs (RFC 9449 4.3). The RFC leaves the order open: what costs little comes first, and the signature last. A
 * proof is read only beside a good token, and its signature is checked only if it is by the key of that token, so that nobody
 * without a token makes this server compute. What is marked as used was signed by the owner of the key.
 */
export class DpopProofs implements KeyProof {
  readonly #settings: DpopSettings;
  readonly #algorithms: ReadonlySet<string>;
  readonly #clock: Clock;
  readonly #marks: ProofMarks;
  readonly #nonces: ServerNonces | undefined;
  readonly #requiresNonce: boolean;
  readonly #keys = new LRUCache<string, KnownKey>({ max: MAX_KEYS });

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID */
  constructor(
    settings: DpopSettings,
    { name, clockToleranceSeconds: toleranceSeconds }: { name: string; clockToleranceSeconds: number },
    { clock, onceStore }: DpopCollaborators,
  ) {
    const mode = nonceMode(settings, onceStore !== undefined);
    this.#settings = settings;
    this.#algorithms = new Set(settings.algorithms);
    this.#clock = clock;
    this.#nonces = mode === 'never' ? undefined : new ServerNonces({ ...settings, toleranceSeconds }, clock);
    this.#requiresNonce = mode === 'required';
    this.#marks = new ProofMarks({ ...settings, name, toleranceSeconds }, { clock, onceStore });
  }

  proved(verdict: Authenticated, thumbprint: string, token: string, request: SecurityRequest): Eventually<Verdict> {
    const proof = this.#read(request.headerLines('dpop'));
    if (isVerdict(proof)) return proof;
    const mismatch = this.#mismatch(proof, { thumbprint, token, request });
    if (mismatch !== undefined) return mismatch;
    const { nonce, iat } = proof.claims;
    const nonceAge = nonce === undefined ? undefined : this.#nonces?.ageOf(nonce);
    if (nonceAge === undefined) {
      if (this.#requiresNonce || (nonce !== undefined && this.#nonces !== undefined)) return this.#askForNonce();
      const now = this.#clock.now() / 1_000;
      if (!(Math.abs(now - iat) <= this.#settings.windowSeconds)) return this.#untimely(iat, now);
    }
    return this.#verify(verdict, proof, nonceAge, request);
  }

  #read(lines: readonly string[]): Proof | Verdict {
    const [text] = lines;
    if (text === undefined) return NO_PROOF;
    if (lines.length > 1 || text.includes(',')) return SEVERAL_PROOFS;
    if (text.length > MAX_PROOF_CHARACTERS) return PROOF_TOO_LONG;
    const jws = parseCompactJws(text.trim());
    if (jws === undefined) return badProof('dpop_proof_malformed', 'it is no JWS of three parts in base64url');
    const header = this.#keys.get(jws.header)?.header ?? readProofHeader(jws.header, this.#algorithms);
    if (isVerdict(header)) return header;
    if (!hasSignatureLength(jws.signature, header.algorithm)) return BAD_SIGNATURE;
    const claims = readProofClaims(jws.payload);
    return isVerdict(claims) ? claims : { jws, header, claims };
  }

  /** Why a proof is for another request, token or key. */
  #mismatch({ header, claims }: Proof, { thumbprint, token, request }: Bound): Verdict | undefined {
    const { htm, htu, ath } = claims;
    const { method, path } = request;
    if (htm !== method) return badProof('dpop_proof_method_mismatch', `${said('htm', htm)}, the method is ${method}`);
    const { externalUrl } = this.#settings;
    if (!isForUrl(htu, path, externalUrl))
      return badProof('dpop_proof_url_mismatch', urlMismatch(htu, path, externalUrl));
    if (ath !== hash('sha256', token, 'base64url')) return OTHER_TOKEN;
    return header.thumbprint === thumbprint ? undefined : OTHER_KEY;
  }

  async #verify(
    verdict: Authenticated,
    { jws, header, claims }: Proof,
    nonceAge: number | undefined,
    request: SecurityRequest,
  ): Promise<Verdict> {
    const known = this.#keys.get(jws.header);
    const key = known?.key ?? proofKey(header);
    if (isVerdict(key)) return key;
    if (!(await isSignedWith(jws, key, header.algorithm))) return BAD_SIGNATURE;
    if (known === undefined) this.#keys.set(jws.header, { header, key });
    const { issuer = '', subject } = verdict.principal;
    const used = { ...claims, thumbprint: header.thumbprint, nonceAge, holder: `${issuer} ${subject}`, request };
    const answer = await this.#marks.mark(used);
    if (typeof answer !== 'boolean') return this.#unsure(answer, used);
    return answer ? this.#granted(verdict, nonceAge) : REPLAYED;
  }

  /** Where marks were lost, a nonce of now shows that a proof is newer. */
  #unsure(outage: Unavailable, used: UsedProof): Verdict {
    const seconds = this.#nonces && this.#marks.untilNewer(outage, used);
    if (seconds === undefined) return outage;
    const { reason, detail } = outage;
    return seconds === 0 ? this.#askForNonce() : unavailable(reason, { detail, retryAfterSeconds: seconds });
  }

  /** With the next nonce, where that of the client ends soon (RFC 9449 8.2). */
  #granted(verdict: Authenticated, nonceAge: number | undefined): Authenticated {
    const nonces = this.#nonces;
    if (nonces === undefined || nonceAge === undefined || nonceAge < this.#settings.nonceSeconds / 2) return verdict;
    return authenticated(verdict.principal, { headers: [...verdict.headers, ['DPoP-Nonce', nonces.current]] });
  }

  /** The clock of a client may be wrong, so it may try again with a nonce, which tells the time by itself. */
  #untimely(iat: number, now: number): Verdict {
    if (this.#nonces !== undefined) return this.#askForNonce();
    const { windowSeconds } = this.#settings;
    return badProof(
      'dpop_proof_untimely',
      `${said('iat', iat)}, now is ${now}, at most ${windowSeconds} s apart are allowed`,
    );
  }

  #askForNonce(): Challenged {
    return challenged(ASKING, { headers: [['DPoP-Nonce', (this.#nonces as ServerNonces).current]] });
  }
}

/** What a proof has to be for. */
interface Bound {
  readonly thumbprint: string;
  readonly token: string;
  readonly request: SecurityRequest;
}

const ASKING = {
  error: 'use_dpop_nonce',
  error_description: 'The proof needs the nonce of this answer.',
};
