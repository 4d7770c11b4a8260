// The servers that are compared: for every framework the bare one, the cheapest thing that could work, ours and the
// usual peer. Each function makes a server that is ready to listen; a framework is loaded by the process that uses it.
import { createServer } from 'node:http';
import { SecurityChain } from '@sallyport/core';
import { JwtHandler } from '@sallyport/handlers/jwt';

/** A token that is known has a principal; nothing is checked. */
function limitOf({ tokens }) {
  const known = new Map(tokens.map((token, index) => [`Bearer ${token}`, Object.freeze({ subject: `user-${index}` })]));
  return (request) => {
    const principal = known.get(request.headers.authorization);
    if (principal === undefined) throw new Error('unknown token');
    return principal;
  };
}

function chainOf({ issuer, audience, pem }) {
  const keys = { publicKey: pem, kid: 'key-1' };
  const issuers = [{ issuer, audience, algorithms: 'RS256', acceptTyp: ['JWT'], keys }];
  return new SecurityChain({ requirement: new JwtHandler({ realm: 'bench', issuers }) });
}

const http = {
  bare: () => createServer((_, response) => response.end('ok')),
  limit(settings) {
    const principalOf = limitOf(settings);
    return createServer((request, response) => {
      request.user = principalOf(request);
      response.end('ok');
    });
  },
  async ours(settings) {
    const { httpSecurity } = await import('@sallyport/adapters/http');
    return createServer(httpSecurity(chainOf(settings))((_, response) => response.end('ok')));
  },
  async 'jose by hand'({ issuer, audience, jwk }) {
    const { importJWK, jwtVerify } = await import('jose');
    const key = await importJWK(jwk, 'RS256');
    return createServer(async (request, response) => {
      try {
        const token = request.headers.authorization.slice('Bearer '.length);
        request.user = (await jwtVerify(token, key, { issuer, audience })).payload;
      } catch {
        response.writeHead(401).end();
        return;
      }
      response.end('ok');
    });
  },
};

async function fastifyApp(secure = () => {}) {
  const { default: Fastify } = await import('fastify');
  const app = Fastify();
  await secure(app);
  app.get('/orders', (_, reply) => reply.send('ok'));
  await app.ready();
  return app.server;
}

const fastify = {
  bare: () => fastifyApp(),
  limit(settings) {
    const principalOf = limitOf(settings);
    return fastifyApp((app) => {
      app.decorateRequest('user', null);
      app.addHook('onRequest', (request, _, done) => {
        request.user = principalOf(request.raw);
        done();
      });
    });
  },
  async ours(settings) {
    const { fastifySecurity } = await import('@sallyport/adapters/fastify');
    return fastifyApp((app) => app.register(fastifySecurity(chainOf(settings)).plugin));
  },
  async '@fastify/jwt, cache'({ issuer, audience, pem }) {
    const { default: jwt } = await import('@fastify/jwt');
    return fastifyApp(async (app) => {
      const verify = { algorithms: ['RS256'], allowedIss: issuer, allowedAud: audience, cache: true };
      await app.register(jwt, { secret: { public: pem }, verify });
      app.addHook('onRequest', (request) => request.jwtVerify());
    });
  },
};

async function koaApp(...middleware) {
  const { default: Koa } = await import('koa');
  const app = new Koa();
  for (const each of middleware) app.use(each);
  app.use((context) => {
    context.body = 'ok';
  });
  return createServer(app.callback());
}

const koa = {
  bare: () => koaApp(),
  limit(settings) {
    const principalOf = limitOf(settings);
    return koaApp((context, next) => {
      context.state.user = principalOf(context.req);
      return next();
    });
  },
  async ours(settings) {
    const { koaSecurity } = await import('@sallyport/adapters/koa');
    return koaApp(koaSecurity(chainOf(settings))());
  },
  async 'koa-jwt'({ issuer, audience, pem }) {
    const { default: jwt } = await import('koa-jwt');
    return koaApp(jwt({ secret: pem, algorithms: ['RS256'], issuer, audience }));
  },
};

async function expressApp(...middleware) {
  const { default: express } = await import('express');
  const app = express();
  app.get('/orders', ...middleware, (_, response) => response.end('ok'));
  return createServer(app);
}

const express = {
  bare: () => expressApp(),
  limit(settings) {
    const principalOf = limitOf(settings);
    return expressApp((request, _, next) => {
      request.user = principalOf(request);
      next();
    });
  },
  async ours(settings) {
    const { expressSecurity } = await import('@sallyport/adapters/express');
    return expressApp(expressSecurity(chainOf(settings))());
  },
  async 'express-oauth2-jwt-bearer'({ issuer, audience, jwksUri }) {
    const { auth } = await import('express-oauth2-jwt-bearer');
    return expressApp(auth({ issuer, audience, jwksUri, tokenSigningAlg: 'RS256' }));
  },
};

async function honoApp(...middleware) {
  const { Hono } = await import('hono');
  const { createAdaptorServer } = await import('@hono/node-server');
  const app = new Hono();
  for (const each of middleware) app.use(each);
  app.get('/orders', (context) => context.text('ok'));
  return createAdaptorServer({ fetch: app.fetch });
}

const hono = {
  bare: () => honoApp(),
  limit(settings) {
    const principalOf = limitOf(settings);
    return honoApp((context, next) => {
      context.set('user', principalOf(context.env.incoming));
      return next();
    });
  },
  async ours(settings) {
    const { fetchSecurity } = await import('@sallyport/adapters/fetch');
    return honoApp(fetchSecurity(chainOf(settings)).middleware());
  },
  async 'hono/jwt'({ issuer, audience, jwk }) {
    const { jwt } = await import('hono/jwt');
    const rs256 = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
    const secret = await crypto.subtle.importKey('jwk', jwk, rs256, false, ['verify']);
    return honoApp(jwt({ secret, alg: 'RS256', verification: { iss: issuer, aud: audience } }));
  },
};

export const STACKS = { 'node:http': http, 'Fastify 5': fastify, 'Koa 3': koa, 'Express 5': express, Hono: hono };
