// Sallyport in front of the everything-server, and a token that it takes.
import { expressSecurity, principalOf } from '@sallyport/adapters/express';
import { requireScopes, SecurityChain } from '@sallyport/core';
import { JwtHandler } from '@sallyport/handlers/jwt';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

const issuer = 'https://login.example.com';
const SCOPES = ['everything:read', 'everything:call'];

/** @param identifier the address by which clients know the server */
export async function openGate(identifier) {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'key-1', alg: 'ES256' }] };
  const tokens = new JwtHandler({
    realm: 'everything',
    issuers: [{ issuer, audience: identifier, algorithms: 'ES256', keys: { jwks } }],
  });
  const chain = new SecurityChain({
    requirement: tokens,
    guards: [requireScopes(SCOPES)],
    resource: { identifier, allowInsecureLoopback: true },
  });
  await chain.start();
  const token = await new SignJWT({ client_id: 'suite', scope: SCOPES.join(' ') })
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'key-1' })
    .setIssuer(issuer)
    .setAudience(identifier)
    .setSubject('suite')
    .setJti('1')
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(privateKey);
  return { secure: expressSecurity(chain)(), token };
}

/** What the tools of the SDK get to know. */
export function tellSdk(request, _response, next) {
  const { clientId, scopes, expiresAt } = principalOf(request);
  request.auth = { token: '', clientId, scopes: [...scopes], expiresAt };
  next();
}
