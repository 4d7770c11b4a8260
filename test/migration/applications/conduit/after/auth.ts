import { expressSecurity, principalOf } from '@sallyport/adapters/express';
import { optional, SecurityChain } from '@sallyport/core';
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

const chain = new SecurityChain({
  requirement: tokens,
  format: ({ title, status }) => ({
    contentType: 'application/json',
    body: JSON.stringify({ status: 'error', message: status === 401 ? 'missing authorization credentials' : title }),
  }),
});

const secure = expressSecurity(chain);

export const auth = { required: secure(), optional: secure(optional(tokens)) };

/** Undefined for who is not logged in. */
export const readerOf = (request: Request): number => principalOf<{ user: { id: number } }>(request).claims.user?.id;

export const generateToken = (id: number): string => jwt.sign({ user: { id } }, secret, { expiresIn: '60d' });
