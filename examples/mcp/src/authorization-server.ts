import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { exportJWK, generateKeyPair } from 'jose';
import Provider from 'oidc-provider';

const SCOPES = 'notes:read notes:write';

/** A server that listens before its address is known to what it serves. */
export async function listen(port: number): Promise<{ server: Server; origin: string }> {
  const server = createServer();
  await once(server.listen(port), 'listening');
  return { server, origin: `http://localhost:${(server.address() as AddressInfo).port}` };
}

/**
 * oidc-provider with dynamic registration (RFC 7591) and resource indicators (RFC 8707). Whoever comes is logged in as alice,
 * and agrees to everything: for this example alone.
 */
export async function openAuthorizationServer(): Promise<{ server: Server; origin: string }> {
  const { server, origin } = await listen(0);
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const provider = new Provider(origin, {
    jwks: { keys: [{ ...(await exportJWK(privateKey)), use: 'sig', alg: 'ES256', kid: 'key-1' }] },
    cookies: { keys: ['a key of cookies'] },
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    scopes: SCOPES.split(' '),
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    findAccount: (_context, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
    ttl: { AccessToken: 600, Interaction: 600, Session: 600, Grant: 600 },
    features: {
      devInteractions: { enabled: false },
      registration: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_context, audience) => ({
          audience,
          scope: SCOPES,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'ES256' } },
        }),
        useGrantedResource: () => true,
      },
    },
  });
  const app = express();
  app.get('/interaction/:uid', async (request, response) => {
    const { prompt, params, session, grantId } = await provider.interactionDetails(request, response);
    if (prompt.name === 'login')
      return provider.interactionFinished(request, response, { login: { accountId: 'alice' } });
    const { missingOIDCScope = [], missingResourceScopes = {} } = prompt.details;
    const grant =
      grantId === undefined
        ? new provider.Grant({ accountId: session?.accountId, clientId: params.client_id })
        : await provider.Grant.find(grantId);
    if (missingOIDCScope.length > 0) grant?.addOIDCScope(missingOIDCScope.join(' '));
    for (const [indicator, scopes] of Object.entries(missingResourceScopes))
      grant?.addResourceScope(indicator, scopes.join(' '));
    const consent = { grantId: await grant?.save() };
    return provider.interactionFinished(request, response, { consent }, { mergeWithLastSubmission: true });
  });
  // A client registers with the scopes that it needs first. It may ask for more later.
  app.post('/reg', express.json(), (request, _response, next) => {
    delete request.body.scope;
    next();
  });
  app.use(provider.callback());
  server.on('request', app);
  return { server, origin };
}
