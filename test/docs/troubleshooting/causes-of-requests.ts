import { expressSecurity } from '@sallyport/adapters/express';
import { fastifySecurity } from '@sallyport/adapters/fastify';
import {
  allOf,
  anyOf,
  cookieHandler,
  denied,
  forbidden,
  guard,
  headerHandler,
  optional,
  rateLimit,
  requireActor,
  requireAudience,
  requireAuthentication,
  requireRoles,
  requireScopes,
  route,
  routes,
} from '@sallyport/core';
import { ABSTAINED } from '@sallyport/core/extend';
import { ApiKeyHandler, MemoryApiKeyStore } from '@sallyport/handlers/api-key';
import express from 'express';
import Fastify from 'fastify';
import serverlessHttp from 'serverless-http';
import { goodToken, jwt } from './causes-of-tokens.js';
import type { Cause, Scene, Sent } from './scene.js';

const partnerKey = headerHandler({
  name: 'partner-key',
  header: 'X-API-Key',
  verify: (key) => (key === 'partner-key-1' ? { subject: 'partner' } : denied('partner_unknown')),
});
const session = cookieHandler({ name: 'session', cookie: 'session', verify: () => ({ subject: 'alice' }) });

const sent = (asked: Sent) => (scene: Scene) => scene.ask(jwt(scene), asked);
const line = (text: string) => sent({ lines: [text] });
const good = (asked: Sent) => (scene: Scene) => scene.ask(jwt(scene), { bearer: goodToken(), ...asked });

