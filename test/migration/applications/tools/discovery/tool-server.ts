import type { Server } from 'node:http';
import { expressSecurity, principalOf } from '@sallyport/adapters/express';
import { requireScopes, SecurityChain } from '@sallyport/core';
import { JwtHandler } from '@sallyport/handlers/jwt';
import express from 'express';
import { handle } from '../after/server.js';
import { listen } from './authorization-server.js';

/** The tools for clients that know nothing but its address. One tool needs a scope more. */
export async function openToolServer(issuer: string): Promise<{ server: Server; address: URL }> {
  const { server, origin } = await listen();
  const identifier = `${origin}/mcp`;
  const outbound = { allowInsecureLoopback: true };
  const tokens = new JwtHandler({
    realm: 'tools',
    issuers: [{ issuer, audience: identifier, algorithms: 'ES256', keys: { discovery: true, outbound } }],
  });
  const secure = expressSecurity(
    new SecurityChain({
      requirement: tokens,
      guards: [requireScopes('orders:read')],
      resource: { identifier, allowInsecureLoopback: true },
    }),
  );
  const mayWrite = secure(requireScopes('orders:write'));

  const app = express();
  app.use(secure(), express.json());
  app.post('/mcp', (request, response, next) => {
    if (request.body.params?.name === 'cancel-order') mayWrite(request, response, next);
    else next();
  });
  app.post('/mcp', (request, response) => {
    const { clientId = '', scopes, expiresAt = 0 } = principalOf(request);
    const auth = { token: '', clientId, scopes: [...scopes], expiresAt };
    return handle(Object.assign(request, { auth }), response);
  });
  server.on('request', app);
  return { server, address: new URL(identifier) };
}
