import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { chainFrom, configurationSchema } from '@sallyport/configuration';
import { ConfigurationError } from '@sallyport/core';
import type { HandlerKind, Kinds } from '@sallyport/core/extend';
import { option } from '@sallyport/core/extend';
import { builtInHandlers } from '@sallyport/handlers/kinds';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { badge, memoryStore, officeHours } from './application-kinds.js';

const ROOT = join(__dirname, '../..');
const KINDS: Kinds = { ...builtInHandlers, badge, officeHours, memory: memoryStore() };

const validatorOf = (schema: object) => new Ajv2020({ allErrors: true, strictRequired: false }).compile(schema);
const isValid = validatorOf(configurationSchema(KINDS));

/** A configuration that uses every member, as a copy that a test may break. */
function whole(): Record<string, unknown> {
  return {
    chain: {
      name: 'orders',
      requirement: {
        anyOf: [
          'tokens',
          'partners',
          'forge',
          'meetings',
          { allOf: ['signed', 'users'], sameParty: true },
          { anonymous: true },
        ],
      },
      guards: [
        'officeHours',
        { type: 'officeHours', options: {} },
        { requireScopes: ['a', 'b'], match: 'any', of: 'tokens' },
        { requireRoles: 'staff' },
        { requireAudience: 'https://api.example.com' },
        { requireActor: ['support'], issuer: 'https://as.example.com', allowNone: true },
        { requireAuthentication: { acrValues: ['urn:mfa'], maxAgeSeconds: 300 } },
        { rateLimit: { name: 'minute', limit: 100, windowSeconds: 60, by: ['client', { claim: 'tenant' }] } },
        { concurrencyLimit: { name: 'at-once', limit: 10, by: 'client' } },
      ],
      limits: [{ rateLimit: { name: 'network', limit: 100, windowSeconds: 60, by: 'network' } }],
      deadlineMs: 2_000,
      firewall: { allowSemicolon: true },
    },
    stores: { cache: { type: 'memory' } },
    handlers: {
      doors: { type: 'badge', options: { header: 'x-door' } },
      tokens: {
        type: 'introspection',
        options: {
          realm: 'orders',
          endpoint: 'https://as.example.com/introspect',
          clientAuthentication: { method: 'client_secret_basic', clientId: 'orders', clientSecret: 's' },
          cache: { ttlSeconds: 30, secret: 'a secret of at least 32 characters' },
          outbound: { timeoutMs: 500 },
        },
      },
      signed: {
        type: 'jwt',
        options: {
          realm: 'orders',
          issuers: [
            {
              issuer: 'https://as.example.com',
              audience: ['https://api.example.com'],
              algorithms: 'ES256',
              keys: { jwksUri: 'https://as.example.com/keys' },
            },
          ],
        },
      },
      users: { type: 'basic', options: { realm: 'orders', users: { accounts: [] } } },
      partners: {
        type: 'api-key',
        options: {
          ...{ prefix: 'acme', secret: ['s'.repeat(32), 't'.repeat(32)], bearer: true, query: 'key' },
          store: { file: { path: 'keys.jsonl', checkIntervalMs: 0 } },
        },
      },
      forge: {
        type: 'webhook',
        options: { scheme: 'github', secrets: ['a secret of the forge', 'the one before it'] },
      },
      meetings: {
        type: 'webhook',
        options: {
          scheme: { signatureHeader: 'X-Sum', encoding: 'hex', signs: '{timestamp}.{body}', timestampHeader: 'X-Time' },
          secrets: 'a secret of the meetings',
          toleranceSeconds: 60,
        },
      },
    },
  };
}

/** The configuration with one value set; `undefined` takes the member away. */
function withValue(path: string, value: unknown): object {
  const configuration = whole();
  const names = path.split('.');
  const last = names.pop() as string;
  const holder = names.reduce<Record<string, unknown>>(
    (part, name) => part[name] as Record<string, unknown>,
    configuration,
  );
  if (value === undefined) delete holder[last];
  else holder[last] = value;
  return configuration;
}

const HANDLERS = 'handlers';
const TOKENS = `${HANDLERS}.tokens.options`;
const ISSUER = `${HANDLERS}.signed.options.issuers.0`;

