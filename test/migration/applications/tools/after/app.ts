import { createServer, type Server } from 'node:http';
import { mcpAuthMetadataRouter } from '@modelcontextprotocol/sdk/server/auth/router.js';
import { expressSecurity, principalOf } from '@sallyport/adapters/express';
import { requireScopes, SecurityChain } from '@sallyport/core';
import { JwtHandler } from '@sallyport/handlers/jwt';
import express from 'express';
import { authorizationServer, type Deployment, metadataUrl, resource } from './deployment.js';
import { handle } from './server.js';

export async function open({ jwk }: Deployment): Promise<Server> {
  const { issuer } = authorizationServer;
  const tokens = new JwtHandler({
    realm: 'tools',
    issuers: [{ issuer, audience: resource, algorithms: 'ES256', keys: { jwks: { keys: [jwk] } }, acceptTyp: ['JWT'] }],
  });
  const secure = expressSecurity(new SecurityChain({ requirement: tokens, guards: [requireScopes('orders:read')] }), {
    onDenied({ status, headers, body }, _request, response) {
      for (const [name, value] of headers) {
        const isChallenge = name === 'WWW-Authenticate';
        response.append(name, isChallenge ? `${value}, resource_metadata="${metadataUrl}"` : value);
      }
      response.status(status).end(body);
    },
  });

  const app = express();
  app.use(mcpAuthMetadataRouter({ oauthMetadata: authorizationServer, resourceServerUrl: new URL(resource) }));
  app.post('/mcp', secure(), express.json(), (request, response) => {
    const { clientId = '', scopes, expiresAt = 0 } = principalOf(request);
    const auth = { token: '', clientId, scopes: [...scopes], expiresAt };
    return handle(Object.assign(request, { auth }), response);
  });
  return createServer(app);
}
