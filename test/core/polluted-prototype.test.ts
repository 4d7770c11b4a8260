import { generateKeyPairSync, sign } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { expressSecurity } from '@sallyport/adapters/express';
import { fastifySecurity } from '@sallyport/adapters/fastify';
import { fetchSecurity } from '@sallyport/adapters/fetch';
import { httpSecurity, upgradeSecurity } from '@sallyport/adapters/http';
import { koaSecurity } from '@sallyport/adapters/koa';
import { container, registerConfiguration, registerSecurity, resolveChain } from '@sallyport/configuration/tsyringe';
import {
  allOf,
  anonymous,
  authenticated,
  challenged,
  cookieHandler,
  createPrincipal,
  denied,
  forbidden,
  headerHandler,
  limited,
  MemoryCacheStore,
  MemoryCounterStore,
  MemoryOnceStore,
  Revocations,
  requireAudience,
  requireRoles,
  requireScopes,
  route,
  routes,
  SecurityChain,
  type SecurityHandler,
  unavailable,
} from '@sallyport/core';
import { SecurityRequest } from '@sallyport/core/extend';
import { RedisCacheStore, RedisRevocationBus } from '@sallyport/core/redis';
import { AuthorizationServer, ask } from '@sallyport/core/testing';
import { ApiKeyHandler, MemoryApiKeyStore } from '@sallyport/handlers/api-key';
import { BasicHandler, InMemoryUserStore } from '@sallyport/handlers/basic';
import { IntrospectionHandler } from '@sallyport/handlers/introspection';
import { JwtHandler } from '@sallyport/handlers/jwt';
import { WebhookHandler } from '@sallyport/handlers/webhook';
import { openApi } from '@sallyport/openapi';
import { isNightly } from '../support/nightly.js';

const PACKAGES = join(__dirname, '../../packages');
/** What users write objects of. */
const OPTIONS =
  /export interface \w*(?:Options|Collaborators|Init|Definition|Settings|Claim|Source|Parts|Registration|Source|Override|Account|Authentication|Keys?|Secret|Users)\b[^{]*\{([\s\S]*?)\n\}/g;

/** Tables of options, and objects of members that stand in several. */
const TABLES = /^(?:export )?const \w+ = (?:option\.table\(\s*'\w+', )?\{\n([\s\S]*?)^\}/gm;

/** The test kit has no options of an application. */
function sourcesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.startsWith('testing/'))
    .map((name) => readFileSync(join(folder, name), 'utf8'));
}

function namesIn(source: string, declarations: RegExp, members: RegExp): readonly string[] {
  const bodies = Array.from(source.matchAll(declarations), ([, body = '']) => body);
  return bodies.flatMap((body) => Array.from(body.matchAll(members), ([, name = '']) => name));
}

/** The name of every option that the packages declare. */
const NAMES: readonly string[] = [
  ...new Set(
    ['core', 'openapi', 'configuration', 'handlers', 'adapters', 'cli']
      .flatMap((name) => sourcesIn(join(PACKAGES, name, 'src')))
      .flatMap((source) => [
        ...namesIn(source, OPTIONS, /^ {2}readonly (\w+)\??:/gm),
        ...namesIn(source, TABLES, /^ {2}(\w+)(?:: |,)/gm),
      ]),
  ),
];

const polluted: string[] = [];
afterEach(() => {
  for (const name of polluted.splice(0)) delete (Object.prototype as Record<string, unknown>)[name];
});

function pollute(name: string, descriptor: PropertyDescriptor): void {
  polluted.push(name);
  Object.defineProperty(Object.prototype, name, { configurable: true, ...descriptor });
}

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const CLAIMS = { iss: 'https://i.example', aud: 'a', sub: 'u', client_id: 'c', iat: 1_700_000_000 };

function tokenOf(typ: string, claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const input = `${part({ alg: 'EdDSA', typ })}.${part({ ...CLAIMS, ...claims })}`;
  return `${input}.${sign(null, Buffer.from(input), privateKey).toString('base64url')}`;
}

/** Of no type for access tokens, and without an end: refused unless options say otherwise. */
const TOKEN = tokenOf('JWT', {});
/** Every adapter says also what it does not know. */
const REQUEST = { method: 'GET', route: undefined, remoteAddress: undefined };
const COOKIE = { name: 'cookie', cookie: 'session', verify: () => denied('unknown') } as const;
const HASH = '$2b$10$abcdefghijklmnopqrstuuNMXbLSmMSFmHx5cnS3KiYwzdtjuSV2u';
/** A client of Redis that nobody asks anything. */
const redis = new Proxy(Object.create(null), { get: () => () => redis, has: () => true });

