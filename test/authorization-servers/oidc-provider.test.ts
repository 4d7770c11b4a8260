import { createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import dns from 'node:dns';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { anyOf, ConfigurationError, type Requirement, Revocations } from '@sallyport/core';
import { thumbprintOf } from '@sallyport/core/extend';
import {
  IntrospectionHandler,
  type IntrospectionHandlerOptions,
  onIntrospectionEvent,
} from '@sallyport/handlers/introspection';
import { JwtHandler, onKeySetEvent } from '@sallyport/handlers/jwt';
import { ForwardProxy } from '../support/forward-proxy.js';
import { PromptClock } from '../support/prompt-clock.js';
import { type Certificate, Company, ownCertificate } from './company.js';
import { GuardedApi } from './guarded-api.js';
import { type OidcProvider, OidcProviders } from './oidc-provider.js';
import { AUDIENCE, clientsOf, INSIDE, SECRET, SET_UPS, type SetUp, type Surroundings } from './set-ups.js';

/** What the environment says of proxies, and of authorities, which take time to read. */
const VARIABLES = ['HTTPS_PROXY', 'https_proxy', 'NO_PROXY', 'no_proxy', 'NODE_EXTRA_CA_CERTS'];
const PROXIED = 'login.sallyport.invalid';
/** Longer than anything is remembered without asking again, and than a pause after a failure. */
const LATER_SECONDS = 61;

const clock = new PromptClock();
const environment = new Map(VARIABLES.map((name) => [name, process.env[name]]));
const apis: GuardedApi[] = [];

let providers: OidcProviders;
let proxy: ForwardProxy;
let company: Company;
let surroundings: Surroundings;
/** A server that nobody here trusts. */
let foreign: OidcProvider;
let till: Certificate;
let warn: jest.SpiedFunction<typeof process.emitWarning>;

beforeAll(async () => {
  warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
  knowNameInside();
  [providers, proxy, company] = await Promise.all([OidcProviders.start(clock), ForwardProxy.start(), Company.found()]);
  for (const name of VARIABLES) delete process.env[name];
  process.env['HTTPS_PROXY'] = proxy.url;
  const [localhost, login, certificate, own] = await Promise.all([
    company.certificateOf('localhost'),
    company.certificateOf(PROXIED),
    company.certificateOf('orders'),
    ownCertificate('orders'),
  ]);
  till = await company.certificateOf('till');
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const clients = clientsOf({
    ownCertificate: { ...jwkOf(own.cert), x5c: [new X509Certificate(own.cert).raw.toString('base64')] },
    publicKeys: [publicKey.export({ format: 'jwk' })],
  });
  const tlsOf = (shown: Certificate) => ({ ...shown, ca: company.authority });
  const open = await providers.open({ issuer: 'https://localhost:{port}', tls: tlsOf(localhost), clients });
  const proxied = await providers.open({ issuer: `https://${PROXIED}:{port}`, tls: tlsOf(login), clients });
  const inside = await providers.open({ issuer: 'https://login.example.com', clients });
  foreign = await providers.open({ issuer: 'https://login.another.example', clients });
  surroundings = {
    servers: { open, proxied, inside },
    authority: company.authority,
    certificate,
    ownCertificate: own,
    privateKey: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
    proxy: proxy.url,
  };
});

afterAll(async () => {
  await closeApis();
  for (const [name, value] of environment) {
    delete process.env[name];
    if (value !== undefined) process.env[name] = value;
  }
  await providers.close();
  await proxy.close();
  jest.restoreAllMocks();
});

/** Stands in for the name service of a network: there the name of its server leads here. */
function knowNameInside(): void {
  const { lookup } = dns;
  const here = { address: '127.0.0.1', family: 4 };
  const known = (name: string, options: dns.LookupAllOptions, found: (error: null, addresses: object[]) => void) =>
    name === INSIDE ? found(null, [here]) : lookup(name, options, found as never);
  jest.spyOn(dns, 'lookup').mockImplementation(known as never);
}

function jwkOf(pem: string): object {
  return createPublicKey(pem).export({ format: 'jwk' });
}

async function closeApis(): Promise<void> {
  for (const api of apis.splice(0)) await api.close();
}

async function apiOf(requirement: Requirement, tls?: Certificate & { readonly ca: string }): Promise<GuardedApi> {
  const api = await GuardedApi.start(requirement, { clock, ...(tls && { tls }) });
  apis.push(api);
  return api;
}

/** What a user of the shop asks for. */
const aliceWants = (tokens: SetUp['tokens'], audience = AUDIENCE) => ({
  username: 'alice',
  scope: 'orders:read',
  resource: tokens === 'jwt' ? `${audience}/jwt` : audience,
});

describe.each(SET_UPS)('oidc-provider with $title', ({ place, tokens, make }) => {
  let server: OidcProvider;
  let revocations: Revocations;
  let api: GuardedApi;

  const start = () => apiOf(make(surroundings, { clock, revocations }));
  const tokenOf = (from = server) => from.token(aliceWants(tokens));
  const get = async (token: string) => (await api.ask('GET /orders', token)).outcome;

  beforeAll(async () => {
    server = surroundings.servers[place];
    revocations = new Revocations({}, { clock });
    api = await start();
  });

  afterAll(closeApis);

  test('a good token gets in as whom it names', async () => {
    const { outcome, principal } = await api.ask('GET /orders', await tokenOf());
    expect(outcome).toBe('200');
    expect(principal).toMatchObject({
      kind: 'user',
      issuer: server.issuer,
      subject: 'alice',
      clientId: 'web-shop',
      scopes: ['orders:read'],
      audience: [AUDIENCE],
    });
  });

  test('a token without the scope is 403 and told which one it lacks (RFC 6750 3.1)', async () => {
    const { outcome, challenge } = await api.ask('POST /orders', await tokenOf());
    expect(outcome).toMatch(/^403 /);
    expect(challenge).toMatch(/^Bearer .*error="insufficient_scope".* scope="orders:write"/);
  });

  test('a revoked token is 401 (RFC 7009 2)', async () => {
    const token = await tokenOf();
    expect(await get(token)).toBe('200');
    // An authorization server cannot take back a JWT: who revokes it tells the API.
    if (tokens === 'jwt') await revocations.revokeToken(token);
    else await server.revoke(token);
    await providers.pass(LATER_SECONDS);
    expect(await get(token)).toBe(tokens === 'jwt' ? '401 token_revoked' : '401 token_inactive');
  });

  test('an expired token is 401', async () => {
    const [token, unseen] = [await tokenOf(), await tokenOf()];
    expect(await get(token)).toBe('200');
    await providers.pass(606);
    const outcome = tokens === 'jwt' ? '401 token_expired' : '401 token_inactive';
    expect([await get(token), await get(unseen)]).toEqual([outcome, outcome]);
  });

  test('a token of another server, or for another API, is 401 (RFC 9068 4)', async () => {
    const elsewhere = await server.token(aliceWants(tokens, 'https://billing.example.com'));
    expect(await get(await tokenOf(foreign))).toBe(
      tokens === 'jwt' ? '401 credentials_unrecognised' : '401 token_inactive',
    );
    expect(await get(elsewhere)).toBe('401 audience_mismatch');
  });

  test('while the server is down, what has to ask it gets 503; then tokens are good again', async () => {
    const [known, token] = [await tokenOf(), await tokenOf()];
    expect(await get(known)).toBe('200');
    const [knowing, starting] = [api, await start()];
    const outcomes = async () => [
      (await knowing.ask('GET /orders', token)).outcome,
      (await starting.ask('GET /orders', token)).outcome,
    ];
    await server.stop();
    const down = '503 err_sallyport_upstream_unreachable';
    // With keys that are known, a JWT needs no server.
    expect(await outcomes()).toEqual([tokens === 'jwt' ? '200' : down, down]);
    await server.resume();
    await providers.pass(LATER_SECONDS);
    expect(await outcomes()).toEqual(['200', '200']);
  });
});

describe('tokens that are bound to a certificate (RFC 8705 3)', () => {
  const UNPROVED = '401 confirmation_unproved';

  test.each(['opaque', 'jwt'] as const)('are good on connections with that certificate alone: %s', async (tokens) => {
    const { open } = surroundings.servers;
    const [setUp] = SET_UPS.filter((each) => each.place === 'open' && each.tokens === tokens) as [SetUp];
    const tls = { ...(await company.certificateOf('localhost')), ca: company.authority };
    const api = await apiOf(setUp.make(surroundings, { clock }), tls);
    const { scope, resource } = aliceWants(tokens);
    const token = await open.boundToken('till', { scope, resource }, till);
    const answers = [];
    for (const certificate of [till, surroundings.certificate, undefined, till]) {
      answers.push(await api.ask('GET /orders', token, certificate));
    }
    expect(answers.map(({ outcome }) => outcome)).toEqual(['200', UNPROVED, UNPROVED, '200']);
    const thumbprint = thumbprintOf(new X509Certificate(till.cert));
    expect(answers[0]?.principal).toMatchObject({ clientId: 'till', confirmation: { 'x5t#S256': thumbprint } });
  });

  test.each(['opaque', 'jwt'] as const)(
    'may be bound to one that nobody has verified (RFC 8705 2.2): %s',
    async (tokens) => {
      const { open } = surroundings.servers;
      const [setUp] = SET_UPS.filter((each) => each.place === 'open' && each.tokens === tokens) as [SetUp];
      const tls = { ...(await company.certificateOf('localhost')), ca: company.authority };
      const api = await apiOf(setUp.make(surroundings, { clock }), tls);
      const { ownCertificate: own } = surroundings;
      const { scope, resource } = aliceWants(tokens);
      const token = await open.boundToken('own-till', { scope, resource }, own);
      const outcomes = [];
      for (const certificate of [own, till, undefined])
        outcomes.push((await api.ask('GET /orders', token, certificate)).outcome);
      expect(outcomes).toEqual(['200', UNPROVED, UNPROVED]);
    },
  );
});

describe('a handler that the server does not believe', () => {
  const KEY = String(
    generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }),
  );

  test.each<[string, () => Pick<IntrospectionHandlerOptions, 'clientAuthentication' | 'outbound'>]>([
    ['another secret', () => ({ clientAuthentication: { ...SECRET, clientSecret: 'a guess' } })],
    [
      'another key',
      () => ({
        clientAuthentication: {
          method: 'private_key_jwt',
          clientId: 'orders-key',
          privateKey: KEY,
          algorithm: 'ES256',
        },
      }),
    ],
    [
      'the certificate of another client',
      () => ({
        clientAuthentication: { method: 'tls_client_auth', clientId: 'orders-certificate' },
        outbound: { clientCertificate: till },
      }),
    ],
  ])('gives 503 and never 401: %s (RFC 7662 2.3)', async (_with, part) => {
    const { open } = surroundings.servers;
    const { clientAuthentication, outbound } = part();
    const handler = new IntrospectionHandler(
      {
        realm: 'orders',
        issuer: open.issuer,
        clientAuthentication,
        outbound: { certificateAuthorities: company.authority, ...outbound },
      },
      { clock },
    );
    const api = await apiOf(handler);
    const { outcome } = await api.ask('GET /orders', await open.token(aliceWants('opaque')));
    expect(outcome).toBe('503 introspection_credentials_refused');
  });
});

