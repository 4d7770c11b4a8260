import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { chainFrom } from '@sallyport/configuration';
import { container, registerSecurity, resolveChain } from '@sallyport/configuration/tsyringe';
import type { HandlerKind } from '@sallyport/core/extend';
import type { TrustedIssuer } from '@sallyport/handlers/jwt';
import { builtInHandlers, type JwtKindOptions } from '@sallyport/handlers/kinds';
import { parse } from 'yaml';
import { ProviderHost } from '../handlers/providers/provider-host.js';
import { fileOf, openPage, PAGES } from '../handlers/providers/provider-page.js';
import {
  keySetOf,
  newProviderKeys,
  type ProviderKeys,
  type TokenRow,
  textOf,
  tokenOfRow,
  vectorsOf,
} from '../handlers/providers/provider-vectors.js';
import { SecuredServer } from '../handlers/providers/secured-server.js';

const WITH_FILES = PAGES.filter((provider) => fileOf(provider) !== undefined);

let host: ProviderHost;
let server: SecuredServer;
let keys: ProviderKeys;

beforeAll(async () => {
  [host, server, keys] = await Promise.all([ProviderHost.start(), SecuredServer.start(), newProviderKeys()]);
});
afterAll(async () => {
  await server.close();
  await host.close();
});

/** The kinds of Sallyport. Issuers are called at the host of this test: the application replaces what the provider says. */
function kindsFor(provider: string) {
  const { keys: source } = openPage(provider).issuer ?? {};
  if (source === undefined || !('jwksUri' in source || 'discovery' in source))
    throw new Error(`${provider} fetches no keys`);
  const { certificateAuthorities: _authorities, headers: _headers, ...outbound } = source.outbound ?? {};
  const called = { ...source, outbound: { ...outbound, dispatcher: host.dispatcher } };
  const jwt: HandlerKind<JwtKindOptions> = {
    ...builtInHandlers.jwt,
    handler: ({ issuers = [], ...options }, services) => {
      const replaced = issuers.map((issuer) => ({ ...issuer, keys: called }) as TrustedIssuer);
      return builtInHandlers.jwt.handler({ ...options, issuers: replaced }, services);
    },
  };
  return { ...builtInHandlers, jwt };
}

function firstRows(provider: string): readonly TokenRow[] {
  const ofPage = vectorsOf(provider).tokens.filter(
    ({ options, issuer, isResolved }) => options === undefined && issuer === undefined && !isResolved,
  );
  return [200, 401].flatMap((status) => ofPage.find((row) => row.status === status) ?? []);
}

describe.each(WITH_FILES)('%s', (provider) => {
  const vectors = vectorsOf(provider);
  const expectRows = async () => {
    const { metadata, keys: published } = vectors;
    const documents = metadata === undefined ? {} : { [metadata.at]: metadata.document };
    host.publish({ ...documents, [published?.at ?? '']: keySetOf(vectors, keys) });
    const rows = firstRows(provider);
    expect(rows.map(({ status }) => status)).toEqual([200, 401]);
    for (const row of rows) {
      const token = tokenOfRow(row, keys);
      const headers = row.handler === undefined ? { authorization: `Bearer ${token}` } : { 'x-jwt-assertion': token };
      const { status, reason, caller } = await server.ask(headers);
      expect({ status, reason, caller }).toEqual({ status: row.status, reason: row.reason, caller: row.principal });
    }
  };

  test('the file of its page builds a chain that takes and refuses the same tokens', async () => {
    const kinds = kindsFor(provider);
    await server.secureBy(await chainFrom(parse(fileOf(provider) ?? ''), { kinds, clock: server.clock }));
    await expectRows();
  });

  test('so does a container that is given the same options', async () => {
    const app = container.createChildContainer();
    const { handlers } = parse(fileOf(provider) ?? '');
    registerSecurity(app, {
      kinds: kindsFor(provider),
      handlers: { tokens: handlers.tokens },
      clock: server.clock,
      chain: (handler) => ({ requirement: handler('tokens') }),
    });
    await server.secureBy(await resolveChain(app));
    await expectRows();
  });
});

