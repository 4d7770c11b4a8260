// Decisions about credentials that were seen before.
import { issuerOf } from '../authorities/issuer.js';
import { chainOf, introspectionHandlerOf, jwtHandlerOf, newConnections, opaque, requestsOf } from './bearers.js';
import { callsOf, mustBeGranted } from './tasks.js';

const GROUP = 'a credential seen before, whole decide()';
const SECRET = 'the secret of this deployment, 32 characters or more';
const USERS = 5;
const issuers = new Map();

/** The same tokens for all builds. */
function issuer({ isQuick }) {
  const count = isQuick ? 64 : 1_000;
  if (!issuers.has(count)) issuers.set(count, issuerOf('RS256', count));
  return issuers.get(count);
}

const bearer = (tokens) => tokens.map((token) => `Bearer ${token}`);

async function jwt(load, settings) {
  const own = issuer(settings);
  return { handler: await jwtHandlerOf(load, own), values: bearer(own.tokens) };
}

async function introspection(load, { port, isQuick }) {
  const tokens = Array.from({ length: isQuick ? 64 : 1_000 }, (_, index) => opaque(`r${index}`));
  return { handler: await introspectionHandlerOf(load, port), values: bearer(tokens) };
}

async function apiKey(load, { isQuick }) {
  const { ApiKeyHandler, MemoryApiKeyStore } = await load('@sallyport/handlers/api-key');
  const handler = new ApiKeyHandler({ prefix: 'acme', secret: SECRET, store: new MemoryApiKeyStore() });
  const values = [];
  for (let index = 0; index < (isQuick ? 64 : 200); index += 1) {
    const { key } = await handler.keys.create({ subject: `partner-${index}`, scopes: ['orders:read'] });
    values.push(key.reveal());
  }
  return { handler, values, field: 'X-API-Key' };
}

async function basic(load) {
  const { BasicHandler, hashPassword, InMemoryUserStore } = await load('@sallyport/handlers/basic');
  const names = Array.from({ length: USERS }, (_, index) => `user-${index}`);
  const accounts = await Promise.all(names.map(async (name) => ({ name, hash: await hashPassword(`of ${name}`) })));
  const handler = new BasicHandler({ realm: 'bench', users: new InMemoryUserStore(accounts) });
  return { handler, values: names.map((name) => `Basic ${Buffer.from(`${name}:of ${name}`).toString('base64')}`) };
}

async function header(load, { isQuick }) {
  const { headerHandler } = await load('@sallyport/core');
  const values = Array.from({ length: isQuick ? 64 : 1_000 }, (_, index) => `key-${index}-of-a-partner`);
  const known = new Map(values.map((value, index) => [value, { issuer: 'https://as', subject: `partner-${index}` }]));
  return {
    handler: headerHandler({ name: 'key', header: 'X-Key', verify: (key) => known.get(key) }),
    values,
    field: 'X-Key',
  };
}

async function manyJwt(load, settings, count) {
  const { anyOf } = await load('@sallyport/core');
  const own = issuer(settings);
  const handlers = [];
  for (let index = 1; index < count; index += 1)
    handlers.push(await jwtHandlerOf(load, own, { name: `https://other-${index}.example` }));
  return { handler: anyOf(...handlers, await jwtHandlerOf(load, own)), values: bearer(own.tokens) };
}

/** Handlers that look for another scheme and find none, in front of one that remembers as ours do. */
async function unconcerned(load, { isQuick }, count) {
  const { anyOf, authenticated, createPrincipal } = await load('@sallyport/core');
  const { bearerChallenge, challenge, VerdictCache } = await load('@sallyport/core/extend');
  const isScheme = ({ authorization }, scheme) =>
    authorization.kind === 'credentials' && authorization.scheme === scheme;
  const cache = new VerdictCache({ namespace: 'bench', ttlSeconds: 3_600 });
  const principalOf = (subject) =>
    createPrincipal({ issuer: 'https://as', subject, via: [{ handler: 'remembering', scheme: 'bearer' }] });
  const remembering = {
    name: 'remembering',
    challenges: [bearerChallenge('bench')],
    extract: (request) => (isScheme(request, 'bearer') ? request.authorization.value : undefined),
    verify: (token, request) =>
      cache.resolve(token, request, async () => authenticated(principalOf(token.slice(0, 8)))),
  };
  const others = Array.from({ length: count - 1 }, (_, index) => ({
    name: `unconcerned-${index}`,
    challenges: [challenge(`scheme-${index}`)],
    extract: (request) => (isScheme(request, `scheme-${index}`) ? request.authorization : undefined),
    verify: () => Promise.reject(new Error('not concerned')),
  }));
  const values = bearer(Array.from({ length: isQuick ? 64 : 1_000 }, (_, index) => opaque(`${index}`)));
  return { handler: count === 1 ? remembering : anyOf(...others, remembering), values };
}

/** Every credential is used once before. */
function seenBefore(make, isAgain) {
  return async (load, settings) => {
    const { handler, values, field } = await make(load, settings);
    const chain = await chainOf(load, handler);
    const requestOf = await requestsOf(load, field);
    for (const value of values) await chain.decide(requestOf(value));
    for (const value of values) mustBeGranted(chain.decide(requestOf(value)));
    const connections = newConnections();
    const sentAgain = (index) =>
      requestOf(values[(index % connections.length) % values.length], connections[index % connections.length]);
    const inTurn = (index) => requestOf(values[index % values.length]);
    const input = isAgain ? sentAgain : inTurn;
    return { ...callsOf(input, (request) => chain.decide(request)), close: () => chain.close() };
  };
}

const KINDS = { JWT: jwt, introspection, 'API key': apiKey, Basic: basic, 'header handler': header };

export const REMEMBERED = [
  ...Object.entries(KINDS).flatMap(([name, make]) => [
    { group: GROUP, name, make: seenBefore(make, false) },
    { group: GROUP, name: `${name}, the header of its connection again`, make: seenBefore(make, true) },
  ]),
  ...[3, 10, 50].map((count) => ({
    group: GROUP,
    name: `${count} JWT handlers, the last takes the token`,
    make: seenBefore((load, settings) => manyJwt(load, settings, count), false),
  })),
  ...[1, 3, 10].map((count) => ({
    group: GROUP,
    name: `a chain of ${count}, the last handler alone is concerned`,
    make: seenBefore((load, settings) => unconcerned(load, settings, count), false),
  })),
];
