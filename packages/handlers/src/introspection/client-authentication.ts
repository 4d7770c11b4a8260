import { createPrivateKey, createPublicKey, createSecretKey, KeyObject } from 'node:crypto';
import { type Eventually, option } from '@sallyport/core/extend';
import { fits, PUBLIC_KEY_ALGORITHMS, SECRET_ALGORITHMS } from '../jose/algorithms.js';
import { isBearerToken } from '../token/bearer-token.js';

export const CLIENT_SECRET = option.table('ClientSecretAuthentication', {
  method: option.oneOf('client_secret_basic', 'client_secret_post'),
  clientId: option.text,
  clientSecret: option.text,
});

/** The client's secret, in the Authorization header or in the form (RFC 6749 2.3.1). */
export interface ClientSecretAuthentication extends option.Given<typeof CLIENT_SECRET> {}

export const CLIENT_SECRET_JWT = option.table('ClientSecretJwtAuthentication', {
  method: option.oneOf('client_secret_jwt'),
  clientId: option.text,
  clientSecret: option.text,
  algorithm: option.withDefault(option.oneOf(...SECRET_ALGORITHMS), 'HS256'),
  /** Who the assertion is for. Default: `issuer` where there is one, otherwise the endpoint. */
  audience: option.optional(option.text),
});

/** An assertion under a secret that the server knows, too; at least as long as the hash (RFC 7518 3.2). */
export interface ClientSecretJwtAuthentication extends option.Given<typeof CLIENT_SECRET_JWT> {}

/** Secret: errors never quote the value. */
const privateKey = option.withSchema<KeyObject, string | KeyObject>(option.text.schema, (value, name) => {
  if (value instanceof KeyObject && value.type === 'private') return value;
  if (typeof value !== 'string') throw option.invalid(name, 'must be a private key');
  try {
    return createPrivateKey(value);
  } catch {
    throw option.invalid(name, 'must be a private key in PEM');
  }
});

export const PRIVATE_KEY_JWT = option.table('PrivateKeyJwtAuthentication', {
  method: option.oneOf('private_key_jwt'),
  clientId: option.text,
  /** PEM (PKCS #8) or a key object. */
  privateKey,
  /** A signature algorithm that fits the key, such as `ES256`. */
  algorithm: option.oneOf(...PUBLIC_KEY_ALGORITHMS),
  /** Names the key to the server (`kid`). */
  keyId: option.optional(option.text),
  /** Who the assertion is for. Default: `issuer` where there is one, otherwise the endpoint. */
  audience: option.optional(option.text),
});

/** An assertion signed with the client's private key (RFC 7523 2.2). */
export interface PrivateKeyJwtAuthentication extends option.Given<typeof PRIVATE_KEY_JWT> {}

export const MUTUAL_TLS = option.table('MutualTlsAuthentication', {
  method: option.oneOf('tls_client_auth'),
  clientId: option.text,
});

/** The certificate of the connection, which `outbound.clientCertificate` holds (RFC 8705 2, also self-signed). */
export interface MutualTlsAuthentication extends option.Given<typeof MUTUAL_TLS> {}

type TokenSource = string | (() => Eventually<string>);

const bearerToken = option.withSchema<TokenSource>(option.text.schema, (value, name) => {
  if (typeof value === 'function') return value as () => Eventually<string>;
  if (typeof value !== 'string' || !isBearerToken(value))
    throw option.invalid(name, 'must be a bearer token (RFC 6750 2.1) or a function');
  return value;
});

export const BEARER = option.table('BearerAuthentication', {
  method: option.oneOf('bearer'),
  /** The token, or a function that has a current one. */
  token: bearerToken,
  /**
   * Whose token it is. It is not sent; it keeps the answers in a shared store apart, and signed answers are for it unless
   * they name an audience. With a store either this or a name of the handler is needed.
   */
  clientId: option.optional(option.text),
});

/** An access token for the endpoint (RFC 7662 2.1), or a function that has a current one. */
export interface BearerAuthentication extends option.Given<typeof BEARER> {}

/** How the handler proves itself to the introspection endpoint (RFC 7662 2.1). */
export type ClientAuthentication =
  | ClientSecretAuthentication
  | ClientSecretJwtAuthentication
  | PrivateKeyJwtAuthentication
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

/** Client authentication, checked: the key is read. */
export type ClientAuthenticationSettings =
  | ClientSecretAuthentication
  | AssertionSettings
  | MutualTlsAuthentication
  | BearerAuthentication;

/** The option check of client authentication. */
export const clientAuthentication = option.byValue<ClientAuthenticationSettings, ClientAuthentication>('method', {
  client_secret_basic: CLIENT_SECRET,
  client_secret_post: CLIENT_SECRET,
  client_secret_jwt: option.refined(CLIENT_SECRET_JWT, sharedKeySettings),
  private_key_jwt: option.refined(PRIVATE_KEY_JWT, privateKeySettings),
  tls_client_auth: MUTUAL_TLS,
  bearer: BEARER,
});

function sharedKeySettings(options: option.Kept<typeof CLIENT_SECRET_JWT>, name: string): AssertionSettings {
  const { method, clientId, clientSecret, algorithm, audience } = options;
  const key = createSecretKey(Buffer.from(clientSecret));
  if (!fits(key, algorithm))
    throw option.invalid(`${name}.clientSecret`, `must be at least as long as the hash of ${algorithm} (RFC 7518 3.2)`);
  return { method, clientId, key: { key, algorithm, keyId: undefined }, audience };
}

function privateKeySettings(options: option.Kept<typeof PRIVATE_KEY_JWT>, name: string): AssertionSettings {
  const { method, clientId, privateKey: key, algorithm, keyId, audience } = options;
  // A private key tells fewer details about itself than its public half.
  if (!fits(createPublicKey(key), algorithm)) throw option.invalid(`${name}.privateKey`, `must fit ${algorithm}`);
  return { method, clientId, key: { key, algorithm, keyId }, audience };
}