/** What the schema has to refuse, as `chainFrom` does. */
const BAD: readonly [path: string, value: unknown][] = [
  ['handler', {}],
  [HANDLERS, []],
  [`${HANDLERS}.tokens`, 'introspection'],
  [`${HANDLERS}.tokens.type`, undefined],
  [`${HANDLERS}.tokens.type`, 'introspektion'],
  [`${HANDLERS}.tokens.option`, {}],
  [`${HANDLERS}.partners.options.prefix`, 'Acme'],
  [`${HANDLERS}.partners.options.secret`, 'short'],
  [`${HANDLERS}.partners.options.store`, { files: {} }],
  [`${HANDLERS}.partners.options.store.file.path`, undefined],
  [`${HANDLERS}.forge.options.scheme`, 'gitlab'],
  [`${HANDLERS}.forge.options.secrets`, []],
  [`${HANDLERS}.forge.options.secrets`, undefined],
  [`${HANDLERS}.meetings.options.scheme.encoding`, 'base32'],
  [`${HANDLERS}.meetings.options.scheme.signs`, undefined],
  [`${HANDLERS}.meetings.options.toleranceSeconds`, 0],
  [`${TOKENS}.reaml`, 'orders'],
  [`${TOKENS}.realm`, undefined],
  [`${TOKENS}.realm`, ''],
  [`${TOKENS}.realm`, 5],
  [`${TOKENS}.clockToleranceSeconds`, 61],
  [`${TOKENS}.clockToleranceSeconds`, '5'],
  [`${TOKENS}.requireIssuer`, 'yes'],
  [`${TOKENS}.outbound.timeoutMs`, 0],
  [`${TOKENS}.outbound.timeout`, 500],
  [`${TOKENS}.cache.ttlSeconds`, 86_401],
  [`${TOKENS}.cache.namespace`, 'orders'],
  [`${TOKENS}.cache.secret`, 'short'],
  [`${TOKENS}.clientAuthentication.method`, 'client_secret'],
  [`${TOKENS}.clientAuthentication.clientSecret`, undefined],
  [`${ISSUER}.keys`, {}],
  [`${ISSUER}.keys.jwks`, { keys: [] }],
  [`${ISSUER}.audience`, []],
  [`${ISSUER}.algorithms`, 'none'],
  [`${HANDLERS}.users.options.users`, {}],
  ['chain.requirement', { anyOf: [] }],
  ['chain.requirement', { oneOf: ['tokens'] }],
  ['chain.requirement', { anonymous: false }],
  ['chain.requirement', { optional: ['tokens'] }],
  ['chain.requirement', { anyOf: ['tokens'], sameParty: true }],
  ['chain.guards', 'officeHours'],
  ['chain.guards.0', { requireScopes: ['a'], match: 'some' }],
  ['chain.guards.0', { requireRole: 'staff' }],
  ['chain.guards.0', { requireAudience: 'a', match: 'any' }],
  ['chain.guards.0', { requireActor: 'support', allowAll: true }],
  ['chain.guards.0', { requireAuthentication: 'urn:mfa' }],
  ['chain.guards.0', { requireAuthentication: { acrValues: ['a b'] } }],
  ['chain.guards.0', { requireAuthentication: { acrValues: [] } }],
  ['chain.guards.0', { requireAuthentication: { maxAgeSeconds: 0 } }],
  ['chain.guards.0', { requireAuthentication: { maxAge: 300 } }],
  ['chain.guards.0', { requireAuthentication: { maxAgeSeconds: 300 }, match: 'any' }],
  ['chain.guards.0', { rateLimit: { name: 'minute', limit: 0, windowSeconds: 60 } }],
  ['chain.guards.0', { rateLimit: { name: 'a"b', limit: 1, windowSeconds: 60 } }],
  ['chain.guards.0', { rateLimit: { name: 'minute', limit: 1, windowSeconds: 60, by: 'nobody' } }],
  ['chain.guards.0', { concurrencyLimit: { name: 'at-once', limit: 10 }, by: 'client' }],
  ['chain.deadlineMs', 60_001],
  ['chain.firewall.allowEverything', true],
  ['chain.firewall.allowSemicolon', 1],
  ['chain.contract', { schemes: { bearer: 'tokens' } }],
  ['chain.contract', { document: 'api.yaml', schemes: { bearer: 'tokens' }, scopes: 'some' }],
  ['stores.cache.type', 'badge'],
  ['stores.cash', { type: 'memory' }],
];

async function refusalOf(configuration: object): Promise<unknown> {
  try {
    await (await chainFrom(configuration, { kinds: KINDS })).close();
  } catch (error) {
    return error;
  }
  return undefined;
}