describe('a server that gives out opaque tokens and JWTs', () => {
  const [opaque, jwt] = SET_UPS as [SetUp, SetUp];

  test('has a handler for each kind', async () => {
    const { open } = surroundings.servers;
    const fallback = new IntrospectionHandler(
      {
        realm: 'orders',
        issuer: open.issuer,
        audience: AUDIENCE,
        clientAuthentication: SECRET,
        fallback: true,
        outbound: { certificateAuthorities: company.authority },
      },
      { clock },
    );
    const api = await apiOf(anyOf(jwt.make(surroundings, { clock }), fallback));
    for (const tokens of ['opaque', 'jwt'] as const) {
      expect((await api.ask('GET /orders', await open.token(aliceWants(tokens)))).outcome).toBe('200');
    }
    expect((await api.ask('GET /orders', await foreign.token(aliceWants('jwt')))).outcome).toBe(
      '401 token_type_unsupported',
    );
  });

  test('says of a JWT that it introspects none: 401 (RFC 7009 2.2.1)', async () => {
    const { open } = surroundings.servers;
    const api = await apiOf(opaque.make(surroundings, { clock }));
    expect((await api.ask('GET /orders', await open.token(aliceWants('jwt')))).outcome).toBe(
      '401 token_type_unsupported',
    );
  });
});

