import { type Denied, denied } from '@sallyport/core';
import { isVerdict } from '@sallyport/core/extend';
import { listed } from '../token/details.js';
import { parseStrictJson } from '../token/strict-json.js';
import type { TokenClaims } from '../token/token-claims.js';
import { hasSignatureLength } from './algorithms.js';
import { type CompactJws, parseCompactJws } from './compact-jws.js';
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
 * rules, and no claim is read before the signature was right.
 * @throws {UpstreamError} when the keys cannot be fetched
 */
export async function openJws(token: string, rules: JwsRules): Promise<OpenedJws | Denied> {
  const { headerRules, onKeyOffer } = rules;
  const jws = parseCompactJws(token);
  if (jws === undefined) return TOKEN_MALFORMED;
  const header = readTokenHeader(jws.header, headerRules);
  if (isVerdict(header)) return header;
  if (header.offersKey) onKeyOffer();
  if (!hasSignatureLength(jws.signature, header.algorithm)) {
    return denied('signature_invalid', { detail: `the signature has not the length of ${header.algorithm}` });
  }
  const key = await signerOf(jws, header, rules);
  if (isVerdict(key)) return key;
  const claims = parseStrictJson(Buffer.from(jws.payload, 'base64url'));
  return claims === undefined ? CLAIMS_MALFORMED : { key, header, claims };
}

/** The key that signed the token, among those that may have. */
async function signerOf(
  jws: CompactJws,
  { algorithm, keyName }: TokenHeader,
  { keys, address }: JwsRules,
): Promise<VerificationKey | Denied> {
  const found = await keys.find(keyName, algorithm, address);
  if (found === 'unknown') return denied('key_unknown', { detail: `${saidBy(keyName)}, ${knownAmong(keys)}` });
  if (found === 'unfit') {
    return denied('key_unfit', { detail: `${saidBy(keyName)}: no key is for ${algorithm}, or too many are` });
  }
  const signer = await firstSigner(jws, found, algorithm);
  if (signer !== undefined) return signer;
  const newer = await keys.findAnew?.(keyName, algorithm, address);
  const untried = typeof newer === 'object' ? newer.filter((key) => !found.includes(key)) : [];
  const last = await firstSigner(jws, untried, algorithm);
  return (
    last ?? denied('signature_invalid', { detail: `${saidBy(keyName)}, ${algorithm}: ${triedOf(found, untried)}` })
  );
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

async function firstSigner(
  jws: CompactJws,
  candidates: readonly VerificationKey[],
  algorithm: string,
): Promise<VerificationKey | undefined> {
  for (const key of candidates) if (await isSignedWith(jws, key, algorithm)) return key;
  return undefined;
}
