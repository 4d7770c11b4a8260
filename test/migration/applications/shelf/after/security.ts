import { koaSecurity, principalOf } from '@sallyport/adapters/koa';
import { anonymous, route, routes, SecurityChain } from '@sallyport/core';
import { JwtHandler } from '@sallyport/handlers/jwt';
import type { Context } from 'koa';

interface Claims {
  readonly data: { readonly email: string };
}

export const secret = process.env['SHELF_SECRET'] ?? 'of these tests alone, and long enough for HS256';

const tokens = new JwtHandler({
  realm: 'shelf',
  issuers: [
    {
      issuer: 'https://shelf.example.com',
      allowMissingIssuer: true,
      allowAnyAudience: true,
      algorithms: 'HS256',
      keys: { secret },
      acceptTyp: ['JWT'],
      accessTokenClaims: 'data',
      allowMissingExpiry: true,
      mapPrincipal: (init, { data }) => ({ ...init, subject: (data as Claims['data']).email }),
    },
  ],
});

const chain = new SecurityChain({
  requirement: tokens,
  operations: routes([
    route('GET', '/public/books', { requirement: anonymous() }),
    route('POST', '/login', { requirement: anonymous() }),
  ]),
  format: () => ({
    contentType: 'application/json',
    body: JSON.stringify({ error: 'Protected resource, use Authorization header to get access' }),
  }),
});

export const secure = koaSecurity(chain);
export const readerOf = (context: Context): string => principalOf<Claims>(context).claims.data.email;