describe('a server whose certificate the company signed, without the authority of the company', () => {
  const told: unknown[] = [];
  let stops: (() => void)[];

  beforeAll(() => {
    stops = [onKeySetEvent((event) => told.push(event)), onIntrospectionEvent((event) => told.push(event))];
  });

  afterAll(() => {
    for (const stop of stops) stop();
  });

  test.each([
    [
      'opaque',
      'server_unavailable',
      (issuer: string) =>
        new IntrospectionHandler({ realm: 'orders', issuer, clientAuthentication: SECRET }, { clock }),
    ],
    [
      'jwt',
      'keys_unavailable',
      (issuer: string) => {
        const trusted = { issuer, audience: AUDIENCE, algorithms: 'ES256', keys: { discovery: true } } as const;
        return new JwtHandler({ realm: 'orders', issuers: [trusted] }, { clock });
      },
    ],
  ] as const)('is 503 for %s tokens, and the operator is told where and why', async (tokens, kind, make) => {
    const { open } = surroundings.servers;
    const api = await apiOf(make(open.issuer));
    told.length = 0;
    const { outcome } = await api.ask('GET /orders', await open.token(aliceWants(tokens)));
    expect(outcome).toBe('503 err_sallyport_upstream_unreachable');
    const place = `${open.issuer}/.well-known/oauth-authorization-server`;
    expect(told).toEqual([
      expect.objectContaining({
        kind,
        detail: expect.stringContaining(`${place}: the connection failed (SELF_SIGNED_CERT_IN_CHAIN)`),
      }),
    ]);
  });
});

