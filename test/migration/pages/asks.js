// What is asked of the servers of each page, and what they answer: before the move, after it, and during it (`during`, where
// the routes that have not moved yet answer as before). An answer is a status, or a status and the body.
import { basic, bearer, byFastifyJwt, byJsonwebtoken, byNestJwt, byOidcProvider, signedBefore } from './tokens.js';

const FORGED = 'another secret, of nobody who may sign tokens here';
const expired = { expiresIn: '-1m' };
const under = (scheme, token) => ({ authorization: `${scheme} ${token}` });

/** What every server refuses that takes a token of the application's own login. */
async function badTokens(line, claims, during) {
  return [
    { what: 'nothing', line, before: 401, after: 401, during },
    { what: 'an expired token', line, headers: bearer(await byJsonwebtoken(claims, expired)), before: 401, after: 401 },
    {
      what: 'a token of another secret',
      line,
      headers: bearer(await byJsonwebtoken(claims, undefined, FORGED)),
      before: 401,
      after: 401,
    },
  ];
}

export const PAGES = {
  'express-jwt': async () => {
    const token = await byJsonwebtoken({ id: 42 }, { expiresIn: '60d' });
    const me = [200, { id: 42 }];
    const read = (reader) => [200, { article: 'a-slug', reader }];
    return [
      { what: 'a token of the login', line: 'GET /me', headers: bearer(token), before: me, after: me },
      { what: 'the scheme Token', line: 'GET /me', headers: under('Token', token), before: me, after: me },
      ...(await badTokens('GET /me', { id: 42 })),
      { what: 'nothing', line: 'GET /articles/a-slug', before: read(null), after: read(null) },
      {
        what: 'a token',
        line: 'GET /articles/a-slug',
        headers: under('Token', token),
        before: read(42),
        after: read(42),
      },
      { what: 'a bad token', line: 'GET /articles/a-slug', headers: bearer('a.b.c'), before: 401, after: 401 },
      { what: 'Basic', line: 'GET /articles/a-slug', headers: basic('a', 'b'), before: read(null), after: 401 },
      { what: 'a slash in the slug', line: 'GET /articles/a%2Fb', before: 200, after: 400 },
      { what: 'no value', line: 'GET /me', headers: { authorization: 'Token' }, before: 401, after: 400, during: 401 },
    ];
  },
  'passport-jwt': async () => {
    const me = [200, { id: 42, email: 'alice@example.com' }];
    const [token, gone] = [await byJsonwebtoken({ sub: 42 }), await byJsonwebtoken({ sub: 7 })];
    return [
      { what: 'a token of the login', line: 'GET /me', headers: bearer(token), before: me, after: me },
      { what: 'a user who is gone', line: 'GET /me', headers: bearer(gone), before: 401, after: 403 },
      ...(await badTokens('GET /me', { sub: 42 })),
      { what: 'nothing', line: 'GET /health', before: [200, 'up'], after: [200, 'up'] },
    ];
  },
  jsonwebtoken: async () => {
    const token = await byJsonwebtoken({ userId: 42, role: 'admin' });
    const reader = await byJsonwebtoken({ userId: 7, role: 'reader' });
    const me = [200, { id: 42 }];
    return [
      { what: 'a token of the login', line: 'GET /me', headers: bearer(token), before: me, after: me },
      ...(await badTokens('GET /me', { userId: 42 })),
      { what: 'an admin', line: 'GET /admin', headers: bearer(token), before: 200, after: 200 },
      { what: 'a reader', line: 'GET /admin', headers: bearer(reader), before: 403, after: 403 },
      { what: 'nothing', line: 'POST /login', before: 200, after: 200 },
    ];
  },
  'koa-jwt': async () => {
    const token = await byJsonwebtoken({ id: 42 });
    const me = [200, { id: 42 }];
    const read = (reader) => [200, { article: 'a-slug', reader }];
    return [
      { what: 'a token of the login', line: 'GET /me', headers: bearer(token), before: me, after: me },
      ...(await badTokens('GET /me', { id: 42 })),
      { what: 'nothing', line: 'GET /articles/a-slug', before: read(null), after: read(null) },
      { what: 'a token', line: 'GET /articles/a-slug', headers: bearer(token), before: read(42), after: read(42) },
      {
        what: 'a bad token',
        line: 'GET /articles/a-slug',
        headers: bearer('a.b.c'),
        before: read(null),
        after: read(null),
      },
      { what: 'a slash in the slug', line: 'GET /articles/a%2Fb', before: 200, after: 400 },
    ];
  },
  'fastify-jwt': async () => {
    const me = [200, { id: 42 }];
    return [
      {
        what: 'a token of the login',
        line: 'GET /me',
        headers: bearer(await byFastifyJwt({ id: 42 })),
        before: me,
        after: me,
      },
      ...(await badTokens('GET /me', { id: 42 })),
      { what: 'nothing', line: 'POST /login', before: 200, after: 200 },
    ];
  },
  'nestjs-jwt': async () => {
    const me = [200, { name: 'alice' }];
    const token = await byNestJwt({ sub: 42, username: 'alice' });
    return [
      { what: 'a token of the login', line: 'GET /profile', headers: bearer(token), before: me, after: me },
      ...(await badTokens('GET /profile', { sub: 42, username: 'alice' })),
      { what: 'nothing', line: 'POST /auth/login', before: 201, after: 201, during: 404 },
      { what: 'nothing', line: 'GET /nowhere', before: 404, after: 401, during: 404 },
    ];
  },
  'express-oauth2-jwt-bearer': async () => {
    const { auth0, auth0WithoutScope, forAnother } = signedBefore;
    const me = [200, { subject: 'auth0|alice' }];
    return [
      {
        what: 'a token of oidc-provider',
        line: 'GET /orders',
        headers: bearer(await byOidcProvider()),
        before: 200,
        after: 200,
      },
      { what: 'a token as Auth0 signs it', line: 'GET /me', headers: bearer(auth0), before: me, after: me },
      { what: 'another scope', line: 'GET /orders', headers: bearer(auth0WithoutScope), before: 403, after: 403 },
      { what: 'another audience', line: 'GET /me', headers: bearer(forAnother), before: 401, after: 401 },
      { what: 'nothing', line: 'GET /me', before: 401, after: 401 },
    ];
  },
  'keycloak-connect': async () => {
    const { clerk, noClerk, idOfKeycloak } = signedBefore;
    const me = [200, { name: 'alice' }];
    return [
      { what: 'an access token', line: 'GET /me', headers: bearer(clerk), before: me, after: me },
      { what: 'the role', line: 'GET /orders', headers: bearer(clerk), before: 200, after: 200 },
      { what: 'no role', line: 'GET /orders', headers: bearer(noClerk), before: 403, after: 403 },
      { what: 'an ID token', line: 'GET /me', headers: bearer(idOfKeycloak), before: 403, after: 401 },
      { what: 'nothing', line: 'GET /me', before: 403, after: 401 },
    ];
  },
  'passport-http': async () => [
    {
      what: 'the password',
      line: 'GET /me',
      headers: basic('reporting', 'a long passphrase'),
      before: 200,
      after: [200, { name: 'reporting' }],
    },
    { what: 'a wrong password', line: 'GET /me', headers: basic('reporting', 'another'), before: 401, after: 401 },
    { what: 'malformed credentials', line: 'GET /me', headers: under('Basic', 'YQ'), before: 400, after: 401 },
    { what: 'nothing', line: 'GET /me', before: 401, after: 401 },
  ],
  'express-basic-auth': async () => [
    {
      what: 'the password',
      line: 'GET /me',
      headers: basic('reporting', 'a long passphrase'),
      before: 200,
      after: [200, { name: 'reporting' }],
    },
    { what: 'a wrong password', line: 'GET /me', headers: basic('reporting', 'another'), before: 401, after: 401 },
    { what: 'a token', line: 'GET /me', headers: bearer('a.b.c'), before: 401, after: 401 },
    { what: 'nothing', line: 'GET /me', before: 401, after: 401 },
  ],
  'fastify-basic-auth': async () => [
    {
      what: 'the password',
      line: 'GET /orders',
      headers: basic('reporting', 'a long passphrase'),
      before: 200,
      after: [200, { orders: [] }],
    },
    { what: 'a wrong password', line: 'GET /orders', headers: basic('reporting', 'another'), before: 401, after: 401 },
    { what: 'nothing', line: 'GET /orders', before: 401, after: 401 },
    { what: 'nothing', line: 'GET /health', before: 200, after: 200 },
  ],
  mcp: async () => {
    const { auth0, auth0WithoutScope, forAnother } = signedBefore;
    const ours = [200, { client: 'web-shop' }];
    const reporting = [200, { client: 'reporting' }];
    return [
      {
        what: 'a token of oidc-provider',
        line: 'POST /mcp',
        headers: bearer(await byOidcProvider()),
        before: reporting,
        after: reporting,
      },
      { what: 'a token of typ JWT', line: 'POST /mcp', headers: bearer(auth0), before: ours, after: ours },
      { what: 'another scope', line: 'POST /mcp', headers: bearer(auth0WithoutScope), before: 403, after: 403 },
      { what: 'another audience', line: 'POST /mcp', headers: bearer(forAnother), before: 401, after: 401 },
      { what: 'nothing', line: 'POST /mcp', before: 401, after: 401 },
    ];
  },
};
