import jwt from '@fastify/jwt';
import { fastifySecurity, principalOf } from '@sallyport/adapters/fastify';
import { anonymous, requireRoles, route, routes, SecurityChain } from '@sallyport/core';
import { JwtHandler } from '@sallyport/handlers/jwt';
import type { FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';

const secret = process.env['NOTES_SECRET'] ?? 'of these tests alone, and long enough for HS256';

const tokens = new JwtHandler({
  realm: 'notes',
  source: ['authorization:bearer', 'cookie:token'],
  issuers: [
    {
      issuer: 'https://notes.example.com',
      allowMissingIssuer: true,
      allowAnyAudience: true,
      algorithms: 'HS256',
      keys: { secret },
      acceptTyp: ['JWT'],
      accessTokenClaims: 'id',
      mapPrincipal: (init, { id }) => ({ ...init, subject: String(id) }),
    },
  ],
});

const operations = routes([
  route('GET', '/health', { requirement: anonymous() }),
  route('POST', '/login', { requirement: anonymous() }),
  route('GET', '/admin/notes', { guards: [requireRoles('admin')] }),
]);

const chain = new SecurityChain({
  requirement: tokens,
  operations,
  format: ({ title }) => ({ contentType: 'application/json', body: JSON.stringify({ error: title }) }),
});

export const userOf = (request: FastifyRequest) => principalOf<{ id: number; name: string }>(request).claims;

export const authentication = fp(async (app) => {
  await app.register(jwt, { secret });
  await app.register(fastifySecurity(chain).plugin);
});
