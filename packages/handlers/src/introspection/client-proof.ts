import { randomUUID } from 'node:crypto';
import { UpstreamError } from '@sallyport/core';
import { type Clock, type Eventually } from '@sallyport/core/extend';
import { isBearerToken } from '../token/bearer-token.js';
import type { AssertionSettings, BearerAuthentication, ClientAuthenticationSettings } from './client-authentication.js';

/** What client authentication adds to a request, whose body is a form. */
export interface ClientProof {
  /** With the content type. */
  readonly headers: Readonly<Record<string, string>>;
  /** Parameters for the body, form-encoded, each behind an ampersand. */
  readonly form: string;
}

/**
 * Makes a proof for one call. Assertions are made anew each time, because each may be used once. Rejects with an
 * `UpstreamError`.
 */
export type ClientProver = () => Eventually<ClientProof>;

/** `audience` is the audience of assertions, unless the client authentication names another. */
export function clientProver(settings: ClientAuthenticationSettings, audience: string, clock: Clock): ClientProver {
  switch (settings.method) {
    case 'client_secret_basic':
      return constant({ authorization: basicCredentials(settings) }, {});
    case 'client_secret_post':
      return constant({}, { client_id: settings.clientId, client_secret: settings.clientSecret });
    case 'tls_client_auth':
      return constant({}, { client_id: settings.clientId });
    case 'bearer':
      return bearerProver(settings.token);
    default:
      return () => assertionProof(settings, settings.audience ?? audience, clock);
  }
}

function constant(headers: ClientProof['headers'], parameters: Readonly<Record<string, string>>): ClientProver {
  const proof = { headers: { ...headers, ...OF_A_FORM }, form: formOf(parameters) };
  return () => proof;
}

const OF_A_FORM = { 'content-type': 'application/x-www-form-urlencoded' };

/** The parameters as they follow the first parameter of a form. */
export function formOf(parameters: Readonly<Record<string, string>>): string {
  return Object.keys(parameters).length === 0 ? '' : `&${new URLSearchParams(parameters)}`;
}

/** RFC 6749 2.3.1: both halves are form-encoded before they are joined, or a colon or percent sign would break them. */
function basicCredentials({ clientId, clientSecret }: { clientId: string; clientSecret: string }): string {
  return `Basic ${Buffer.from(`${formEncoded(clientId)}:${formEncoded(clientSecret)}`).toString('base64')}`;
}

function formEncoded(text: string): string {
  return new URLSearchParams({ '': text }).toString().slice(1);
}

function bearerProver(source: BearerAuthentication['token']): ClientProver {
  if (typeof source === 'string') return constant({ authorization: `Bearer ${source}` }, {});
  return async () => {
    const token = await ownToken(source);
    if (typeof token !== 'string' || !isBearerToken(token)) throw noToken();
    return { headers: { authorization: `Bearer ${token}`, ...OF_A_FORM }, form: '' };
  };
}

/** What the function throws may quote the token. */
async function ownToken(source: () => Eventually<string>): Promise<unknown> {
  try {
    return await source();
  } catch {
    throw noToken();
  }
}

function noToken(): UpstreamError {
  return new UpstreamError('ERR_SALLYPORT_UPSTREAM_UNREACHABLE', 'there is no token for the introspection endpoint');
}

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const ASSERTION_SECONDS = 60;

/** RFC 7523 2.2 and 3: for one use, and not for long. */
async function assertionProof(
  { clientId, key }: AssertionSettings,
  audience: string,
  clock: Clock,
): Promise<ClientProof> {
  const { SignJWT } = await import('jose/jwt/sign');
  const now = Math.floor(clock.now() / 1_000);
  const assertion = await new SignJWT({ iss: clientId, sub: clientId, aud: audience, jti: randomUUID() })
    .setProtectedHeader({ alg: key.algorithm, typ: 'JWT', ...(key.keyId !== undefined && { kid: key.keyId }) })
    .setIssuedAt(now)
    .setExpirationTime(now + ASSERTION_SECONDS)
    .sign(key.key);
  return {
    headers: OF_A_FORM,
    form: formOf({ client_id: clientId, client_assertion_type: ASSERTION_TYPE, client_assertion: assertion }),
  };
}
