import { type Denied, denied } from '@sallyport/core';
import { andThen, type Eventually, isVerdict, type SentJson } from '@sallyport/core/extend';
import { listed } from '../token/details.js';
import type { TokenClaims } from '../token/token-claims.js';
import { hasSignatureLength } from './algorithms.js';
import { type CompactJws, parseCompactJws, payloadOf } from './compact-jws.js';
import { saidBy } from './key-name.js';
import type { KeySet } from './key-set.js';
import { isSignedWith } from './signature.js';
import { type HeaderRules, readTokenHeader, type TokenHeader } from './token-header.js';
import type { VerificationKey } from './verification-key.js';

/** A token with a right signature. Its claims have not been checked. */
export interface OpenedJws {
  /** The key that verified the signature. */
  readonly key: VerificationKey;
  readonly header: TokenHeader;
  readonly claims: TokenClaims;
}

/** The rules for opening a token. `onKeyOffer` is called for a header that offers a key. */
export interface JwsRules {
  readonly headerRules: HeaderRules;
  readonly keys: KeySet;
  readonly onKeyOffer: () => void;
  /** The address that sent the token. Absent for tokens in the answers of a server. */
  readonly address?: string | undefined;
}

const TOKEN_MALFORMED = denied('token_malformed');
const CLAIMS_MALFORMED = denied('claims_malformed');

/**
 * Checks the signature of a token (RFC 7515 5.2). The order matters: no key is looked up for a header that breaks the
 * rules, and no claim is relied on before the signature was right. `payload` is that of the token, where somebody has read
 * it already. A promise only where keys have to be fetched, or the thread pool checks the signature.
 * @throws {UpstreamError} when the keys cannot be fetched
 */
export function openJws(token: string, rules: JwsRules, payload?: SentJson): Eventually<OpenedJws | Denied> {
  const { headerRules, onKeyOffer } = rules;
  const jws = parseCompactJws(token);
  if (jws === undefined) return TOKEN_MALFORMED;
  const header = readTokenHeader(jws.header, headerRules);
  if (isVerdict(header)) return header;
  if (header.offersKey) onKeyOffer();
  if (!hasSignatureLength(jws.signature, header.algorithm)) {
    return denied('signature_invalid', { detail: `the signature has not the length of ${header.algorithm}` });
  }
  return andThen(signerOf(jws, header, rules), (key) => {
    if (isVerdict(key)) return key;
    headerRules.proved?.keep(jws.header, header);
    const { claims } = payload ?? payloadOf(token);
    return claims === undefined ? CLAIMS_MALFORMED : { key, header, claims };
  });
}

/** The key that signed the token, among those that may have. */
function signerOf(jws: CompactJws, header: TokenHeader, rules: JwsRules): Eventually<VerificationKey | Denied> {
  const { algorithm, keyName } = header;
  const { keys, address } = rules;
  return andThen(keys.find(keyName, algorithm, address), (found) => {
    if (found === 'unknown') return denied('key_unknown', { detail: `${saidBy(keyName)}, ${knownAmong(keys)}` });
    if (found === 'unfit') {
      return denied('key_unfit', { detail: `${saidBy(keyName)}: no key is for ${algorithm}, or too many are` });
    }
    return andThen(firstSigner(jws, found, algorithm), (signer) => signer ?? newerSigner(jws, found, header, rules));
  });
}

/** A key that has taken the place of those that were found, if that is the signer. */
function newerSigner(
  jws: CompactJws,
  found: readonly VerificationKey[],
  { algorithm, keyName }: TokenHeader,
  { keys, address }: JwsRules,
): Eventually<VerificationKey | Denied> {
  return andThen(keys.findAnew?.(keyName, algorithm, address), (newer) => {
    const untried = typeof newer === 'object' ? newer.filter((key) => !found.includes(key)) : [];
    return andThen(firstSigner(jws, untried, algorithm), (signer) => {
      if (signer !== undefined) return signer;
      const detail = `${saidBy(keyName)}, ${algorithm}: ${triedOf(found, untried)}`;
      return denied('signature_invalid', { detail });
    });
  });
}

/** The identifiers of the keys that are known, for operators. */
function knownAmong({ keys }: KeySet): string {
  const ids = keys.flatMap(({ id }) => id ?? []);
  if (keys.length === 0) return 'no keys are known';
  return ids.length === 0 ? 'the known keys have no kid' : `known are ${listed(ids)}`;
}

function triedOf(...keys: readonly (readonly VerificationKey[])[]): string {
  const count = keys.flat().length;
  return count === 1 ? 'it is not by the key of this issuer' : `it is by none of ${count} keys`;
}

function firstSigner(
  jws: CompactJws,
  [key, ...others]: readonly VerificationKey[],
  algorithm: string,
): Eventually<VerificationKey | undefined> {
  if (key === undefined) return undefined;
  return andThen(isSignedWith(jws, key, algorithm), (isRight) => (isRight ? key : firstSigner(jws, others, algorithm)));
}
