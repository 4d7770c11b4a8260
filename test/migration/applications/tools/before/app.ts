import { createServer, type Server } from 'node:http';
import { InvalidTokenError } from '@modelcontextprotocol/sdk/server/auth/errors.js';
import { requireBearerAuth } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js';
import { mcpAuthMetadataRouter } from '@modelcontextprotocol/sdk/server/auth/router.js';
import type { AuthInfo } from '@modelcontextprotocol/sdk/server/auth/types.js';
import express from 'express';
import { jwtVerify } from 'jose';
import { authorizationServer, type Deployment, metadataUrl, resource } from './deployment.js';
import { handle } from './server.js';

export async function open({ keys }: Deployment): Promise<Server> {
  const verifier = {
    async verifyAccessToken(token: string): Promise<AuthInfo> {
      const { issuer } = authorizationServer;
      const { payload } = await jwtVerify(token, keys, { issuer, audience: resource }).catch(() => {
        throw new InvalidTokenError('The token is not good');
      });
      const scopes = String(payload['scope'] ?? '').split(' ');
      return { token, clientId: String(payload['client_id']), scopes, expiresAt: payload.exp as number };
    },
  };

  const app = express();
  app.use(express.json());
  app.use(mcpAuthMetadataRouter({ oauthMetadata: authorizationServer, resourceServerUrl: new URL(resource) }));
  app.post(
    '/mcp',
    requireBearerAuth({ verifier, requiredScopes: ['orders:read'], resourceMetadataUrl: metadataUrl }),
    handle,
  );
  return createServer(app);
}
