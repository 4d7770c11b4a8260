// Makes an Express app, secured in the way that it is told, and says how long after its start the process was ready.
import express from 'express';

const CLIENT = { method: 'client_secret_basic', clientId: 'gateway', clientSecret: 'secret' };

const KINDS = {
  bare: () => undefined,
  async 'limit: jose subpaths and lru-cache'() {
    await Promise.all([import('jose/jwt/verify'), import('jose/jwks/remote'), import('lru-cache')]);
    return (_request, _response, next) => next();
  },
  async 'ours, JWT'({ issuer, audience, jwksUri }) {
    const { JwtHandler } = await import('@sallyport/handlers/jwt');
    const keys = { jwksUri, outbound: { allowInsecureLoopback: true } };
    const issuers = [{ issuer, audience, algorithms: 'RS256', keys }];
    return securedBy(new JwtHandler({ realm: 'bench', issuers }));
  },
  async 'ours, introspection'({ audience, jwksUri }) {
    const { IntrospectionHandler } = await import('@sallyport/handlers/introspection');
    const outbound = { allowInsecureLoopback: true };
    const options = { realm: 'bench', endpoint: jwksUri, clientAuthentication: CLIENT, audience, outbound };
    return securedBy(new IntrospectionHandler(options));
  },
  async 'express-oauth2-jwt-bearer'({ issuer, audience, jwksUri }) {
    const { auth } = await import('express-oauth2-jwt-bearer');
    return auth({ issuer, audience, jwksUri, tokenSigningAlg: 'RS256' });
  },
};

async function securedBy(requirement) {
  const [{ SecurityChain }, { expressSecurity }] = await Promise.all([
    import('@sallyport/core'),
    import('@sallyport/adapters/express'),
  ]);
  return expressSecurity(new SecurityChain({ requirement }))();
}

const [, , kind, settings] = process.argv;
if (kind === undefined) {
  console.log(JSON.stringify(Object.keys(KINDS)));
} else {
  const app = express();
  const middleware = await KINDS[kind](JSON.parse(settings));
  if (middleware !== undefined) app.use(middleware);
  app.get('/orders', (_, response) => response.end('ok'));
  console.log(performance.now());
  process.exit();
}