/** Nothing that a handler takes was sent, or it was sent in a way that can be read in two ways. */
export const CREDENTIALS: readonly Cause[] = [
  {
    cause: 'No credential was sent: a proxy, a redirect to another host or the HTTP client dropped it',
    client: '401 unauthenticated',
    reason: 'credentials_missing',
    words: 'nothing at authorization:bearer (jwt)',
    change: 'no proxy or redirect',
    provoke: sent({}),
  },
  {
    cause: 'The token is in a cookie, and the handler reads Authorization',
    client: '401 unauthenticated',
    reason: 'credentials_missing',
    words: 'nothing at authorization:bearer (jwt)',
    change: 'source',
    provoke: (scene) => scene.ask(jwt(scene), { lines: [`Cookie: session=${goodToken()}`] }),
  },
  {
    cause: 'Middleware writes `request.headers.authorization`',
    client: '401 unauthenticated',
    reason: 'credentials_missing',
    words: 'nothing at authorization:bearer (jwt)',
    change: 'source',
    provoke: async (scene) => {
      const token = scene.keepSecret(goodToken());
      const app = express();
      app.use((request, _response, next) => {
        request.headers.authorization = `Bearer ${token}`;
        next();
      });
      app.use(expressSecurity(scene.chain({ requirement: jwt(scene) }))());
      scene.mount(app);
      await scene.send();
    },
  },
  {
    cause: 'A serverless host or a mock passes no headers on',
    client: '401 unauthenticated',
    reason: 'credentials_missing',
    words: 'nothing at authorization:bearer (jwt)',
    change: 'headers',
    provoke: async (scene) => {
      const app = express().use(expressSecurity(scene.chain({ requirement: jwt(scene) }))());
      const handler = serverlessHttp(app);
      const { headers, statusCode, body } = (await handler({ httpMethod: 'GET', path: '/orders' }, {})) as {
        readonly statusCode: number;
        readonly headers: Readonly<Record<string, string>>;
        readonly body: string;
      };
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
      scene.answer = { status: statusCode, statusLine: '', lines, body };
    },
  },
  {
    cause: 'A route lets everybody in, and a `secure()` in front of it does not',
    client: '401 unauthenticated',
    reason: 'credentials_missing',
    words: 'nothing at authorization:bearer (jwt)',
    change: 'optional',
    provoke: async (scene) => {
      const handler = jwt(scene);
      const secure = expressSecurity(scene.chain({ requirement: handler }));
      const app = express();
      app.use(secure());
      app.get('/orders', secure(optional(handler)), (_request, response) => void response.send('let in'));
      scene.mount(app);
      await scene.send();
    },
  },
  {
    cause: 'The key is in another header than the handler reads',
    client: '401 unauthenticated',
    reason: 'credentials_missing',
    words: 'nothing at header:x-api-key (partner-key)',
    change: 'header',
    provoke: (scene) => scene.ask(partnerKey, { lines: ['X-Key: partner-key-1'] }),
  },
  {
    cause: 'One of the credentials is missing where `allOf` wants several',
    client: '401 unauthenticated',
    reason: 'credentials_missing',
    words: 'nothing at header:x-api-key (partner-key); found at authorization:bearer (jwt)',
    change: 'allOf',
    provoke: (scene) => scene.ask(allOf(jwt(scene), partnerKey), { bearer: goodToken() }),
  },
  {
    cause: 'The Authorization header has another scheme, such as `Token` or `JWT`',
    client: '401 unauthenticated',
    reason: 'credentials_unrecognised',
    words: 'the scheme is "token", expected authorization:bearer (jwt)',
    change: 'a scheme that is expected',
    provoke: (scene) => scene.ask(jwt(scene), { lines: [`Authorization: Token ${goodToken()}`] }),
  },
  {
    cause: 'Something that is no credential stands in a header or a query parameter where a handler looks',
    client: '401 unauthenticated',
    reason: 'credentials_unrecognised',
    words: 'header:x-api-key holds nothing that is taken there (api-key)',
    change: 'gateway',
    provoke: async (scene) => {
      const options = { prefix: 'acme', secret: 's'.repeat(32), store: new MemoryApiKeyStore(), selective: true };
      const keys = new ApiKeyHandler(options, { clock: scene.clock });
      await scene.ask(anyOf(jwt(scene), keys), { bearer: goodToken(), lines: ['X-API-Key: id-of-a-gateway'] });
    },
  },
  {
    cause: 'The credentials of one request are of different parties',
    client: '401 invalid_credentials',
    reason: 'party_mismatch',
    change: 'sameParty',
    provoke: (scene) =>
      scene.ask(allOf([jwt(scene), session], { sameParty: true }), {
        bearer: goodToken(),
        lines: ['Cookie: session=abcdefgh'],
      }),
  },
  {
    cause: 'A handler of your own refuses',
    client: '401 invalid_credentials',
    reason: 'partner_unknown',
    words: 'partner-key: denied',
    change: 'denied',
    provoke: (scene) => scene.ask(partnerKey, { lines: ['X-API-Key: another-key'] }),
  },
  {
    cause: 'There are two Authorization lines, often one of the client and one of a proxy',
    client: '400 invalid_request',
    reason: 'duplicate_authorization',
    change: 'one Authorization line',
    provoke: sent({ lines: ['Authorization: Bearer token-one', 'Authorization: Bearer token-two'] }),
  },
  {
    cause: 'Two credentials were joined into one line by a comma',
    client: '400 invalid_request',
    reason: 'joined_credentials',
    change: 'one credential',
    provoke: line('Authorization: Bearer token-one, Basic dXNlcjpwYXNzd29yZA=='),
  },
  {
    cause: 'The Authorization header cannot be read: `Bearer:`, or the token alone',
    client: '400 invalid_request',
    reason: 'malformed_authorization',
    change: 'the scheme, one space and the credential',
    provoke: line('Authorization: Bearer: token-one'),
  },
  {
    cause: 'The token has characters that no token has: spaces, quotes, line breaks of a copy',
    client: '400 invalid_request',
    reason: 'bearer_token_malformed',
    change: 'quotes of a shell or of JSON',
    provoke: line('Authorization: Bearer "token-one"'),
  },
  {
    cause: 'The token is too long',
    client: '400 invalid_request',
    reason: 'bearer_token_too_long',
    change: 'maxTokenBytes',
    provoke: line(`Authorization: Bearer ${'x'.repeat(8_193)}`),
  },
  {
    cause: 'A key was sent twice',
    client: '400 invalid_request',
    reason: 'duplicate_credentials',
    change: 'once, in one place',
    provoke: (scene) => scene.ask(partnerKey, { lines: ['X-API-Key: partner-key-1', 'X-API-Key: partner-key-2'] }),
  },
  {
    cause: 'The header of a key is empty: a variable was not set',
    client: '400 invalid_request',
    reason: 'credential_empty',
    change: 'variable of the client',
    provoke: (scene) => scene.ask(partnerKey, { lines: ['X-API-Key:'] }),
  },
];

const contract = (scene: Scene, asked: Sent, method = 'GET') =>
  (async () => {
    const operations = routes([route(method, '/orders', { requirement: jwt(scene) })]);
    scene.secure({ operations });
    await scene.send({ bearer: goodToken(), ...asked });
  })();

