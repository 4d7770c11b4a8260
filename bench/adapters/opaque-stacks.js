// An opaque token on each request: the limit is an introspection by hand that remembers, then ours, and the usual
// packages, which ask each time.
import { SecurityChain } from '@sallyport/core';
import { IntrospectionHandler } from '@sallyport/handlers/introspection';
import { LRUCache } from 'lru-cache';
import { byFetch, byUndici, CLIENT } from '../authorities/introspection-by-hand.js';
import { AUDIENCE } from '../authorities/issuer.js';
import { expressApp, fastifyApp } from './frameworks.js';

export function find({ endpoint }) {
  const introspect = byUndici(endpoint);
  const known = new LRUCache({ max: 100_000 });
  return (authorization) => {
    const principal = known.get(authorization);
    if (principal !== undefined) return principal;
    return introspect(authorization.slice('Bearer '.length)).then((claims) => {
      if (claims === undefined) throw new Error('refused');
      known.set(authorization, claims);
      return claims;
    });
  };
}

export function chain({ endpoint }) {
  const handler = new IntrospectionHandler({
    realm: 'bench',
    endpoint,
    clientAuthentication: CLIENT,
    audience: AUDIENCE,
    cache: { ttlSeconds: 3_600 },
    outbound: { allowInsecureLoopback: true },
  });
  return new SecurityChain({ requirement: handler });
}

export const peers = {
  'Fastify 5': {
    async '@fastify/bearer-auth, fetch'({ endpoint }) {
      const { default: bearerAuth } = await import('@fastify/bearer-auth');
      const introspect = byFetch(endpoint);
      return fastifyApp((app) =>
        app.register(bearerAuth, { keys: new Set(), auth: async (token) => (await introspect(token)) !== undefined }),
      );
    },
  },
  'Express 5': {
    async 'passport-http-bearer, fetch'({ endpoint }) {
      const [{ default: passport }, { default: bearer }] = await Promise.all([
        import('passport'),
        import('passport-http-bearer'),
      ]);
      const introspect = byFetch(endpoint);
      const authenticator = new passport.Passport();
      authenticator.use(
        new bearer.Strategy((token, done) => introspect(token).then((claims) => done(null, claims ?? false), done)),
      );
      return expressApp(authenticator.authenticate('bearer', { session: false }));
    },
  },
};
