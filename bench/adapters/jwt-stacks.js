// A JWT on each request: the limit, ours, and the usual packages.
import { createPublicKey } from 'node:crypto';
import { SecurityChain } from '@sallyport/core';
import { JwtHandler } from '@sallyport/handlers/jwt';
import { expressApp, fastifyApp, honoApp, httpServer, koaApp } from './frameworks.js';

/** A header that is known has a principal; nothing is checked. */
export function find({ tokens }) {
  const known = new Map(tokens.map((token, index) => [`Bearer ${token}`, Object.freeze({ subject: `user-${index}` })]));
  return (authorization) => {
    const principal = known.get(authorization);
    if (principal === undefined) throw new Error('unknown token');
    return principal;
  };
}

export function chain({ issuer, audience, pem }) {
  const keys = { publicKey: pem, kid: 'key-1' };
  const issuers = [{ issuer, audience, algorithms: 'RS256', acceptTyp: ['JWT'], keys }];
  return new SecurityChain({ requirement: new JwtHandler({ realm: 'bench', issuers }) });
}

const tokenOf = (request) => request.headers.authorization.slice('Bearer '.length);

/** Verification by hand, of a package that answers at once. */
function byHand(verify) {
  return httpServer((request, response) => {
    try {
      request.user = verify(tokenOf(request));
    } catch {
      response.writeHead(401).end();
      return;
    }
    response.end('ok');
  });
}

async function fastifyJwt({ issuer, audience, pem }, cache) {
  const { default: jwt } = await import('@fastify/jwt');
  return fastifyApp(async (app) => {
    const verify = { algorithms: ['RS256'], allowedIss: issuer, allowedAud: audience, cache };
    await app.register(jwt, { secret: { public: pem }, verify });
    app.addHook('onRequest', (request) => request.jwtVerify());
  });
}

export const peers = {
  'node:http': {
    async 'jose by hand'({ issuer, audience, jwk }) {
      const { importJWK, jwtVerify } = await import('jose');
      const key = await importJWK(jwk, 'RS256');
      return httpServer(async (request, response) => {
        try {
          request.user = (await jwtVerify(tokenOf(request), key, { issuer, audience })).payload;
        } catch {
          response.writeHead(401).end();
          return;
        }
        response.end('ok');
      });
    },
    async 'fast-jwt by hand, cache'(settings) {
      return byHand(await fastVerifier(settings, true));
    },
    async 'fast-jwt by hand'(settings) {
      return byHand(await fastVerifier(settings, false));
    },
    async 'jsonwebtoken by hand'({ issuer, audience, pem }) {
      const { default: jsonwebtoken } = await import('jsonwebtoken');
      const key = createPublicKey(pem);
      return byHand((token) => jsonwebtoken.verify(token, key, { algorithms: ['RS256'], issuer, audience }));
    },
  },
  'Fastify 5': {
    '@fastify/jwt, cache': (settings) => fastifyJwt(settings, true),
    '@fastify/jwt': (settings) => fastifyJwt(settings, false),
  },
  'Koa 3': {
    async 'koa-jwt'({ issuer, audience, pem }) {
      const { default: jwt } = await import('koa-jwt');
      // Of a PEM text it would parse the key on each request.
      return koaApp(jwt({ secret: createPublicKey(pem), algorithms: ['RS256'], issuer, audience }));
    },
  },
  'Express 5': {
    async 'express-oauth2-jwt-bearer'({ issuer, audience, jwksUri }) {
      const { auth } = await import('express-oauth2-jwt-bearer');
      return expressApp(auth({ issuer, audience, jwksUri, tokenSigningAlg: 'RS256' }));
    },
    async 'express-jwt, jwks-rsa'({ issuer, audience, jwksUri }) {
      const [{ expressjwt }, { default: jwksRsa }] = await Promise.all([import('express-jwt'), import('jwks-rsa')]);
      const secret = jwksRsa.expressJwtSecret({ jwksUri, cache: true });
      return expressApp(expressjwt({ secret, algorithms: ['RS256'], issuer, audience }));
    },
    async 'passport-jwt'({ issuer, audience, pem }) {
      const [{ default: passport }, { default: jwt }] = await Promise.all([import('passport'), import('passport-jwt')]);
      const jwtFromRequest = jwt.ExtractJwt.fromAuthHeaderAsBearerToken();
      const secretOrKey = createPublicKey(pem);
      const options = { jwtFromRequest, secretOrKey, algorithms: ['RS256'], issuer, audience };
      const authenticator = new passport.Passport();
      authenticator.use(new jwt.Strategy(options, (claims, done) => done(null, claims)));
      return expressApp(authenticator.authenticate('jwt', { session: false }));
    },
  },
  Hono: {
    async 'hono/jwt'({ issuer, audience, jwk }) {
      const { jwt } = await import('hono/jwt');
      const rs256 = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
      const secret = await crypto.subtle.importKey('jwk', jwk, rs256, false, ['verify']);
      return honoApp(jwt({ secret, alg: 'RS256', verification: { iss: issuer, aud: audience } }));
    },
  },
};

async function fastVerifier({ issuer, audience, pem }, cache) {
  const { createVerifier } = await import('fast-jwt');
  return createVerifier({ key: pem, algorithms: ['RS256'], allowedIss: issuer, allowedAud: audience, cache });
}
