import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SecurityChain } from '@sallyport/core';
import type { option } from '@sallyport/core/extend';
import { ask } from '@sallyport/core/testing';
import { BasicHandler, type BasicHandlerOptions, hashPassword } from '@sallyport/handlers/basic';
import { IntrospectionHandler } from '@sallyport/handlers/introspection';
import { JwtHandler } from '@sallyport/handlers/jwt';
import { builtInHandlers } from '@sallyport/handlers/kinds';

const INTROSPECTION = {
  realm: 'test',
  endpoint: 'https://as.example/introspect',
  issuer: 'https://as.example',
  clientAuthentication: { method: 'bearer', token: 'a' },
};
const ISSUER = { issuer: 'https://as.example', audience: 'api', algorithms: 'ES256', keys: { discovery: true } };

const introspection = (wrong: object) => () => new IntrospectionHandler({ ...INTROSPECTION, ...wrong } as never);
const jwt = (wrong: object) => () => new JwtHandler({ realm: 'test', issuers: [{ ...ISSUER, ...wrong } as never] });
const basic = (wrong: object) => () => new BasicHandler({ realm: 'test', users: { accounts: [] }, ...wrong } as never);

let hash: string;
let folder: string;

beforeAll(async () => {
  hash = await hashPassword('wonderland', { algorithm: 'bcrypt', cost: 10 });
  folder = mkdtempSync(join(tmpdir(), 'sallyport-users-'));
  writeFileSync(join(folder, 'users'), `alice:${hash}\n`);
});

afterAll(() => rmSync(folder, { recursive: true }));

describe('an error about a nested option names its whole place', () => {
  test.each<[string, () => unknown]>([
    ['IntrospectionHandlerOptions.outbound.timeoutMs', introspection({ outbound: { timeoutMs: 0 } })],
    [
      'IntrospectionHandlerOptions.outbound.clientCertificate.key',
      introspection({ outbound: { clientCertificate: { cert: 'c' } } }),
    ],
    ['IntrospectionHandlerOptions.cache.ttlSeconds', introspection({ cache: { ttlSeconds: -1 } })],
    ['IntrospectionHandlerOptions.cache', introspection({ cache: { namespace: 'n' } })],
    [
      'IntrospectionHandlerOptions.clientAuthentication.clientSecret',
      introspection({ clientAuthentication: { method: 'client_secret_jwt', clientId: 'a', clientSecret: 'b' } }),
    ],
    [
      'IntrospectionHandlerOptions.signedAnswers.keys.outbound.maxQueued',
      introspection({ signedAnswers: { algorithms: 'ES256', keys: { discovery: true, outbound: { maxQueued: -1 } } } }),
    ],
    ['JwtHandlerOptions.issuers[0].keys.maxAgeSeconds', jwt({ keys: { discovery: true, maxAgeSeconds: 0 } })],
    ['JwtHandlerOptions.issuers[0].keys', jwt({ keys: { secret: 's', publicKey: 'p' } })],
    ['BasicHandlerOptions.users.accounts[0].hash', basic({ users: { accounts: [{ name: 'alice', hash: 'x' }] } })],
    ['BasicHandlerOptions.users.htpasswd.path', basic({ users: { htpasswd: {} } })],
    ['BasicHandlerOptions.users', basic({ users: {} })],
    ['BasicHandlerOptions.hashing.cost', basic({ hashing: { algorithm: 'bcrypt', cost: 9 } })],
    ['BasicHandlerOptions.hashing.algorithm', basic({ hashing: { algorithm: 'md5' } })],
    ['BasicHandlerOptions.queue.maxWaiting', basic({ queue: { maxWaiting: 0.5 } })],
    ['BasicHandlerOptions.failures.perNetwork', basic({ failures: { perNetwork: 0 } })],
    ['BasicHandlerOptions.scopesOfRoles.admin', basic({ scopesOfRoles: { admin: 'a"b' } })],
  ])('%s', (place, make) => {
    expect(make).toThrow(expect.objectContaining({ message: expect.stringMatching(`^${literal(place)} `) }));
  });

  test('also of an account that occurs twice', () => {
    const alice = { name: 'alice', hash };
    expect(basic({ users: { accounts: [alice, alice] } })).toThrow(
      'BasicHandlerOptions.users.accounts[1].name must not occur twice',
    );
  });
});

describe('users that are data', () => {
  const login = (options: BasicHandlerOptions, directory?: string) => {
    const requirement = new BasicHandler(options, { directory });
    return ask(new SecurityChain({ requirement }), '/', { basic: ['alice', 'wonderland'] });
  };

  test('are the accounts themselves', async () => {
    expect((await login({ realm: 'test', users: { accounts: [{ name: 'alice', hash }] } })).status).toBe(200);
  });

  test('are a password file, whose path starts from the directory that the handler is given', async () => {
    expect((await login({ realm: 'test', users: { htpasswd: { path: 'users' } } }, folder)).status).toBe(200);
    expect((await login({ realm: 'test', users: { htpasswd: { path: join(folder, 'users') } } })).status).toBe(200);
  });
});

describe('the schema of a built-in handler', () => {
  const schemaOf = (kind: keyof typeof builtInHandlers) =>
    (builtInHandlers[kind].options as option.Table).schema.properties ?? {};

  test('has every option that a file can give, and no other', () => {
    const inFiles = (kind: keyof typeof builtInHandlers) => {
      const { members } = builtInHandlers[kind].options as option.Table;
      return Object.keys(members).filter((name) => !Object.hasOwn(schemaOf(kind), name));
    };
    expect(inFiles('introspection')).toEqual(['mapPrincipal']);
    expect(inFiles('jwt')).toEqual(['issuerResolver']);
    expect(inFiles('basic')).toEqual([]);
  });

  test('has every source of keys, and every form of users, hashing and client authentication', () => {
    const formsOf = ({ anyOf = [] }: option.Schema = {}) => anyOf.map(({ required }) => required?.join(' '));
    const keys = schemaOf('jwt')['issuers']?.items?.properties?.['keys'];
    expect(formsOf(keys)).toEqual(['jwksUri', 'discovery', 'jwks', 'publicKey', 'secret']);
    expect(formsOf(schemaOf('introspection')['signedAnswers']?.properties?.['keys'])).toEqual(formsOf(keys));
    expect(formsOf(schemaOf('basic')['users'])).toEqual(['accounts', 'htpasswd']);
    expect(formsOf(schemaOf('basic')['hashing'])).toEqual(['algorithm', 'algorithm', 'algorithm']);
    expect(formsOf(schemaOf('introspection')['clientAuthentication'])).toEqual([
      'method clientId clientSecret',
      'method clientId clientSecret',
      'method clientId privateKey algorithm',
      'method clientId',
      'method token',
    ]);
  });

  test('has the range and the default of nested options', () => {
    const cache = schemaOf('jwt')['cache']?.properties?.['ttlSeconds'];
    expect(cache).toEqual({ type: 'number', minimum: 0, maximum: 86_400, default: 300 });
    const outbound = schemaOf('introspection')['outbound']?.properties?.['timeoutMs'];
    expect(outbound).toEqual({ type: 'number', minimum: 1, maximum: 30_000, default: 2_000 });
  });
});

function literal(text: string): string {
  return text.replace(/[.[\]]/g, '\\$&');
}