/** The request itself, before or beside its credentials. */
export const REQUESTS: readonly Cause[] = [
  {
    cause: 'A path parameter holds an encoded slash or backslash',
    client: '400 invalid_request',
    reason: 'path_encoded_slash',
    words: '/orders/a%2Fb',
    change: 'allowEncodedSlash',
    provoke: good({ target: '/orders/a%2Fb' }),
  },
  {
    cause: 'The client puts two slashes in a row',
    client: '400 invalid_request',
    reason: 'path_double_slash',
    words: '//orders',
    change: 'allowDoubleSlash',
    provoke: good({ target: '//orders' }),
  },
  {
    cause: 'A path parameter is encoded twice',
    client: '400 invalid_request',
    reason: 'path_double_encoding',
    words: '/orders/a%252Fb',
    change: 'allowDoubleEncoding',
    provoke: good({ target: '/orders/a%252Fb' }),
  },
  {
    cause: 'A browser asks for a path with `[`, `]` or a vertical bar',
    client: '400 invalid_request',
    reason: 'path_browser_characters',
    words: '/items/[a]',
    change: 'allowBrowserCharacters',
    provoke: good({ target: '/items/[a]' }),
  },
  {
    cause: 'The path holds `.` or `..`',
    client: '400 invalid_request',
    reason: 'path_dot_segment',
    words: '/orders/../admin',
    change: 'Let the client resolve',
    provoke: good({ target: '/orders/../admin' }),
  },
  {
    cause: 'A guard reads path parameters, and the path can be cut in several ways',
    client: '400 invalid_request',
    reason: 'path_parameters_ambiguous',
    words: '/routes/{from}-{to}',
    change: 'template',
    provoke: async (scene) => {
      const fromHere = guard('from-here', (_principal, { pathParameters }) => pathParameters['from'] === '1');
      const operations = routes([route('GET', '/routes/{from}-{to}', { requirement: jwt(scene), guards: [fromHere] })]);
      scene.secure({ operations });
      await scene.send({ bearer: goodToken(), target: '/routes/a-b-c' });
    },
  },
  {
    cause: 'The contract does not name the path',
    client: '404 not_found',
    reason: 'operation_undeclared',
    words: 'GET /order',
    change: 'operations',
    provoke: (scene) => contract(scene, { target: '/order' }),
  },
  {
    cause: 'The path differs from the contract in upper and lower case or in a slash at the end',
    client: '404 not_found',
    reason: 'operation_undeclared',
    words: 'GET /Orders/',
    change: 'operations',
    provoke: (scene) => contract(scene, { target: '/Orders/' }),
  },
  {
    cause: 'The application strips a prefix before the chain sees the request',
    client: '404 not_found',
    reason: 'operation_undeclared',
    words: 'GET /v1/orders',
    change: 'allowRewriting',
    provoke: async (scene) => {
      const operations = routes([route('GET', '/orders', { requirement: jwt(scene) })]);
      const app = express();
      app.use((request, _response, next) => {
        request.url = request.url.replace('/v1/', '/');
        next();
      });
      app.use(expressSecurity(scene.chain({ operations }))());
      scene.mount(app);
      await scene.send({ bearer: goodToken(), target: '/v1/orders' });
    },
  },
  {
    cause: 'Middleware behind `secure()` overrides the method',
    client: '404 not_found',
    reason: 'operation_undeclared',
    words: 'DELETE /orders',
    change: 'operations',
    provoke: async (scene) => {
      const operations = routes([route('POST', '/orders', { requirement: jwt(scene) })]);
      const app = express();
      app.use(expressSecurity(scene.chain({ operations }))());
      app.use((request, _response, next) => {
        request.method = String(request.headers['x-http-method-override']);
        next();
      });
      app.delete('/orders', (_request, response) => void response.send('gone'));
      scene.mount(app);
      await scene.send({ bearer: goodToken(), method: 'POST', lines: ['X-HTTP-Method-Override: DELETE'] });
    },
  },
  {
    cause: 'A browser sends a preflight, which has no credentials',
    client: '401 unauthenticated',
    reason: 'credentials_missing',
    words: 'OPTIONS',
    change: 'allowPreflight',
    provoke: sent({
      method: 'OPTIONS',
      lines: ['Origin: https://shop.example', 'Access-Control-Request-Method: POST'],
    }),
  },
  {
    cause: 'A limit is used up',
    client: '429 rate_limited',
    reason: 'rate_limited',
    words: 'minute: 1 of 1 used in 60 s, counted by principal',
    change: 'rateLimit',
    provoke: async (scene) => {
      const guards = [rateLimit({ name: 'minute', limit: 1, windowSeconds: 60 })];
      scene.secure({ requirement: jwt(scene), guards });
      await scene.send({ bearer: goodToken() });
      await scene.send({ bearer: goodToken() });
    },
  },
];