describe('a provider in a configuration', () => {
  const configured = (issuer: object) => ({
    handlers: { tokens: { type: 'jwt', options: { realm: 'orders', issuers: [issuer] } } },
    chain: { requirement: 'tokens' },
  });
  const asked = (options: object) => ({
    handlers: {
      tokens: {
        type: 'introspection',
        options: { realm: 'orders', clientAuthentication: { method: 'bearer', token: 'a' }, ...options },
      },
    },
    chain: { requirement: 'tokens' },
  });
  const realmUrl = 'https://sso.example.com/realms/shop';
  const KEYCLOAK = { provider: 'keycloak', realmUrl, audience: 'orders' };
  const build = async (configuration: object) =>
    (await chainFrom(configuration, { kinds: builtInHandlers })).close().then(() => 'built');

  test.each<[string, object, string]>([
    ['an unknown provider', { ...KEYCLOAK, provider: 'keyclock' }, 'issuers[0].provider must be one of'],
    ['a provider that is no text', { ...KEYCLOAK, provider: 1 }, 'issuers[0].provider must be one of'],
    ['what the provider needs', { ...KEYCLOAK, realmUrl: '' }, 'issuers[0].realmUrl must be a non-empty string'],
    ['a misspelt name', { ...KEYCLOAK, realmurl: realmUrl }, 'did you mean realmUrl?'],
    ['an option beside it', { ...KEYCLOAK, maxTokenAgeSeconds: 0 }, 'issuers[0].maxTokenAgeSeconds must be a number'],
    ['what only the handler can tell', { provider: 'keycloak', realmUrl }, 'issuers[0].audience is needed'],
  ])('is refused by its place, without the value: %s', async (_title, issuer, problem) => {
    const refusal = expect.objectContaining({ message: expect.stringContaining(`handlers.tokens.options.`) });
    await expect(build(configured(issuer))).rejects.toEqual(refusal);
    await expect(build(configured(issuer))).rejects.toThrow(problem);
    await expect(build(configured(issuer))).rejects.not.toThrow(/keyclock|realms\/shop/);
  });

  test('is refused by its place on introspection, too', async () => {
    await expect(build(asked({ provider: 'keycloak' }))).rejects.toThrow('handlers.tokens.options.realmUrl must be');
    await expect(build(asked({ provider: 'entra', realmUrl }))).rejects.toThrow('options.provider must be one of');
    await expect(build(asked({ provider: 'keycloak', realmUrl }))).resolves.toBe('built');
  });

  test.each<[string, string, object]>([
    ['keycloak', 'keycloak', { realmUrl, audience: 'orders', roleClients: 'orders' }],
    ['okta', 'okta', { issuer: 'https://shop.okta.com/oauth2/default', audience: 'api://orders' }],
    ['oryHydra', 'ory-hydra', { adminUrl: 'https://hydra-admin.example.com', audience: 'https://orders.example.com' }],
    ['wso2', 'wso2-identity-server', { baseUrl: 'https://is.example.com:9443' }],
  ])('%s is asked about tokens, and its answers are read as its page says', async (provider, page, needs) => {
    const { metadata, endpoint = '', answers = [] } = vectorsOf(page);
    const { introspection: usual } = builtInHandlers;
    // A dispatcher is no data: the application adds it.
    const introspection: typeof usual = {
      ...usual,
      handler: (options, services) =>
        usual.handler({ ...options, outbound: { dispatcher: host.dispatcher } }, services),
    };
    const kinds = { ...builtInHandlers, introspection };
    const configuration = asked({ provider, ...needs });
    for (const row of answers) {
      const documents = metadata === undefined ? {} : { [metadata.at]: metadata.document };
      host.publish({ ...documents, [endpoint]: () => textOf(row.answer, row.raw) });
      await server.secureBy(await chainFrom(configuration, { kinds, clock: server.clock }));
      const { status, reason, caller } = await server.ask({ authorization: 'Bearer opaque' });
      expect({ status, reason, caller }).toEqual({ status: row.status, reason: row.reason, caller: row.principal });
    }
    expect(answers.length).toBeGreaterThan(1);
  });

  test('leaves issuers that name none as they are', async () => {
    const issuer = { issuer: realmUrl, audience: 'orders', algorithms: 'RS256', keys: { discovery: true } };
    await expect(build(configured(issuer))).resolves.toBe('built');
    await expect(build(configured({ ...issuer, realmUrl }))).rejects.toThrow('issuers[0] has no option "realmUrl"');
  });

  test('keeps its own rules of claims beside those that are added, and lets one be replaced by name', async () => {
    const vectors = vectorsOf('keycloak');
    const good = vectors.tokens[0] as TokenRow;
    const outcomeWith = async (claimRules: object, claims: object = {}) => {
      host.publish({
        [vectors.metadata?.at ?? '']: vectors.metadata?.document ?? {},
        [vectors.keys?.at ?? '']: keySetOf(vectors, keys),
      });
      const configuration = configured({ ...KEYCLOAK, claimRules });
      const kinds = kindsFor('keycloak');
      await server.secureBy(await chainFrom(configuration, { kinds, clock: server.clock }));
      const { status, reason } = await server.ask({ authorization: `Bearer ${tokenOfRow(good, keys, claims)}` });
      return reason ?? status;
    };
    expect(await outcomeWith({ acr: '1' })).toBe(200);
    expect(await outcomeWith({ acr: '2' })).toBe('claim_rule_broken');
    expect(await outcomeWith({ acr: '1' }, { typ: 'Offline' })).toBe('claim_rule_broken');
    expect(await outcomeWith({ typ: 'Offline' }, { typ: 'Offline' })).toBe(200);
  });
});
