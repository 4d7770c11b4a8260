import { koaSecurity, principalOf } from '@sallyport/adapters/koa';
import { SecurityChain } from '@sallyport/core';
import { JwtHandler } from '@sallyport/handlers/jwt';
import type { Context } from 'koa';

interface Claims {
  readonly data: { readonly email: string };
}

export const secret = process.env['SHELF_SECRET'] ?? 'of these tests alone, and long enough for HS256';

export const tokens = new JwtHandler({
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
  format: () => ({
    contentType: 'application/json',
    body: JSON.stringify({ error: 'Protected resource, use Authorization header to get access' }),
  }),
});

export const secure = koaSecurity(chain);
/** Undefined for who is not logged in. */
export const readerOf = (context: Context): string | undefined => principalOf<Claims>(context).claims.data?.email;
