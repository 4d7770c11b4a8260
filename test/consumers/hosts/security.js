import { createHash } from 'node:crypto';
import {
  anonymous,
  anyOf,
  authenticated,
  createPrincipal,
  denied,
  headerHandler,
  route,
  routes,
  SecurityChain,
} from '@sallyport/core';
import { challenge } from '@sallyport/core/extend';
import { JwtHandler } from '@sallyport/handlers/jwt';

/** A chain for a key in a header, or a token of the issuer whose key is in the environment. */
export const keys = headerHandler({
  name: 'keys',
  header: 'X-Api-Key',
  verify: (value) => (value === 'key-of-carol' ? { subject: 'carol' } : denied('api_key_unknown')),
});
const jwt = new JwtHandler({
  realm: 'orders',
  issuers: [
    {
      issuer: 'https://issuer.example',
      audience: 'https://orders.example',
      algorithms: 'ES256',
      keys: { publicKey: process.env.ISSUER_PUBLIC_KEY },
    },
  ],
});

export const digestOf = (body) => createHash('sha256').update(body).digest('hex');
const SENDER = authenticated(createPrincipal({ subject: 'sender' }));

/** A digest in the place of a signature: the proof is that the bytes arrive. */
const signatures = {
  name: 'signatures',
  challenges: [challenge('Signature')],
  source: 'header:x-signature',
  extract: (request) => request.header('x-signature'),
  verify: () => SENDER,
  verifyBody: (signature, body) => (signature === digestOf(body) ? SENDER : denied('signature_invalid')),
};

export const chain = new SecurityChain({
  requirement: anyOf(jwt, keys),
  operations: routes([
    route('GET', '/orders', {}),
    route('POST', '/orders', {}),
    route('GET', '/orders/{id}', {}),
    route('GET', '/open/{page}', { requirement: anonymous() }),
    route('POST', '/signed', { requirement: signatures }),
    route('GET', '/unnamed', { requirement: anonymous() }),
  ]),
});
