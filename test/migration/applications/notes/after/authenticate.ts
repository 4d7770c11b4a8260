import jwt from '@fastify/jwt';
import { fastifySecurity, principalOf } from '@sallyport/adapters/fastify';
import { requireRoles, SecurityChain } from '@sallyport/core';
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

const chain = new SecurityChain({
  requirement: tokens,
  format: ({ title }) => ({ contentType: 'application/json', body: JSON.stringify({ error: title }) }),
});

export const userOf = (request: FastifyRequest) => principalOf<{ id: number; name: string }>(request).claims;

const secure = fastifySecurity(chain);

export const authenticate = secure();
export const requireAdmin = secure(requireRoles('admin'));

export const authentication = fp(async (app) => {
  await app.register(jwt, { secret });
});