/** Requests that the chain never sees, so that there is no line. */
export const UNSEEN: readonly Cause[] = [
  {
    cause: 'A route of Express or Koa stands before `secure()`',
    client: '200',
    provoke: async (scene) => {
      const app = express();
      app.get('/orders', (_request, response) => void response.send('let in'));
      app.use(expressSecurity(scene.chain({ requirement: jwt(scene) }))());
      scene.mount(app);
      await scene.send();
    },
  },
  {
    cause: 'A route of Fastify stands outside of the context that registers the plugin',
    client: '200',
    provoke: async (scene) => {
      const secure = fastifySecurity(scene.chain({ requirement: jwt(scene) }));
      const app = scene.closing(Fastify());
      app.register(async (inner) => {
        await inner.register(secure.plugin);
        inner.get('/admin', () => 'secured');
      });
      app.get('/orders', () => 'let in');
      await app.ready();
      scene.mount(app.routing);
      await scene.send();
    },
  },
];

const guarded =
  (...guards: Parameters<Scene['secure']>[0]['guards'] & {}) =>
  async (scene: Scene) => {
    scene.secure({ requirement: jwt(scene), guards });
    await scene.send({ bearer: goodToken() });
  };

/** Who is calling is proved, and may not do this. */
export const PERMISSIONS: readonly Cause[] = [
  {
    cause: 'The token lacks a scope',
    client: '403 insufficient_scope',
    reason: 'insufficient_scope',
    words: 'orders:cancel',
    change: 'requireScopes',
    provoke: guarded(requireScopes(['orders:read', 'orders:cancel'])),
  },
  {
    cause: 'The token has none of the scopes of which one is enough',
    client: '403 insufficient_scope',
    reason: 'insufficient_scope',
    words: 'admin…orders:cancel',
    change: 'requireScopes',
    provoke: guarded(requireScopes(['admin', 'orders:cancel'], { match: 'any' })),
  },
  {
    cause: 'The caller lacks a role',
    client: '403 forbidden',
    reason: 'role_missing',
    words: 'roles are [], needed: ["clerk"]',
    change: 'rolesClaims',
    provoke: guarded(requireRoles('clerk')),
  },
  {
    cause: 'A guard function returned `false`',
    client: '403 forbidden',
    reason: 'policy_refused',
    words: 'by office-hours',
    change: 'forbidden',
    provoke: guarded(guard('office-hours', () => false)),
  },
  {
    cause: 'A guard of your own refuses with a reason of its own',
    client: '403 forbidden',
    reason: 'tenant_foreign',
    words: 'by own-tenant',
    change: 'own-tenant',
    provoke: guarded(guard('own-tenant', () => forbidden('tenant_foreign'))),
  },
  {
    cause: 'No guard had an opinion',
    client: '403 forbidden',
    reason: 'all_guards_abstained',
    change: 'one of the guards permit',
    provoke: guarded(guard('own-tenant', () => ABSTAINED)),
  },
  {
    cause: 'Somebody else acts for the user than `requireActor` names, or nobody',
    client: '403 forbidden',
    reason: 'actor_refused',
    words: 'nobody acts, expected "https://support.example"',
    change: 'allowNone',
    provoke: guarded(requireActor('https://support.example')),
  },
  {
    cause: 'The user logged in too weakly or too long ago',
    client: '401 insufficient_user_authentication',
    reason: 'insufficient_user_authentication',
    words: 'auth_time is missing, expected at most 300 s ago',
    change: 'acrValues',
    provoke: guarded(requireAuthentication({ maxAgeSeconds: 300 })),
  },
  {
    cause: 'The audience that `requireAudience` wants is not in the token',
    client: '401 invalid_token',
    reason: 'audience_mismatch',
    words: 'aud is ["https://api.example.com"], expected "https://admin.example.com"',
    change: 'requireAudience',
    provoke: guarded(requireAudience('https://admin.example.com')),
  },
];