/** Configurations in documents and examples. */
function documented(): [place: string, text: string][] {
  const files = [
    ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' }).map((file) => `docs/${file}`),
    ...['README.md', 'examples/di/README.md', 'packages/configuration/README.md'],
  ];
  const blocks = files
    .filter((file) => file.endsWith('.md'))
    .flatMap((file) => {
      const found = readFileSync(join(ROOT, file), 'utf8').matchAll(/^```yaml\n(.*?)^```$/gms);
      return Array.from(found, ([, text = ''], index): [string, string] => [`${file}, block ${index + 1}`, text]);
    });
  const examples = ['examples/di/security.yaml'].map((file): [string, string] => [
    file,
    readFileSync(join(ROOT, file), 'utf8'),
  ]);
  return [...blocks, ...examples].filter(([, text]) => /^(?:handlers|chain):/m.test(text));
}

describe('the schema of configurations', () => {
  test('takes a store for each job', () => {
    const stores = { cache: { type: 'memory' }, counter: { type: 'memory' }, once: { type: 'memory' } };
    expect(isValid({ ...whole(), stores })).toBe(true);
  });

  test('takes a configuration that uses every member, as chainFrom does', async () => {
    expect(isValid(whole()) || isValid.errors).toBe(true);
    expect(await refusalOf(whole())).toBeUndefined();
  });

  test.each(BAD)('refuses %s: %j, as chainFrom does', async (path, value) => {
    const configuration = withValue(path, value);
    expect(isValid(configuration)).toBe(false);
    expect(await refusalOf(configuration)).toBeInstanceOf(ConfigurationError);
  });

  test('takes references where a choice stands', () => {
    expect(isValid(withValue(`${TOKENS}.clientAuthentication.clientSecret`, `\${file:secret}`))).toBe(true);
    expect(isValid(withValue('chain.guards.2.match', `\${MATCH}`))).toBe(true);
    expect(isValid(withValue(`${HANDLERS}.partners.options.secret`, `\${SECRET}`))).toBe(true);
  });

  test('knows other kinds only where it is told to allow them', () => {
    const own = { handlers: { doors: { type: 'my own', options: { door: 1 } } } };
    expect(isValid(own)).toBe(false);
    expect(validatorOf(configurationSchema(KINDS, { allowOtherKinds: true }))(own)).toBe(true);
  });

  const open = validatorOf(configurationSchema(builtInHandlers, { allowOtherKinds: true }));
  const DOCUMENTED = documented();

  test('finds documented configurations', () => {
    expect(DOCUMENTED.length).toBeGreaterThanOrEqual(3);
  });

  test.each(DOCUMENTED)('takes %s', (_place, text) => {
    expect(open(parse(text)) || open.errors).toBe(true);
  });
});

describe('an option that is added in one place', () => {
  // An invented one: nothing but this table says what it is.
  const INVENTED = option.table('InventedOptions', {
    /** How long the invented thing waits, in milliseconds. */
    inventedMs: option.withDefault(option.between(5, 50), 20),
  });
  const invented: HandlerKind<option.Given<typeof INVENTED>> = {
    options: INVENTED,
    handler(options, { name }) {
      const { inventedMs } = INVENTED(options);
      return { ...badge.handler({}, { name } as never), name: inventedMs === 20 ? name : 'other' };
    },
  };
  const configured = (options: object) => ({
    handlers: { own: { type: 'invented', options } },
    chain: { requirement: 'own' },
  });

  test('has its type', () => {
    const given: option.Given<typeof INVENTED> = { inventedMs: 7 };
    // @ts-expect-error: a number
    const wrong: option.Given<typeof INVENTED> = { inventedMs: '7' };
    const { inventedMs }: { readonly inventedMs: number } = INVENTED(given);
    expect(inventedMs).toBe(7);
    expect(() => INVENTED(wrong)).toThrow(ConfigurationError);
  });

  test('has its check, its default and its error', async () => {
    expect(INVENTED({})).toEqual({ inventedMs: 20 });
    expect(() => INVENTED({ inventedMs: 51 })).toThrow('InventedOptions.inventedMs must be a number from 5 to 50');
    expect(() => INVENTED({ inventedMS: 50 })).toThrow('did you mean inventedMs?');
    await expect(chainFrom(configured({ inventedMs: 4 }), { kinds: { invented } })).rejects.toThrow(
      'handlers.own.options.inventedMs must be a number from 5 to 50',
    );
    await (await chainFrom(configured({}), { kinds: { invented } })).close();
  });

  test('has its place in the schema', () => {
    const validate = validatorOf(configurationSchema({ invented }));
    expect(
      [{}, { inventedMs: 5 }, { inventedMs: 4 }, { invented: 5 }].map((each) => validate(configured(each))),
    ).toEqual([true, true, false, false]);
  });
});