describe('behind a proxy', () => {
  test('every call goes through it', async () => {
    const { issuer, port } = surroundings.servers.proxied;
    for (const { place, tokens, make } of SET_UPS) {
      if (place !== 'proxied') continue;
      const before = proxy.tunnels.length;
      const api = await apiOf(make(surroundings, { clock }));
      const token = await surroundings.servers.proxied.token(aliceWants(tokens));
      expect((await api.ask('GET /orders', token)).outcome).toBe('200');
      const targets = proxy.tunnels.slice(before).map(({ target }) => target);
      expect(new Set(targets)).toEqual(new Set([`${PROXIED}:${port}`]));
    }
    expect(issuer).toBe(`https://${PROXIED}:${port}`);
  });
});

describe('a server without TLS', () => {
  const metadataUrl = `http://${INSIDE}:8080/.well-known/openid-configuration`;
  const issuer = 'https://login.example.com';

  test.each<[string, () => unknown]>([
    [
      'introspection',
      () => new IntrospectionHandler({ realm: 'orders', issuer, metadataUrl, clientAuthentication: SECRET }),
    ],
    [
      'keys',
      () => {
        const keys = { discovery: true, metadataUrl } as const;
        return new JwtHandler({
          realm: 'orders',
          issuers: [{ issuer, audience: AUDIENCE, algorithms: 'ES256', keys }],
        });
      },
    ],
  ])('is refused at start unless it is named: %s', (_what, make) => {
    expect(make).toThrow(ConfigurationError);
    expect(make).toThrow(/metadataUrl must be an https URL/);
  });

  test('warns at start where it is named', () => {
    warn.mockClear();
    const setUps = SET_UPS.filter(({ place }) => place === 'inside');
    for (const { make } of setUps) make(surroundings, { clock });
    const warning = `${INSIDE} may be called without TLS (allowInsecureHosts)`;
    expect(warn.mock.calls).toEqual(setUps.map(() => [warning, 'SallyportWarning']));
  });
});
