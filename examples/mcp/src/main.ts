// A server of MCP, and the authorization server that its tokens come from. Run: node examples/mcp/dist/main.js
import { toNodeHandler } from '@modelcontextprotocol/node';
import { mcpSecurity } from '@sallyport/adapters/mcp';
import { Revocations, requireScopes, SecurityChain } from '@sallyport/core';
import { JwtHandler } from '@sallyport/handlers/jwt';
import express from 'express';
import { listen, openAuthorizationServer } from './authorization-server.js';
import { notesHandler } from './notes.js';

const authority = await openAuthorizationServer();
const { server, origin } = await listen(Number(process.env['PORT'] ?? 3000));
const identifier = `${origin}/mcp`;

const revocations = new Revocations();
const keys = { discovery: true, outbound: { allowInsecureLoopback: true } } as const;
const tokens = new JwtHandler(
  { realm: 'notes', issuers: [{ issuer: authority.origin, audience: identifier, algorithms: 'ES256', keys }] },
  { revocations },
);
const chain = new SecurityChain({
  requirement: tokens,
  guards: [requireScopes('notes:read')],
  resource: { identifier, name: 'Notes', allowInsecureLoopback: true },
});
const secure = mcpSecurity(chain, { tools: { purge: requireScopes('notes:write') } });

const app = express();
app.use(secure.express());
app.all('/mcp', toNodeHandler(notesHandler((subject) => revocations.revokeSubject(subject))));
server.on('request', app);
console.log(`Listening on ${origin}`);

process.once('SIGTERM', async () => {
  await chain.close();
  for (const each of [server, authority.server]) each.close().closeAllConnections();
});
