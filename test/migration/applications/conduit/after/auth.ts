import { expressSecurity, principalOf } from '@sallyport/adapters/express';
import { anonymous, optional, route, routes, SecurityChain } from '@sallyport/core';
import { JwtHandler } from '@sallyport/handlers/jwt';
import type { Request } from 'express';
import jwt from 'jsonwebtoken';

const secret = process.env['CONDUIT_SECRET'] ?? 'superSecret';

const tokens = new JwtHandler({
  realm: 'conduit',
  source: ['authorization:token', 'authorization:bearer'],
  issuers: [
    {
      issuer: 'https://conduit.example.com',
      allowMissingIssuer: true,
      allowAnyAudience: true,
      algorithms: 'HS256',
      keys: { secret, allowShortSecret: true },
      acceptTyp: ['JWT'],
      accessTokenClaims: 'user',
      mapPrincipal: (init, { user }) => ({ ...init, subject: String((user as { id: number }).id) }),
    },
  ],
});

const operations = routes([
  route('GET', '/', { requirement: anonymous() }),
  route('POST', '/api/users/login', { requirement: anonymous() }),
  route('GET', '/api/articles', { requirement: optional(tokens) }),
  route('GET', '/api/articles/feed'),
  route('GET', '/api/articles/{slug}', { requirement: optional(tokens) }),
]);

const chain = new SecurityChain({
  requirement: tokens,
  operations,
  format: ({ title, status }) => ({
    contentType: 'application/json',
    body: JSON.stringify({ status: 'error', message: status === 401 ? 'missing authorization credentials' : title }),
  }),
});

export const secure = expressSecurity(chain);

/** Undefined for who is not logged in. */
export const readerOf = (request: Request): number => principalOf<{ user: { id: number } }>(request).claims.user?.id;

export const generateToken = (id: number): string => jwt.sign({ user: { id } }, secret, { expiresIn: '60d' });
