import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  container,
  type DependencyContainer,
  overrideSecurity,
  registerConfiguration,
  registerConfigurationFile,
  registerSecurity,
  resolveChain,
  tokens,
} from '@sallyport/configuration/tsyringe';
import { ConfigurationError, guard, MemoryCacheStore, type SecurityChain } from '@sallyport/core';
import type { HandlerKind } from '@sallyport/core/extend';
import { ask } from '@sallyport/core/testing';
import { builtInHandlers } from '@sallyport/handlers/kinds';
import { memoryCounters, memoryMarks, memoryStore } from '../configuration/application-kinds.js';
import { loggingHandler, PartnerHandler } from './partner-handlers.js';

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'security-'));
});

afterAll(() => rm(directory, { recursive: true }));

async function fileOf(name: string, text: string | Buffer): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, text);
  return path;
}

const app = (): DependencyContainer => {
  const scope = container.createChildContainer();
  registerSecurity(scope, { kinds: { partner: { useClass: PartnerHandler }, ...builtInHandlers } });
  return scope;
};

async function chainOf(configuration: object, scope = app()): Promise<SecurityChain> {
  registerConfiguration(scope, configuration, { environment: { KEY_HEADER: 'x-north' } });
  return resolveChain(scope);
}

async function errorOf(task: () => unknown): Promise<ConfigurationError> {
  try {
    await task();
  } catch (error) {
    if (error instanceof ConfigurationError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** A reference to an environment variable. */
const ref = (name: string) => `\${${name}}`;

const HANDLERS = {
  north: { type: 'partner', options: { header: 'x-north' } },
  south: { type: 'partner', options: { header: 'x-south' } },
};
const key = (...names: string[]) => ({
  headers: Object.fromEntries(names.map((name) => [`x-${name}`, 'key-of-alice'])),
});

const YAML = `
# Who may call the orders.
chain:
  name: orders
  deadlineMs: 3000
  requirement:
    anyOf: [north, south]
handlers:
  north: { type: partner, options: { header: '\${KEY_HEADER}' } }
  south:
    type: partner
    options: { header: x-south }
`;

const JSON_TEXT = JSON.stringify({
  chain: { name: 'orders', deadlineMs: 3_000, requirement: { anyOf: ['north', 'south'] } },
  handlers: { north: { type: 'partner', options: { header: ref('KEY_HEADER') } }, south: HANDLERS.south },
});

describe('a chain from a file', () => {
  test.each([
    ['security.yaml', YAML],
    ['security.json', JSON_TEXT],
  ])('%s: kinds of handlers come from the container, values from the environment', async (name, text) => {
    const scope = app();
    await registerConfigurationFile(scope, await fileOf(name, text), { environment: { KEY_HEADER: 'x-north' } });
    const chain = await resolveChain(scope);
    expect(chain.name).toBe('orders');
    expect((await ask(chain, '/', key('north'))).principal?.via).toMatchObject([{ handler: 'north' }]);
    expect((await ask(chain, '/', key('south'))).principal?.via).toMatchObject([{ handler: 'south' }]);
    expect((await ask(chain)).status).toBe(401);
    await chain.close();
  });

  test('tells where the wrong option of a handler stands, unless an override put it there', async () => {
    const text = 'handlers:\n  users:\n    type: basic\n    options: { reelm: r }\nchain: { requirement: users }\n';
    const path = await fileOf('wrong.yaml', text);
    const scope = app();
    await registerConfigurationFile(scope, path);
    const located = await errorOf(() => resolveChain(scope));
    expect(located.message).toBe(`${path}:4:16 handlers.users.options has no option "reelm"; did you mean realm?`);
    const changed = scope.createChildContainer();
    overrideSecurity(changed, { options: { users: { reelm: 'another' } } });
    const overridden = await errorOf(() => resolveChain(changed));
    expect(overridden.message).toBe('handler "users": BasicHandlerOptions has no option "reelm"; did you mean realm?');
  });

  test('tells where a chain stands that its own options contradict', async () => {
    const path = await fileOf('no-proof.yaml', 'handlers: {}\nchain:\n  name: orders\n  guards: []\n');
    const scope = app();
    await registerConfigurationFile(scope, path);
    const error = await errorOf(() => resolveChain(scope));
    expect(error.message).toMatch(`${path}:2:1 chain`);
    const named = await errorOf(() => chainOf({ chain: { guards: [] } }));
    expect(named.message).toMatch(/^configuration\.chain/);
  });

  test('finds the files that its options name beside it', async () => {
    await fileOf('users.htpasswd', '');
    const text =
      'handlers: { users: { type: basic, options: { realm: r, users: { htpasswd: { path: users.htpasswd } } } } }\n' +
      'chain: { requirement: users }\n';
    const scope = app();
    await registerConfigurationFile(scope, await fileOf('with-users.yaml', text));
    const chain = await resolveChain(scope);
    await chain.start();
    await chain.close();
  });

  test('may be overridden like any other registration', async () => {
    const scope = app();
    registerConfiguration(scope, { handlers: HANDLERS, chain: { requirement: 'north' } });
    const changed = scope.createChildContainer();
    overrideSecurity(changed, { options: { north: { header: 'x-test' } } });
    const chain = await resolveChain(changed);
    expect((await ask(chain, '/', key('test'))).status).toBe(200);
    await chain.close();
  });

  test('takes its operations from a contract beside it, with schemes by the names of handlers', async () => {
    await fileOf(
      'api.yaml',
      `openapi: 3.0.4
info: { title: Orders, version: '1' }
components:
  securitySchemes:
    Partner: { type: apiKey, in: header, name: x-north }
paths:
  /orders:
    get: { security: [{ Partner: [] }], responses: { '200': { description: ok } } }
  /health:
    get: { operationId: health, responses: { '200': { description: ok } } }
`,
    );
    const text = 'chain: { contract: { document: api.yaml, schemes: { Partner: north }, open: [health] } }\n';
    const scope = app();
    await registerConfigurationFile(scope, await fileOf('by-contract.yaml', text));
    registerConfiguration(scope, { handlers: HANDLERS });
    const chain = await resolveChain(scope);
    expect((await ask(chain, 'GET /health')).status).toBe(200);
    expect((await ask(chain, 'GET /orders')).status).toBe(401);
    expect((await ask(chain, 'GET /orders', key('north'))).status).toBe(200);
    await chain.close();
  });

  test('builds the handlers that ship, each checking its own options', async () => {
    const chain = await chainOf({
      handlers: {
        tokens: {
          type: 'introspection',
          options: {
            realm: 'r',
            endpoint: 'https://as.example/introspect',
            clientAuthentication: { method: 'client_secret_basic', clientId: 'api', clientSecret: 's' },
          },
        },
        users: { type: 'basic', options: { realm: 'r', users: { accounts: [] } } },
        signed: {
          type: 'jwt',
          options: {
            realm: 'r',
            issuers: [
              { issuer: 'https://as.example', audience: 'api', algorithms: 'RS256', keys: { discovery: true } },
            ],
          },
        },
      },
      chain: { requirement: { anyOf: ['signed', 'users'] } },
    });
    expect(chain.handlers.map(({ name }) => name)).toEqual(['signed', 'users']);
    await chain.close();
    const wrong = { handlers: { users: { type: 'basic', options: { reelm: 'r' } } }, chain: { requirement: 'users' } };
    const error = await errorOf(() => chainOf(wrong));
    expect(error.message).toBe('configuration.handlers.users.options has no option "reelm"; did you mean realm?');
  });
});

describe('requirements and guards as data', () => {
  test.each<[string, unknown, readonly (readonly [object, number])[]]>([
    [
      'a handler',
      'north',
      [
        [key('north'), 200],
        [key('south'), 401],
      ],
    ],
    [
      'any of them',
      { anyOf: ['north', 'south'] },
      [
        [key('south'), 200],
        [{}, 401],
      ],
    ],
    [
      'all of them',
      { allOf: ['north', 'south'] },
      [
        [key('north', 'south'), 200],
        [key('north'), 401],
      ],
    ],
    ['the same party', { allOf: ['north', 'south'], sameParty: true }, [[key('north', 'south'), 200]]],
    [
      'optional',
      { optional: 'north' },
      [
        [{}, 200],
        [{ headers: { 'x-north': 'wrong' } }, 401],
      ],
    ],
    [
      'attempted',
      { attempt: 'north' },
      [
        [{}, 200],
        [{ headers: { 'x-north': 'wrong' } }, 200],
      ],
    ],
    ['open', { anonymous: true }, [[{}, 200]]],
    ['nested', { anyOf: [{ allOf: ['north', 'south'] }, 'north'] }, [[key('north'), 200]]],
  ])('%s', async (_name, requirement, cases) => {
    const chain = await chainOf({ handlers: HANDLERS, chain: { requirement } });
    for (const [parts, status] of cases) expect((await ask(chain, '/', parts)).status).toBe(status);
    await chain.close();
  });

  test.each<[string, unknown, string]>([
    ['scopes', { requireScopes: 'orders.read' }, 'insufficient_scope'],
    ['scopes, with options', { requireScopes: ['a', 'b'], match: 'any', strategy: 'wildcard' }, 'insufficient_scope'],
    ['scopes of one handler', { requireScopes: 'orders.read', of: 'north' }, 'insufficient_scope'],
    ['roles', { requireRoles: ['clerk'] }, 'role_missing'],
    ['an audience', { requireAudience: 'api' }, 'audience_mismatch'],
    ['an actor', { requireActor: 'support' }, 'actor_refused'],
    ['a login', { requireAuthentication: { maxAgeSeconds: 300 } }, 'insufficient_user_authentication'],
    ['a registered guard', 'weekdays', 'weekend'],
  ])('a guard: %s', async (_name, guardData, reason) => {
    const scope = app();
    registerSecurity(scope, {
      kinds: {
        weekdays: {
          guard: () => guard('weekdays', async () => (await import('@sallyport/core')).forbidden('weekend')),
        },
      },
    });
    const chain = await chainOf({ handlers: HANDLERS, chain: { requirement: 'north', guards: [guardData] } }, scope);
    expect(await ask(chain, '/', key('north'))).toMatchObject({ reason });
    await chain.close();
  });
});

describe('what is wrong in a configuration is refused by its place', () => {
  test.each<[string, object, string]>([
    ['an unknown key', { handler: {} }, 'configuration has no option "handler"; did you mean handlers?'],
    ['an unknown key below', { chain: { requirment: 'a' } }, 'has no option "requirment"; did you mean requirement?'],
    [
      'an unknown key of a handler',
      { handlers: { a: { type: 'b', optoins: {} } } },
      'handlers.a has no option "optoins"; did you mean options?',
    ],
    ['a handler without a kind', { handlers: { a: {} } }, 'configuration.handlers.a.type must be a non-empty string'],
    [
      'an unknown operator',
      { chain: { requirement: { oneOf: ['a'] } } },
      'configuration.chain.requirement must be the name of a handler or have exactly one of anyOf, allOf, optional, attempt, anonymous; did you mean anyOf?',
    ],
    ['two operators', { chain: { requirement: { anyOf: ['a'], allOf: ['b'] } } }, 'exactly one of'],
    [
      'an empty any-of',
      { chain: { requirement: { anyOf: [] } } },
      'configuration.chain.requirement.anyOf must not be empty',
    ],
    [
      'a requirement that is no requirement',
      { chain: { requirement: { anyOf: ['a', 7] } } },
      'requirement.anyOf[1] must be an object',
    ],
    [
      'sameParty where nothing is combined',
      { chain: { requirement: { anyOf: ['a'], sameParty: true } } },
      'sameParty goes with allOf only',
    ],
    ['anonymous: false', { chain: { requirement: { anonymous: false } } }, 'anonymous must be true'],
    ['a map, whose members would be lost', { chain: new Map() }, 'configuration.chain must be data'],
    ['an instance', { handlers: { a: { type: 'b', options: { at: new Date(0) } } } }, 'options.at must be data'],
    ['what holds itself', endless(), 'holds itself'],
    ['an unknown guard', { chain: { guards: [{ requireScope: 'a' }] } }, 'did you mean requireScopes?'],
    [
      'an unknown option of a guard',
      { chain: { guards: [{ requireScopes: 'a', mach: 'any' }] } },
      'did you mean match?',
    ],
    [
      'an unknown option beside the handler of a guard',
      { chain: { guards: [{ requireScopes: 'a', of: 'north', mach: 'any' }] } },
      'did you mean match?',
    ],
    [
      'a handler of a guard that is no name',
      { chain: { guards: [{ requireScopes: 'a', of: 7 }] } },
      'guards[0].of must',
    ],
    ['a handler for roles', { chain: { guards: [{ requireRoles: 'a', of: 'north' }] } }, 'has no option "of"'],
    [
      'a contract without a document',
      { chain: { contract: { schemes: {} } } },
      'configuration.chain.contract.document must',
    ],
  ])('%s', async (_name, configuration, message) => {
    const error = await errorOf(() => registerConfiguration(app(), configuration));
    expect(error.message).toContain(message);
  });

  test.each([
    [
      'a handler that is not there',
      { requirement: 'nrth' },
      '@sallyport/configuration/handler/nrth; did you mean north?',
    ],
    [
      'a guard that is not there',
      { requirement: 'north', guards: ['weekday'] },
      'under @sallyport/configuration/kind/weekday',
    ],
    [
      'a handler of a guard that is not there',
      { requirement: 'north', guards: [{ requireScopes: 'a', of: 'nrth' }] },
      '@sallyport/configuration/handler/nrth; did you mean north?',
    ],
    ['no requirement', { name: 'x' }, 'chain x has no requirement'],
    ['a deadline out of range', { requirement: 'north', deadlineMs: 0 }, 'deadlineMs must be a number from 1 to 60000'],
    ['a contract that is not there', { contract: { document: 'none.yaml', schemes: {} } }, 'cannot be read (ENOENT)'],
  ])('%s, when the chain is resolved', async (_name, chain, message) => {
    const error = await errorOf(() => chainOf({ handlers: HANDLERS, chain }));
    expect(error.message).toContain(message);
  });

  test('a kind of handler that is not there: the nearest is named', async () => {
    const configuration = { handlers: { a: { type: 'introspect' } }, chain: { requirement: 'a' } };
    const error = await errorOf(() => chainOf(configuration));
    expect(error.message).toContain('@sallyport/configuration/kind/introspect; did you mean introspection?');
  });
});

describe('references to the environment', () => {
  const headerFrom = (header: string, environment: Record<string, string>) => {
    const scope = app();
    const configuration = { handlers: { north: { type: 'partner', options: { header } } } };
    registerConfiguration(scope, configuration, { environment });
    return Reflect.get(scope.resolve<object>(tokens.options('north')), 'header');
  };

  test('stand anywhere in a text, several times', () => {
    expect(headerFrom(`x-${ref('A')}-${ref('B')}-${ref('A')}`, { A: 'one', B: 'two' })).toBe('x-one-two-one');
  });

  test('are not looked for in what a variable holds', () => {
    expect(headerFrom(ref('A'), { A: ref('B'), B: 'never' })).toBe(ref('B'));
  });

  test('`$${` stands for itself', () => {
    expect(headerFrom(`x-$${ref('A')}`, { A: 'never' })).toBe(`x-${ref('A')}`);
  });

  test.each([
    ['is not set', ref('MISSING'), 'needs the environment variable MISSING'],
    ['is empty', ref('EMPTY'), 'needs the environment variable EMPTY'],
    ['has no name of a variable', ref('A B'), 'has a reference that is no name of a variable in braces'],
  ])('one that %s is refused, with its place', async (_name, header, message) => {
    const error = await errorOf(() => headerFrom(header, { EMPTY: '' }));
    expect(error.message).toBe(`configuration.handlers.north.options.header ${message}`);
  });

  test('a polluted Object.prototype sets none (CWE-1321)', async () => {
    Object.defineProperty(Object.prototype, 'POLLUTED', { value: 'x-polluted', configurable: true });
    try {
      const error = await errorOf(() => headerFrom(ref('POLLUTED'), {}));
      expect(error.message).toContain('needs the environment variable POLLUTED');
    } finally {
      Reflect.deleteProperty(Object.prototype, 'POLLUTED');
    }
  });

  test.each(['toString', 'constructor', '__proto__', 'hasOwnProperty'])(
    '%s is no variable that is always set',
    async (name) => {
      const error = await errorOf(() => headerFrom(ref(name), {}));
      expect(error.message).toContain(`needs the environment variable ${name}`);
      const configuration = { chain: { name: ref(name), requirement: { anonymous: true } } };
      expect((await errorOf(() => registerConfiguration(app(), configuration))).code).toBe(
        'ERR_SALLYPORT_OPTION_INVALID',
      );
    },
  );

  test.each([
    ['without an end', '${A'],
    ['without a name', ref('')],
    ['of another reference', ref(`A${ref('A')}`)],
    ['that is part of a secret', ref('hunter2-hunter2')],
  ])('one %s is refused, and not quoted', async (_name, header) => {
    const error = await errorOf(() => headerFrom(header, { A: 'value' }));
    expect(error.message).toBe(
      'configuration.handlers.north.options.header has a reference that is no name of a variable in braces',
    );
  });

  test('values are text, never structure', () => {
    expect(headerFrom(ref('A'), { A: 'x, type: basic' })).toBe('x, type: basic');
  });
});

describe('a file that cannot be used is refused without a word of what is in it', () => {
  test.each([
    [
      'a key that occurs twice',
      'handlers: {}\nhandlers: { hunter2: hunter2 }',
      /broken\.yaml:2:1 is neither YAML nor JSON: DUPLICATE_KEY/,
    ],
    ['a member that occurs twice (JSON)', '{"chain": {}, "chain": {"name": "hunter2"}}', /:1:15 .*DUPLICATE_KEY/],
    ['broken syntax', 'chain: [hunter2', /is neither YAML nor JSON: BAD_COLLECTION|is neither YAML nor JSON/],
    ['a list', '- hunter2', /must be an object/],
    ['nothing', '', /must be an object/],
    ['an alias bomb', bomb(), /aliases/],
    ['an alias of itself', 'handlers: &all { hunter: *all }', /is nested deeper than 64 levels, or holds itself/],
    ['an endless requirement', 'chain: { requirement: &all { anyOf: [*all] } }', /is nested deeper than 64 levels/],
    ['brackets without end', '['.repeat(10_000), /RESOURCE_EXHAUSTION/],
    ['a set, whose members would be lost', 'handlers: !!set { hunter2 }', /:1:11 .*TAG_RESOLVE_FAILED/],
    ['bytes', 'chain: { name: !!binary aHVudGVyMg== }', /:1:16 .*TAG_RESOLVE_FAILED/],
    ['a tag of its own', 'chain: !secret hunter2', /:1:8 .*TAG_RESOLVE_FAILED/],
    ['two documents', 'chain: {}\n---\nchain: { name: hunter2 }', /:2:1 .*MULTIPLE_DOCS/],
    ['Latin-1, of which a password would lose letters', Buffer.from('a: hunter2\xe9', 'latin1'), /is no UTF-8/],
    ['UTF-16', Buffer.from('\ufeffchain: { name: hunter2 }', 'utf16le'), /is no UTF-8/],
  ])('%s', async (_name, text, message) => {
    const path = await fileOf('broken.yaml', text);
    const error = await errorOf(() => registerConfigurationFile(app(), path));
    expect(error.message).toMatch(message);
    expect(error.message).toContain(path);
    expect(error.message).not.toContain('hunter2');
  });

  test('a key that is a collection, and prints no warning', async () => {
    const warned: unknown[] = [];
    const note = (warning: unknown) => warned.push(warning);
    process.on('warning', note);
    const path = await fileOf('keys.yaml', '? { hunter2: 1 }\n: 1\n');
    expect((await errorOf(() => registerConfigurationFile(app(), path))).code).toBe('ERR_SALLYPORT_OPTION_UNKNOWN');
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', note);
    expect(warned).toEqual([]);
  });

  test('but a byte order mark is no part of what is in it (RFC 3629 6)', async () => {
    const scope = app();
    await registerConfigurationFile(scope, await fileOf('marked.json', `\ufeff${JSON_TEXT}`), {
      environment: { KEY_HEADER: 'x-north' },
    });
    expect((await resolveChain(scope)).name).toBe('orders');
  });

  test('one that is not there', async () => {
    const error = await errorOf(() => registerConfigurationFile(app(), join(directory, 'none.yaml')));
    expect(error.message).toMatch(/none\.yaml cannot be read \(ENOENT\)/);
  });

  test('a key called __proto__ changes nothing and is refused', async () => {
    const path = await fileOf('proto.json', '{"__proto__": {"handlers": {}}}');
    const error = await errorOf(() => registerConfigurationFile(app(), path));
    expect(error.code).toBe('ERR_SALLYPORT_OPTION_UNKNOWN');
  });
});

describe('stores that a configuration lists', () => {
  const configuration = {
    stores: { cache: { type: 'memory' }, counter: { type: 'counters' }, once: { type: 'marks' } },
    handlers: { doors: { type: 'seeing' } },
    chain: { requirement: 'doors' },
  };

  /** A container that notes what its stores and handlers do, and the cache that each handler was given. */
  function noting(log: string[], given: unknown[] = []): DependencyContainer {
    const scope = container.createChildContainer();
    const seeing: HandlerKind = {
      handler: (_options, { name, cacheStore, counterStore, onceStore }) => {
        given.push(cacheStore);
        expect([typeof counterStore?.add, typeof onceStore?.mark]).toEqual(['function', 'function']);
        return loggingHandler(name, log);
      },
    };
    const stores = { memory: memoryStore(log), counters: memoryCounters(log), marks: memoryMarks(log) };
    registerSecurity(scope, { kinds: { ...stores, seeing } });
    return scope;
  }

  test('each chain makes its own, and closes them after its handlers', async () => {
    const log: string[] = [];
    const given: unknown[] = [];
    const scope = noting(log, given);
    registerConfiguration(scope, configuration);
    for (const each of [scope.createChildContainer(), scope.createChildContainer()]) {
      await (await resolveChain(each)).close();
    }
    expect(log.slice(0, 4)).toEqual(['close doors', 'cache closes', 'counter closes', 'once store closes']);
    expect(log).toHaveLength(8);
    expect(new Set(given).size).toBe(2);
  });

  test('they are what is injected as cacheStore and counterStore, in a chain only', async () => {
    const given: unknown[] = [];
    const scope = noting([], given);
    registerConfiguration(scope, configuration);
    overrideSecurity(scope, {
      chain: (handler, { get }) => {
        const requirement = handler('doors');
        expect(get(tokens.cacheStore)).toBe(given[0]);
        return { requirement };
      },
    });
    await (await resolveChain(scope)).close();
    expect(() => scope.resolve(tokens.cacheStore)).toThrow('exist in a chain only');
  });

  test('an override replaces one, which is then not made', async () => {
    const log: string[] = [];
    const given: unknown[] = [];
    const scope = noting(log, given);
    registerConfiguration(scope, configuration);
    const cacheStore = new MemoryCacheStore();
    overrideSecurity(scope, { cacheStore });
    await (await resolveChain(scope)).close();
    expect(given).toEqual([cacheStore]);
    expect(log).toEqual(['close doors', 'counter closes', 'once store closes']);
  });

  test('one that the application registers besides is refused', async () => {
    const scope = noting([]);
    registerConfiguration(scope, configuration);
    const error = await errorOf(() => registerSecurity(scope, { cacheStore: new MemoryCacheStore() }));
    expect(error.code).toBe('ERR_SALLYPORT_REGISTRATION_DOUBLED');
  });

  test('an error of one tells its line, and closes those that were made before', async () => {
    const log: string[] = [];
    const text = 'stores:\n  cache: { type: memory }\n  counter: { type: countrs }\nchain: { requirement: doors }\n';
    const path = await fileOf('stores.yaml', text);
    const scope = noting(log);
    await registerConfigurationFile(scope, path);
    const error = await errorOf(() => resolveChain(scope));
    expect(error.code).toBe('ERR_SALLYPORT_REGISTRATION_MISSING');
    expect(error.message).toMatch(`${path}:3:14 stores.counter.type: nothing is registered under`);
    expect(error.message).toMatch('did you mean counters?');
    expect(log).toEqual(['cache closes']);
  });
});

function endless(): object {
  const chain: Record<string, unknown> = {};
  chain['requirement'] = { optional: chain };
  return { chain };
}

/** Lists of lists of lists: a few lines that would become billions of items. */
function bomb(): string {
  const lines = Array.from({ length: 12 }, (_, index) => {
    const items = Array.from({ length: 9 }, () => (index === 0 ? 'x' : `*a${index - 1}`));
    return `a${index}: &a${index} [${items.join(', ')}]`;
  });
  return lines.join('\n');
}
