import { createPrivateKey, createPublicKey, createSecretKey, KeyObject } from 'node:crypto';
import { type Eventually, option, ownMember } from '@sallyport/core/extend';
import { fits, isSymmetric, signatureAlgorithms } from '../jose/algorithms.js';
import { isBearerToken } from '../token/bearer-token.js';

/** How the handler proves itself to the introspection endpoint (RFC 7662 2.1). */
export type ClientAuthentication =
  | ClientSecretAuthentication
  | ClientSecretJwtAuthentication
  | PrivateKeyJwtAuthentication
  | MutualTlsAuthentication
  | BearerAuthentication;

/** The client's secret, in the Authorization header or in the form (RFC 6749 2.3.1). */
export interface ClientSecretAuthentication {
  readonly method: 'client_secret_basic' | 'client_secret_post';
  readonly clientId: string;
  readonly clientSecret: string;
}

/** What a client assertion says besides who it is (RFC 7523 3). */
interface AssertionOptions {
  /** Who the assertion is for. Default: `issuer` where there is one, otherwise the endpoint. */
  readonly audience?: string | undefined;
}

/** An assertion under a secret that the server knows, too; at least as long as the hash (RFC 7518 3.2). */
export interface ClientSecretJwtAuthentication extends AssertionOptions {
  readonly method: 'client_secret_jwt';
  readonly clientId: string;
  readonly clientSecret: string;
  /** Default `HS256`. */
  readonly algorithm?: 'HS256' | 'HS384' | 'HS512' | undefined;
}

/** An assertion signed with the client's private key (RFC 7523 2.2). */
export interface PrivateKeyJwtAuthentication extends AssertionOptions {
  readonly method: 'private_key_jwt';
  readonly clientId: string;
  /** PEM (PKCS #8) or a key object. */
  readonly privateKey: string | KeyObject;
  /** A signature algorithm that fits the key, such as `ES256`. */
  readonly algorithm: string;
  /** Names the key to the server (`kid`). */
  readonly keyId?: string | undefined;
}

/** The certificate of the connection, which `outbound.clientCertificate` holds (RFC 8705 2, also self-signed). */
export interface MutualTlsAuthentication {
  readonly method: 'tls_client_auth';
  readonly clientId: string;
}

/** An access token for the endpoint (RFC 7662 2.1), or a function that has a current one. */
export interface BearerAuthentication {
  readonly method: 'bearer';
  readonly token: string | (() => Eventually<string>);
  /**
   * Whose token it is. It is not sent; it keeps the answers in a shared store apart, and signed answers are for it unless
   * they name an audience. With a store either this or a name of the handler is needed.
   */
  readonly clientId?: string | undefined;
}

/** Client authentication, checked: the key is read. */
export type ClientAuthenticationSettings =
  | ClientSecretAuthentication
  | AssertionSettings
  | MutualTlsAuthentication
  | BearerAuthentication;

/** The key of client assertions. */
export interface AssertionKey {
  readonly key: KeyObject;
  readonly algorithm: string;
  readonly keyId: string | undefined;
}

export interface AssertionSettings {
  readonly method: 'client_secret_jwt' | 'private_key_jwt';
  readonly clientId: string;
  readonly key: AssertionKey;
  readonly audience: string | undefined;
}

/** The option check of client authentication. */
export const clientAuthentication: option.Check<ClientAuthenticationSettings> = (value, name) => {
  if (typeof value !== 'object' || value === null) throw option.invalid(name, 'must be an object');
  const method = METHOD(ownMember(value as { method?: unknown }, 'method'), `${name}.method`);
  switch (method) {
    case 'client_secret_basic':
    case 'client_secret_post':
      return option.check(name, value, {
        method: METHOD,
        clientId: option.text,
        clientSecret: option.text,
      }) as typeof value & ClientSecretAuthentication;
    case 'tls_client_auth':
      return { ...option.check(name, value, { method: METHOD, clientId: option.text }), method };
    case 'bearer':
      return { ...option.check(name, value, BEARER), method };
    case 'client_secret_jwt':
      return clientSecretJwt(value, name);
    case 'private_key_jwt':
      return privateKeyJwt(value, name);
  }
};

const METHOD = option.oneOf(
  'client_secret_basic',
  'client_secret_post',
  'client_secret_jwt',
  'private_key_jwt',
  'tls_client_auth',
  'bearer',
);

const bearerToken: option.Check<BearerAuthentication['token']> = (value, name) => {
  if (typeof value === 'function') return option.callable<() => Eventually<string>>()(value, name);
  if (typeof value !== 'string' || !isBearerToken(value))
    throw option.invalid(name, 'must be a bearer token (RFC 6750 2.1) or a function');
  return value;
};

const BEARER = { method: METHOD, token: bearerToken, clientId: option.optional(option.text) };

function clientSecretJwt(value: object, name: string): AssertionSettings {
  const { clientId, clientSecret, algorithm, audience } = option.check(name, value, {
    method: METHOD,
    clientId: option.text,
    clientSecret: option.text,
    algorithm: option.optional(option.oneOf('HS256', 'HS384', 'HS512')),
    audience: option.optional(option.text),
  });
  const key = sharedAssertionKey(clientSecret, algorithm ?? 'HS256', `${name}.clientSecret`);
  return { method: 'client_secret_jwt', clientId, key, audience };
}

function privateKeyJwt(value: object, name: string): AssertionSettings {
  const { clientId, privateKey, algorithm, keyId, audience } = option.check(name, value, {
    method: METHOD,
    clientId: option.text,
    privateKey: option.unchecked<unknown>(),
    algorithm: option.text,
    keyId: option.optional(option.text),
    audience: option.optional(option.text),
  });
  const key = assertionKey(privateKey, { algorithm, keyId }, name);
  return { method: 'private_key_jwt', clientId, key, audience };
}

/** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID */
function assertionKey(
  value: unknown,
  { algorithm, keyId }: { algorithm: string; keyId: string | undefined },
  name: string,
): AssertionKey {
  signatureAlgorithms(algorithm, `${name}.algorithm`);
  if (isSymmetric(algorithm)) throw option.invalid(`${name}.algorithm`, 'must be a public key algorithm');
  const key = readPrivateKey(value, `${name}.privateKey`);
  // A private key tells fewer details about itself than its public half.
  if (!fits(createPublicKey(key), algorithm)) throw option.invalid(`${name}.privateKey`, `must fit ${algorithm}`);
  return { key, algorithm, keyId };
}

/** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID */
function sharedAssertionKey(secret: string, algorithm: string, name: string): AssertionKey {
  const key = createSecretKey(Buffer.from(secret));
  if (!fits(key, algorithm))
    throw option.invalid(name, `must be at least as long as the hash of ${algorithm} (RFC 7518 3.2)`);
  return { key, algorithm, keyId: undefined };
}

/** Secret: errors never quote the value. */
function readPrivateKey(value: unknown, name: string): KeyObject {
  if (value instanceof KeyObject && value.type === 'private') return value;
  if (typeof value !== 'string') throw option.invalid(name, 'must be a private key');
  try {
    return createPrivateKey(value);
  } catch {
    throw option.invalid(name, 'must be a private key in PEM');
  }
}
