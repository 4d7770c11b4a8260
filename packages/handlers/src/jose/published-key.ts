import { createPublicKey, type JsonWebKey, KeyObject } from 'node:crypto';
import { fits } from './algorithms.js';
import { isCanonicalBase64url } from './base64url.js';
import { isKeyId, THUMBPRINTS, type Thumbprints } from './key-name.js';
import { VerificationKey } from './verification-key.js';

/** Why a member of a key set cannot be used. */
export type KeyProblem =
  | 'key_malformed'
  | 'key_type_unsupported'
  | 'key_symmetric'
  | 'key_not_for_signatures'
  | 'key_algorithm_not_allowed'
  | 'key_unfit_or_weak';

type Members = Readonly<Record<string, unknown>>;

/**
 * Imports one key of a key set (RFC 7517 4) for the allowed algorithms that it fits. Its own `alg`, `use` and `key_ops`
 * are respected. Its private members are ignored. A key without `alg` is for each of the allowed algorithms: the token
 * says which of them signed it.
 */
export function importJwk(jwk: unknown, allowed: readonly string[]): VerificationKey | KeyProblem {
  if (typeof jwk !== 'object' || jwk === null) return 'key_malformed';
  const members = saidBy(jwk as Members);
  const { kid, kty, use, key_ops: operations, alg } = members;
  if (kid !== undefined && !isKeyId(kid)) return 'key_malformed';
  if (kty === 'oct') return 'key_symmetric';
  if (use !== undefined && use !== 'sig') return 'key_not_for_signatures';
  if (operations !== undefined && !permitsVerification(operations)) return 'key_not_for_signatures';
  const candidates = alg === undefined ? allowed : allowed.filter((algorithm) => algorithm === alg);
  if (candidates.length === 0) return 'key_algorithm_not_allowed';
  const key = publicKeyOf(members);
  return key instanceof KeyObject ? keyFor(kid, key, candidates, thumbprintsOf(members)) : key;
}

const PUBLIC_PEM = /^\s*-----BEGIN (?:RSA PUBLIC KEY|PUBLIC KEY|CERTIFICATE)-----/;

/** Imports a public key or certificate in PEM for the allowed algorithms that it fits. */
export function importPem(kid: string, pem: unknown, allowed: readonly string[]): VerificationKey | KeyProblem {
  if (!isKeyId(kid) || typeof pem !== 'string' || !PUBLIC_PEM.test(pem)) return 'key_malformed';
  try {
    return keyFor(kid, createPublicKey(pem), allowed);
  } catch {
    return 'key_malformed';
  }
}

const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];

/** True for a JWK or PEM with private parts, which its owner should have kept secret (RFC 7517 9.2). */
export function revealsPrivateKey(key: unknown): boolean {
  if (typeof key === 'string') return key.includes('PRIVATE KEY-----');
  if (typeof key !== 'object' || key === null) return false;
  return PRIVATE_MEMBERS.some((name) => Object.hasOwn(saidBy(key as Members), name));
}

/** The members that say something. Some servers write null or "" for a member that they leave out. */
function saidBy(jwk: Members): Members {
  return Object.fromEntries(Object.entries(jwk).filter(([, value]) => value !== null && value !== ''));
}

function thumbprintsOf(members: Members): Thumbprints {
  const entries = THUMBPRINTS.map((name) => [name, members[name]] as const);
  return Object.fromEntries(
    entries.filter(([, value]) => isKeyId(value)).map(([name, value]) => [name, base64url(value)]),
  );
}

/** Makes a key for the algorithms that it fits, if there are any. */
function keyFor(
  id: string | undefined,
  key: KeyObject,
  allowed: readonly string[],
  thumbprints?: Thumbprints,
): VerificationKey | KeyProblem {
  const algorithms = allowed.filter((algorithm) => fits(key, algorithm));
  return algorithms.length === 0 ? 'key_unfit_or_weak' : new VerificationKey(id, key, algorithms, thumbprints);
}

function permitsVerification(operations: unknown): boolean {
  return Array.isArray(operations) && operations.includes('verify') && new Set(operations).size === operations.length;
}

/** The public members of each key type (RFC 7518 6, RFC 8037 2). All other members of a JWK are ignored. */
const PUBLIC_MEMBERS: ReadonlyMap<unknown, readonly string[]> = new Map([
  ['RSA', ['n', 'e']],
  ['EC', ['x', 'y']],
  ['OKP', ['x']],
]);

/** OpenSSL refuses points off the curve. It reads base64url leniently, so the spelling is checked here first. */
function publicKeyOf(jwk: Members): KeyObject | KeyProblem {
  const { kty, crv } = jwk;
  const names = PUBLIC_MEMBERS.get(kty);
  if (names === undefined) return 'key_type_unsupported';
  const members = names.map((name) => [name, base64url(jwk[name])] as const);
  if (!members.every(([, value]) => isCanonicalBase64url(value))) return 'key_malformed';
  try {
    return createPublicKey({ key: { kty, crv, ...Object.fromEntries(members) } as JsonWebKey, format: 'jwk' });
  } catch {
    return 'key_malformed';
  }
}

/** Some servers pad, or use the other alphabet (RFC 4648 4). The bytes of the key are the same. */
function base64url(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const unpadded = value.length % 4 === 0 ? value.replace(/={1,2}$/, '') : value;
  return unpadded.replaceAll('+', '-').replaceAll('/', '_');
}