/** What takes long to make: tables of a size, a contract, a chain of a container, a server of the test kit. */
async function makeMore(): Promise<void> {
  new BasicHandler({ realm: 'r', users: new InMemoryUserStore(), hashing: { algorithm: 'scrypt' } });
  new MemoryCounterStore();
  new MemoryOnceStore();
  new ApiKeyHandler({ prefix: 'acme', secret: 's'.repeat(32), store: new MemoryApiKeyStore() });
  new WebhookHandler({ scheme: 'standardWebhooks', secrets: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' });
  for (const clientAuthentication of [
    { method: 'client_secret_basic', clientId: 'c', clientSecret: 's' },
    { method: 'bearer', token: 't' },
    { method: 'client_secret_jwt', clientId: 'c', clientSecret: 's'.repeat(32) },
    { method: 'private_key_jwt', clientId: 'c', privateKey, algorithm: 'EdDSA' },
  ] as const) {
    new IntrospectionHandler({ realm: 'r', endpoint: 'https://as.example/i', clientAuthentication });
  }
  new JwtHandler({
    realm: 'r',
    issuers: [{ issuer: 'https://j.example', audience: 'a', algorithms: 'RS256', keys: { discovery: true } }],
  });
  new Revocations();
  new MemoryCacheStore();
  new RedisCacheStore({}, { client: redis } as never);
  new RedisRevocationBus({}, { client: redis } as never);
  const definition = {
    openapi: '3.0.4',
    info: { title: 't', version: '1' },
    components: { securitySchemes: { Token: { type: 'http', scheme: 'bearer' } } },
    paths: { '/contract': { get: { security: [{ Token: ['a'] }], responses: { 200: { description: 'ok' } } } } },
  };
  const Token = headerHandler({ name: 'key', header: 'X-Key', verify: (subject) => ({ subject }) });
  await openApi(definition, { schemes: { Token } });
  const scope = container.createChildContainer();
  registerSecurity(scope, { kinds: { key: { handler: () => Token } } });
  registerConfiguration(scope, {
    handlers: { key: { type: 'key' } },
    chain: { requirement: { allOf: ['key'] }, guards: [{ requireScopes: 'a' }] },
  });
  const chain = await resolveChain(scope);
  await ask(chain, 'GET /', { headers: { 'X-Key': 'k' } });
  await chain.close();
  const server = await AuthorizationServer.start();
  await server.as({ subject: 'alice' });
  await server.close();
}

/** Makes one of everything else that takes options, with what is needed alone. */
function makeEverything(): SecurityChain {
  const jwt = new JwtHandler({
    realm: 'r',
    issuers: [{ issuer: 'https://i.example', audience: 'a', algorithms: 'EdDSA', keys: { publicKey } }],
  });
  const users = new InMemoryUserStore([{ name: 'u', hash: HASH }]);
  const basic = new BasicHandler({ realm: 'r', users });
  const key = headerHandler({ name: 'key', header: 'X-Key', verify: (subject) => ({ subject }) });
  const cookie = cookieHandler({ name: 'cookie', cookie: 'session', verify: () => denied('unknown') });
  const bare: SecurityHandler = {
    name: 'bare',
    challenges: key.challenges,
    source: { at: 'header:x-bare' },
    extract: () => undefined,
    verify: () => denied('never'),
  };
  authenticated(createPrincipal({ subject: 's' }));
  for (const verdict of [
    forbidden('no'),
    challenged({ realm: 'r' }),
    unavailable('out'),
    limited({ retryAfterSeconds: 1 }),
  ])
    void verdict.kind;
  for (const guard of [requireScopes('a'), requireRoles('a'), requireAudience('a')]) void guard.name;
  allOf([key, cookie], {});
  const operations = routes([
    route('GET', '/open', { requirement: anonymous() }),
    route('GET', '/jwt', { requirement: jwt }),
    route('GET', '/basic', { requirement: basic }),
    route('GET', '/key', { requirement: key, guards: [requireRoles('admin')] }),
    { id: 'bare', method: 'GET', template: '/bare', requirement: bare },
    { id: 'rest', method: 'GET', template: '/rest' },
  ]);
  const chain = new SecurityChain({ requirement: cookie, operations });
  for (const mount of [expressSecurity, fastifySecurity, fetchSecurity, httpSecurity, koaSecurity, upgradeSecurity])
    mount(chain);
  return chain;
}

/** What a chain of everything says to some requests; each is refused by what no option has relaxed. */
async function answers(): Promise<string> {
  const chain = makeEverything();
  const told: string[] = [];
  for (const [target, ...rawHeaders] of [
    ['/jwt', 'Authorization', `Bearer ${TOKEN}`],
    ['/open'],
    ['/basic'],
    ['/key', 'X-Key', 'k'],
    ['/bare'],
    ['/rest'],
    ['/other'],
    ['/jwt//'],
    ['/a;b'],
  ] as const) {
    const decision = await chain.decide(new SecurityRequest({ ...REQUEST, target, rawHeaders }));
    told.push(
      decision.kind === 'granted'
        ? `${target} ${JSON.stringify(decision.principal)}`
        : `${target} ${decision.status} ${decision.reason}`,
    );
  }
  await chain.close();
  return told.join('\n');
}

/** A flag for flags; at night also a list. */
const VALUES = isNightly ? [true, ['JWT']] : [true];

describe('a polluted Object.prototype', () => {
  test('chooses no operation for a request whose server tells no route', async () => {
    const operations = routes([route('GET', '/open', { requirement: anonymous() })]);
    const chain = new SecurityChain({ requirement: cookieHandler(COOKIE), operations });
    const secure = fetchSecurity(chain);
    pollute('route', { value: { method: 'GET', template: '/open' } });
    const answer = await secure(() => new Response('let in'))(new Request('http://localhost/closed'));
    expect(answer.status).toBe(401);
    const request = new SecurityRequest({ method: 'GET', target: '/closed', rawHeaders: [] });
    expect(await chain.decide(request)).toMatchObject({ kind: 'denied', status: 401 });
    expect(await chain.decide(new SecurityRequest({ ...REQUEST, target: '/open', rawHeaders: [] }))).toMatchObject({
      kind: 'granted',
    });
  });

  test('lifts no rule for targets', async () => {
    // Every object has a member of this name, so that it is true of the relaxations as well.
    pollute('relaxation', { value: 'toString' });
    const chain = new SecurityChain({ requirement: anonymous() });
    for (const target of ['/a/../b', '/a/%2e%2e/b', '/a%0Ab', '/a%zz']) {
      const decision = await chain.decide(new SecurityRequest({ ...REQUEST, target, rawHeaders: [] }));
      expect(decision).toMatchObject({ kind: 'denied', status: 400 });
    }
  });

  test('gives no address to clients that have none', () => {
    pollute('remoteAddress', { value: '192.0.2.1' });
    expect(new SecurityRequest({ method: 'GET', target: '/', rawHeaders: [] }).remoteAddress).toBeUndefined();
  });

  test('makes no first use fail, whatever can be counted on it', async () => {
    const token = tokenOf('at+jwt', { jti: 'j', exp: 4e9, scope: 'read', groups: ['a'] });
    const chain = makeEverything();
    // It leads to itself without an end.
    pollute('anything', { value: {}, enumerable: true });
    const rawHeaders = ['Authorization', `Bearer ${token}`];
    const decision = await chain.decide(new SecurityRequest({ ...REQUEST, target: '/jwt', rawHeaders }));
    expect(decision).toMatchObject({ kind: 'granted', principal: { subject: 'u', scopes: ['read'] } });
    await chain.close();
  });

  test('gives no principal the scopes of another', () => {
    createPrincipal({ subject: 'root', scopes: ['admin'] });
    pollute('toJSON', { value: () => 'the same of all' });
    expect(createPrincipal({ subject: 'root', scopes: ['admin', 'root'] }).scopes).toEqual(['admin', 'root']);
    expect(createPrincipal({ subject: 'u', scopes: ['user'] }).scopes).toEqual(['user']);
  });

  test('options of every kind are found by the search', () => {
    const some = ['allowMissingExpiry', 'acceptTyp', 'mapPrincipal', 'issuerResolver', 'requirement', 'trustedHops'];
    expect(NAMES).toEqual(expect.arrayContaining([...some, 'roles', 'selective', 'maxEntries']));
    expect(NAMES.length).toBeGreaterThan(100);
  });

  test('is not read where options are', async () => {
    const reads = new Set<string>();
    // The validator of definitions warns of options that it used to have, and reads through the prototype.
    const warning = jest.spyOn(console, 'error').mockReturnValue(undefined);
    const { prepareStackTrace } = Error;
    // The call sites as they are: to spell them out would take seconds.
    Error.prepareStackTrace = (_error, sites) => sites[1];
    for (const name of NAMES) {
      pollute(name, {
        get() {
          const reader = new Error().stack as NodeJS.CallSite | undefined;
          if (reader?.getFileName()?.startsWith(PACKAGES)) {
            reads.add(`${name}: ${reader.getFunctionName()} of ${reader.getFileName()?.slice(PACKAGES.length)}`);
          }
          return undefined;
        },
        set(value) {
          Object.defineProperty(this, name, { value, writable: true, enumerable: true, configurable: true });
        },
      });
    }
    try {
      await answers();
      await makeMore();
    } finally {
      Error.prepareStackTrace = prepareStackTrace;
      warning.mockRestore();
    }
    expect([...reads]).toEqual([]);
  });

  test('changes no decision, whichever option it names', async () => {
    const usual = await answers();
    const changed: string[] = [];
    for (const name of NAMES) {
      for (const value of VALUES) {
        pollute(name, { value, writable: true, enumerable: false });
        const told = await answers().catch((error: unknown) => String(error));
        for (const each of polluted.splice(0)) delete (Object.prototype as Record<string, unknown>)[each];
        if (told !== usual) changed.push(`${name}: ${told}`);
      }
    }
    expect(changed).toEqual([]);
  });
});
