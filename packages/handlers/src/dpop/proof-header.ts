import { hash } from 'node:crypto';
import type { Denied } from '@sallyport/core';
import { parseStrictJson } from '@sallyport/core/extend';
import { fits } from '../jose/algorithms.js';
import { isCanonicalBase64url } from '../jose/base64url.js';
import { importJwk, revealsPrivateKey } from '../jose/published-key.js';
import { tokenType } from '../jose/token-header.js';
import { VerificationKey } from '../jose/verification-key.js';
import { listed, oneOf, said } from '../token/details.js';
import { badProof } from './dpop-verdict.js';

/** What the header of a proof says (RFC 9449 4.2). */
export interface ProofHeader {
  readonly algorithm: string;
  /** The JWK thumbprint (RFC 7638) of the key. */
  readonly thumbprint: string;
  /** The key as it was sent. Importing it is dear, so it is imported when everything else is right. */
  readonly jwk: object;
}

const TYPE = 'dpop+jwt';

/** The members that a thumbprint is made of, in their order (RFC 7638 3.2, RFC 8037 2). */
const THUMBPRINT_MEMBERS: ReadonlyMap<unknown, readonly string[]> = new Map([
  ['EC', ['crv', 'kty', 'x', 'y']],
  ['OKP', ['crv', 'kty', 'x']],
  ['RSA', ['e', 'kty', 'n']],
]);

/** Members of other headers that would change what is signed, or by what. */
const FOREIGN = ['crit', 'b64', 'enc', 'zip', 'jku', 'x5u', 'x5c'];

/** Reads the header of a proof (RFC 9449 4.3, checks 2, 4, 5 and 7). */
export function readProofHeader(encoded: string, algorithms: ReadonlySet<string>): ProofHeader | Denied {
  const header = parseStrictJson(Buffer.from(encoded, 'base64url'));
  if (header === undefined)
    return badProof('dpop_proof_malformed', 'its header is no JSON object that can be read in one way');
  const { typ, alg, jwk } = header;
  if (tokenType(typ) !== TYPE)
    return badProof('dpop_proof_type_refused', `${said('typ', typ)}, expected ${listed([TYPE])}`);
  if (typeof alg !== 'string' || !algorithms.has(alg)) {
    return badProof('dpop_proof_algorithm_not_allowed', `${said('alg', alg)}, expected ${oneOf(algorithms)}`);
  }
  const foreign = FOREIGN.filter((name) => header[name] !== undefined);
  if (foreign.length > 0) return badProof('dpop_proof_malformed', `its header has ${listed(foreign)}`);
  const thumbprint = thumbprintOf(jwk);
  return typeof thumbprint === 'string' ? { algorithm: alg, thumbprint, jwk: jwk as object } : thumbprint;
}

/** The thumbprint of a public key, as it was sent: another spelling of the same key has another one. */
function thumbprintOf(jwk: unknown): string | Denied {
  if (typeof jwk !== 'object' || jwk === null || Array.isArray(jwk))
    return badProof('dpop_proof_key_refused', 'jwk is no object');
  if (revealsPrivateKey(jwk))
    return badProof('dpop_proof_key_refused', 'jwk has private members: the key is no secret any more');
  const members = jwk as Readonly<Record<string, unknown>>;
  const names = THUMBPRINT_MEMBERS.get(members['kty']);
  if (names === undefined) return badProof('dpop_proof_key_refused', said('jwk.kty', members['kty']));
  const wrong = names.find((name) =>
    isName(name) ? typeof members[name] !== 'string' : !isCanonicalBase64url(members[name]),
  );
  if (wrong !== undefined) return badProof('dpop_proof_key_refused', `jwk.${wrong} is missing or malformed`);
  const canonical = JSON.stringify(Object.fromEntries(names.map((name) => [name, members[name]])));
  return hash('sha256', canonical, 'base64url');
}

function isName(member: string): boolean {
  return member === 'kty' || member === 'crv';
}

/** The key of a proof, for its algorithm alone. */
export function proofKey({ jwk, algorithm }: ProofHeader): VerificationKey | Denied {
  const key = importJwk(jwk, [algorithm]);
  if (key instanceof VerificationKey && fits(key.key, algorithm)) return key;
  return badProof('dpop_proof_key_refused', `the key is not for ${algorithm}, or too weak`);
}
