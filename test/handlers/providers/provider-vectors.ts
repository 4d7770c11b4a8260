import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TrustedIssuer } from '@sallyport/handlers/jwt';
import { generate } from 'selfsigned';
import { newKey, type SigningKey, tokenOf } from '../jwt/signing.js';

/** Who a row says the caller is. */
export interface ExpectedCaller {
  readonly kind: string;
  readonly subject: string;
  readonly clientId?: string;
  readonly scopes: readonly string[];
  readonly roles: readonly string[];
}

interface Row {
  readonly title: string;
  /** The document of the vendor that says so. */
  readonly ref: string;
  readonly status: number;
  readonly reason?: string;
  readonly principal?: ExpectedCaller;
}

/** A token, and what becomes of it. */
export interface TokenRow extends Row {
  readonly header: { readonly alg: string; readonly kid?: string };
  readonly claims: Readonly<Record<string, unknown>>;
  /** Claims as JSON texts, for numbers that JavaScript cannot write. */
  readonly raw?: Readonly<Record<string, string>>;
  /** What the preset is told instead of what the page tells it. */
  readonly options?: object;
  /** Options of the issuer that replace those of the preset. */
  readonly issuer?: Partial<TrustedIssuer>;
  /** Options of the handler, such as where the token stands. */
  readonly handler?: { readonly source: `header:${string}` };
  /** What the token is bound to: a key by DPoP (RFC 9449 6.1), or a certificate (RFC 8705 3.1). */
  readonly boundTo?: 'jkt' | 'x5t#S256';
  /** The page's resolver finds the issuer. */
  readonly isResolved?: boolean;
}

/** An answer of the introspection endpoint, and what becomes of the token. */
export interface AnswerRow extends Row {
  readonly answer: object;
  readonly raw?: Readonly<Record<string, string>>;
}

/** A document that the provider publishes. */
interface Document {
  readonly ref: string;
  readonly at: string;
}

/** What a provider publishes and sends. Its people and tenants are invented. */
export interface ProviderVectors {
  /** Undefined where nobody verifies its tokens. */
  readonly keys?: Document & {
    /** What stands in each key beside the key itself. */
    readonly members?: object;
    /** Keys of other kinds that stand beside. */
    readonly others?: readonly object[];
    /** A map from key identifiers to certificates, instead of a JWK set. */
    readonly isMapOfCertificates?: boolean;
  };
  readonly metadata?: Document & { readonly document: object };
  /** Further metadata, by URL, such as those of other tenants. */
  readonly otherMetadata?: Readonly<Record<string, { readonly jwks_uri: string }>>;
  readonly tokens: readonly TokenRow[];
  /** Where the provider is asked about tokens. */
  readonly endpoint?: string;
  readonly answers?: readonly AnswerRow[];
}

export function vectorsOf(provider: string): ProviderVectors {
  return JSON.parse(readFileSync(join(__dirname, `../../vectors/providers/${provider}.json`), 'utf8'));
}

/** The keys of all providers, and one that is nobody's. */
export interface ProviderKeys {
  /** The key that signs with this algorithm. */
  readonly by: (algorithm: string) => Pick<SigningKey, 'privateKey' | 'publicKey'>;
  readonly stranger: KeyObject;
  /** A certificate of the RSA key. */
  readonly certificate: string;
}

export async function newProviderKeys(): Promise<ProviderKeys> {
  const { private: pem, cert } = await generate([{ name: 'commonName', value: 'keys.example.com' }], {
    keySize: 2_048,
  });
  const rsa = { privateKey: createPrivateKey(pem), publicKey: createPublicKey(cert) };
  const ec = new Map(['ES256', 'ES384'].map((algorithm) => [algorithm, newKey(algorithm)]));
  return {
    by: (algorithm) => ec.get(algorithm) ?? rsa,
    stranger: newKey('RS256').privateKey,
    certificate: cert,
  };
}

/** The key set that a provider publishes: the keys that its good tokens name. */
export function keySetOf({ keys, tokens }: ProviderVectors, { by, certificate }: ProviderKeys): object {
  const { members, others = [], isMapOfCertificates } = keys ?? {};
  const named = new Map(tokens.map(({ header: { alg, kid } }) => [kid, alg]));
  if (isMapOfCertificates) return Object.fromEntries([...named.keys()].map((kid) => [kid, certificate]));
  const published = [...named].map(([kid, alg]) => ({
    ...by(alg).publicKey.export({ format: 'jwk' }),
    kid,
    ...members,
  }));
  return { keys: [...others, ...published] };
}

/** A token of the row, with other claims where a rule wants them, signed by the provider or by `key`. */
export function tokenOfRow(row: TokenRow, keys: ProviderKeys, claims: object = {}, key?: KeyObject): string {
  const { header, raw = {} } = row;
  const text = textOf({ ...row.claims, ...claims }, raw);
  return tokenOf(JSON.stringify(header), text, header.alg, key ?? keys.by(header.alg).privateKey);
}

/** The JSON text of an object, and of members that JavaScript cannot write. */
export function textOf(members: object, raw: Readonly<Record<string, string>> = {}): string {
  const others = Object.entries(members).filter(([name]) => !Object.hasOwn(raw, name));
  const texts = [...others.map(([name, value]) => [name, JSON.stringify(value)] as const), ...Object.entries(raw)];
  return `{${texts.filter(([, value]) => value !== undefined).map(([name, value]) => `${JSON.stringify(name)}:${value}`)}}`;
}
