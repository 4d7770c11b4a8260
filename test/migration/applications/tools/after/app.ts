import { createServer, type Server } from 'node:http';
import { expressSecurity, principalOf } from '@sallyport/adapters/express';
import { requireScopes, SecurityChain } from '@sallyport/core';
import { JwtHandler } from '@sallyport/handlers/jwt';
import express from 'express';
import { authorizationServer, type Deployment, resource } from './deployment.js';
import { handle } from './server.js';

export async function open({ jwk }: Deployment): Promise<Server> {
  const { issuer } = authorizationServer;
  const tokens = new JwtHandler({
    realm: 'tools',
    issuers: [{ issuer, audience: resource, algorithms: 'ES256', keys: { jwks: { keys: [jwk] } }, acceptTyp: ['JWT'] }],
  });
  const secure = expressSecurity(new SecurityChain({ requirement: tokens, resource: { identifier: resource } }));

  const app = express();
  app.use('/.well-known/oauth-protected-resource', secure());
  app.post('/mcp', secure(tokens, requireScopes('orders:read')), express.json(), (request, response) => {
    const { clientId = '', scopes, expiresAt = 0 } = principalOf(request);
    const auth = { token: '', clientId, scopes: [...scopes], expiresAt };
    return handle(Object.assign(request, { auth }), response);
  });
  return createServer(app);
}
