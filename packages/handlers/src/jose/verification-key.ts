import { createPublicKey, hash, type JsonWebKey, KeyObject } from 'node:crypto';
import type { Basis } from '@sallyport/core/extend';
import { areOneFamily, fits } from './algorithms.js';
import { isCanonicalBase64url } from './base64url.js';

/** Why a member of a key set cannot be used. */
export type KeyProblem =
  | 'key_malformed'
  | 'key_type_unsupported'
  | 'key_symmetric'
  | 'key_not_for_signatures'
  | 'key_algorithm_not_allowed'
  /** The key has no `alg`, and fits several ways of signing. */
  | 'key_algorithm_ambiguous'
  | 'key_unfit_or_weak';

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
  #owner: KeyOwner | undefined;
  #isWithdrawn = false;
  #name: string | undefined;

  constructor(id: string | undefined, key: KeyObject, algorithms: Iterable<string>) {
    this.id = id;
    this.key = key;
    this.algorithms = new Set(algorithms);
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

  /** The same key, for the same algorithms. */
  isUnchanged(other: VerificationKey): boolean {
    return this.isSameKey(other) && String(this.#sortedAlgorithms) === String(other.#sortedAlgorithms);
  }

  get #sortedAlgorithms(): readonly string[] {
    return [...this.algorithms].toSorted();
  }
}

function spkiOf(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'der' }).toString('base64');
}

/** The public members of each key type (RFC 7518 6, RFC 8037 2). All other members of a JWK are ignored. */
const PUBLIC_MEMBERS: ReadonlyMap<unknown, readonly string[]> = new Map([
  ['RSA', ['n', 'e']],
  ['EC', ['x', 'y']],
  ['OKP', ['x']],
]);

const MAX_KID_BYTES = 256;

/** A key identifier is an opaque text that is only compared (RFC 7515 4.1.4). */
export function isKeyId(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && Buffer.byteLength(value) <= MAX_KID_BYTES;
}

/**
 * Imports one key of a key set (RFC 7517 4) for the allowed algorithms that it fits. Its own `alg`, `use` and `key_ops`
 * are respected. Its private members are ignored.
 */
export function importJwk(jwk: unknown, allowed: readonly string[]): VerificationKey | KeyProblem {
  if (typeof jwk !== 'object' || jwk === null) return 'key_malformed';
  const { kid, kty, use, key_ops: operations, alg } = jwk as Readonly<Record<string, unknown>>;
  if (kid !== undefined && !isKeyId(kid)) return 'key_malformed';
  if (kty === 'oct') return 'key_symmetric';
  if (use !== undefined && use !== 'sig') return 'key_not_for_signatures';
  if (operations !== undefined && !permitsVerification(operations)) return 'key_not_for_signatures';
  const candidates = alg === undefined ? allowed : allowed.filter((algorithm) => algorithm === alg);
  if (candidates.length === 0) return 'key_algorithm_not_allowed';
  const key = publicKeyOf(jwk as Readonly<Record<string, unknown>>);
  return key instanceof KeyObject ? keyFor(kid, key, candidates) : key;
}

/** Makes a key for the algorithms that it fits, if there are any and they are of one family. */
function keyFor(id: string | undefined, key: KeyObject, allowed: readonly string[]): VerificationKey | KeyProblem {
  const algorithms = allowed.filter((algorithm) => fits(key, algorithm));
  if (algorithms.length === 0) return 'key_unfit_or_weak';
  return areOneFamily(algorithms) ? new VerificationKey(id, key, algorithms) : 'key_algorithm_ambiguous';
}

const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];

/** True for a JWK with private members, which its owner should have kept secret (RFC 7517 9.2). */
export function revealsPrivateKey(jwk: unknown): boolean {
  return typeof jwk === 'object' && jwk !== null && PRIVATE_MEMBERS.some((name) => Object.hasOwn(jwk, name));
}

function permitsVerification(operations: unknown): boolean {
  return Array.isArray(operations) && operations.includes('verify') && new Set(operations).size === operations.length;
}

/** OpenSSL refuses points off the curve. It reads base64url leniently, so the spelling is checked here first. */
function publicKeyOf(jwk: Readonly<Record<string, unknown>>): KeyObject | KeyProblem {
  const { kty, crv } = jwk;
  const names = PUBLIC_MEMBERS.get(kty);
  if (names === undefined) return 'key_type_unsupported';
  if (!names.every((name) => isCanonicalBase64url(jwk[name]))) return 'key_malformed';
  const members = Object.fromEntries(names.map((name) => [name, jwk[name]]));
  try {
    return createPublicKey({ key: { kty, crv, ...members } as JsonWebKey, format: 'jwk' });
  } catch {
    return 'key_malformed';
  }
}
