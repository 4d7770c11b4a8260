// A user name with its password on each request. Ours checks a password that was hashed by argon2id, and remembers; the
// usual packages compare it as it stands.
import { anonymous, SecurityChain } from '@sallyport/core';
import { BasicHandler, hashPassword, InMemoryUserStore } from '@sallyport/handlers/basic';
import { expressApp, FRAMEWORKS, fastifyApp, honoApp, koaApp } from './frameworks.js';

export function find({ line, name }) {
  const known = new Map([[line, Object.freeze({ subject: name })]]);
  return (authorization) => {
    const principal = known.get(authorization);
    if (principal === undefined) throw new Error('unknown credential');
    return principal;
  };
}

export async function chain({ name, password }) {
  const users = new InMemoryUserStore([{ name, hash: await hashPassword(password) }]);
  return new SecurityChain({ requirement: new BasicHandler({ realm: 'bench', users }) });
}

export const peers = {
  'node:http': {
    'ours, without Basic': () => FRAMEWORKS['node:http'].ours(new SecurityChain({ requirement: anonymous() })),
  },
  'Fastify 5': {
    async '@fastify/basic-auth'(user) {
      const { default: basicAuth } = await import('@fastify/basic-auth');
      return fastifyApp(async (app) => {
        const validate = (name, password, _request, _reply, done) =>
          done(isRight(user, name, password) ? undefined : new Error('refused'));
        await app.register(basicAuth, { validate });
        app.addHook('onRequest', app.basicAuth);
      });
    },
  },
  'Koa 3': {
    async 'koa-basic-auth'({ name, password }) {
      const { default: basicAuth } = await import('koa-basic-auth');
      return koaApp(basicAuth({ name, pass: password }));
    },
  },
  'Express 5': {
    async 'express-basic-auth'({ name, password }) {
      const { default: basicAuth } = await import('express-basic-auth');
      return expressApp(basicAuth({ users: { [name]: password } }));
    },
    async 'passport-http'(user) {
      const [{ default: passport }, { default: http }] = await Promise.all([
        import('passport'),
        import('passport-http'),
      ]);
      const authenticator = new passport.Passport();
      authenticator.use(
        new http.BasicStrategy((name, password, done) =>
          done(null, isRight(user, name, password) && { subject: name }),
        ),
      );
      return expressApp(authenticator.authenticate('basic', { session: false }));
    },
  },
  Hono: {
    async 'hono/basic-auth'({ name, password }) {
      const { basicAuth } = await import('hono/basic-auth');
      return honoApp(basicAuth({ username: name, password }));
    },
  },
};

function isRight(user, name, password) {
  return name === user.name && password === user.password;
}
