import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { authenticated, createPrincipal, type Decision, MemoryCacheStore } from '@sallyport/core';
import { type IncomingRequest, SecurityRequest, VerdictCache } from '@sallyport/core/extend';
import { BasicHandler, InMemoryUserStore, IntrospectionHandler, JwtHandler } from '@sallyport/handlers';
import { AuthorizationServer } from './authorization-server.js';
import { Canary, printed } from './canary.js';
import { aToken, HELD, House } from './house.js';

let server: AuthorizationServer;
let house: House;

beforeAll(async () => {
  server = await AuthorizationServer.start();
  house = await House.build(server);
});
afterAll(async () => {
  await house.close();
  await server.close();
});

interface Position {
  readonly where: string;
  readonly canary: Canary;
  readonly source: Partial<IncomingRequest>;
  /** 200 stands for a grant. */
  readonly status: number;
}

function inHeader(where: string, status: number, text: string, name: string, value: string, carriers: string[] = []) {
  const source = { rawHeaders: [name, value] };
  return { where, status, canary: new Canary(text, carriers), source };
}

function bearer(where: string, status: number, token: string): Position {
  return inHeader(where, status, token, 'Authorization', `Bearer ${token}`);
}

function basic(where: string, status: number, secret: string, pair: string): Position {
  const token68 = Buffer.from(pair).toString('base64');
  return inHeader(where, status, secret, 'Authorization', `Basic ${token68}`, [token68]);
}

function careless(status: number, behaviour: string): Position {
  const text = `${behaviour}-c4n4ry-careless`;
  return inHeader(`what a careless handler has ${behaviour}`, status, text, 'Authorization', `Careless ${text}`);
}

function target(where: string, status: number, text: string, value: string): Position {
  return { where, status, canary: new Canary(text), source: { target: value, rawHeaders: [] } };
}

const jwt = aToken();
const positions: readonly Position[] = [
  bearer('a good opaque token', 200, 'good-c4n4ry-opaque'),
  bearer('an opaque token that is not active', 401, 'inactive-c4n4ry-opaque'),
  bearer('an opaque token while the server fails', 503, 'broken-c4n4ry-opaque'),
  bearer('an opaque token while the server babbles', 503, 'garbled-c4n4ry-opaque'),
  bearer('a bearer token that is malformed', 400, 'good-c4n4ry-"malformed"'),
  bearer('a bearer token that is too long', 400, `good-c4n4ry-${'long'.repeat(2_048)}`),
  bearer('a good JWT', 200, jwt),
  bearer('a JWT with another signature', 401, `${jwt.slice(0, -12)}c4n4ryc4n4ry`),
  bearer('an expired JWT', 401, aToken({ exp: 1_700_000_000, iat: 1_600_000_000 })),
  bearer('a JWT of an unknown issuer', 401, aToken({ iss: 'https://c4n4ry.example' })),
  bearer('an encrypted JWT that nobody can open', 401, `${jwt}.c4n4ry-tag.more`),
  basic('a good password', 200, HELD.password, `alice:${HELD.password}`),
  basic('a wrong password', 401, 'c4n4ry-password', 'alice:c4n4ry-password'),
  basic('an unknown user name', 401, 'c4n4ry-user', 'c4n4ry-user:x'),
  basic('a user name without a password', 401, 'c4n4ry-colonless', 'c4n4ry-colonless'),
  basic('a password with a control character', 401, 'c4n4ry-control', 'alice:c4n4ry-control\n'),
  inHeader('Basic credentials that are no base64', 401, '*c4n4ry-text*', 'Authorization', 'Basic *c4n4ry-text*'),
  inHeader('a good API key', 200, HELD.apiKey, 'X-Api-Key', HELD.apiKey),
  inHeader('an unknown API key', 401, 'c4n4ry-api-key', 'X-Api-Key', 'c4n4ry-api-key'),
  inHeader('a good cookie', 200, 'good-c4n4ry-cookie', 'Cookie', 'session=good-c4n4ry-cookie'),
  inHeader('a bad cookie', 401, 'c4n4ry-cookie', 'Cookie', 'a=b; session=c4n4ry-cookie'),
  inHeader('a cookie that nobody reads', 401, 'c4n4ry-stray', 'Cookie', 'stray=c4n4ry-stray'),
  careless(200, 'good'),
  careless(401, 'refused'),
  careless(503, 'broken'),
  careless(500, 'thrown'),
  careless(500, 'quoted'),
  careless(500, 'returned'),
  inHeader('credentials of an unknown scheme', 401, 'c4n4ry-digest', 'Authorization', 'Digest c4n4ry-digest'),
  inHeader('a lone scheme', 401, 'c4n4ry-scheme', 'Authorization', 'c4n4ry-scheme'),
  inHeader('a malformed header', 400, 'c4n4ry-malformed', 'Authorization', '"c4n4ry-malformed" x'),
  inHeader('joined credentials', 400, 'good-c4n4ry-joined', 'Authorization', 'Bearer good-c4n4ry-joined, Basic YTpi'),
  {
    where: 'doubled credentials',
    status: 400,
    canary: new Canary('good-c4n4ry-doubled'),
    source: {
      rawHeaders: ['Authorization', 'Bearer good-c4n4ry-doubled', 'Authorization', 'Bearer good-c4n4ry-doubled'],
    },
  },
  {
    where: 'a doubled API key',
    status: 400,
    canary: new Canary('c4n4ry-doubled-key'),
    source: { rawHeaders: ['X-Api-Key', 'c4n4ry-doubled-key', 'X-Api-Key', 'c4n4ry-doubled-key'] },
  },
  {
    where: 'what a guard throws',
    status: 500,
    canary: new Canary('thrown-c4n4ry-guard'),
    source: { rawHeaders: ['X-Api-Key', HELD.apiKey, 'X-Guard', 'thrown-c4n4ry-guard'] },
  },
  target('a good key in the query', 200, 'good-c4n4ry-query', '/?key=good-c4n4ry-query'),
  target('a bad key in the query', 401, 'c4n4ry-query', '/?key=c4n4ry-query'),
  target('a token in the query that nobody reads', 401, 'c4n4ry-access', '/?access_token=c4n4ry-access'),
  target('a secret in the path', 401, 'c4n4ry-path', '/reset/c4n4ry-path'),
  target('a secret in a path that is refused', 400, 'c4n4ry-traversal', '/reset/c4n4ry-traversal/%2e%2e/x'),
  target('a secret in the user information of a URL', 400, 'c4n4ry-userinfo', 'http://c4n4ry-userinfo:x@host/'),
];

async function decided(request: SecurityRequest): Promise<Decision> {
  return house.chain.decide(request);
}

function requestOf({ source }: Position): SecurityRequest {
  return new SecurityRequest({ method: 'GET', target: '/', rawHeaders: [], remoteAddress: '192.0.2.1', ...source });
}

describe('a secret in any position shows in no decision, explanation, event or object', () => {
  test.each(positions)('$where ($status)', async (position) => {
    const { canary, status } = position;
    const request = requestOf(position);
    const first = await decided(request);
    const again = await decided(requestOf(position));
    const explanation = await house.chain.explain(requestOf(position));
    expect([first, again].map((decision) => (decision.kind === 'granted' ? 200 : decision.status))).toEqual([
      status,
      status,
    ]);
    const credentials = house.handlers.map((handler) => handler.extract(request));
    const objects = [
      request,
      request.authorization,
      first,
      again,
      explanation,
      house.events.at(-1),
      credentials.filter((credential) => typeof credential !== 'string'),
      first.kind === 'granted' ? first.principal : [first.headers, first.body],
    ];
    expect(objects.map((object) => canary.foundIn(printed(object)))).toEqual(objects.map(() => []));
  });

  test('nor in any audit line, span, metric, event or warning of all of these', async () => {
    const output = printed(await house.output());
    expect(output).toContain('access denied: 401 token_inactive');
    expect(output).toContain('sallyport.verify.duration');
    const found = positions.filter(({ canary }) => canary.foundIn(output).length > 0).map(({ where }) => where);
    expect(found).toEqual([]);
  });

  test('nor in the chain, the handlers and their caches afterwards', async () => {
    const verdict = authenticated(createPrincipal({ subject: 'alice' }));
    for (const { canary } of positions) {
      await house.cache.resolve(canary.text, requestOf(positions[0] as Position), async () => verdict);
      await house.revocations.revokeToken(canary.text);
    }
    const objects = [house.chain, house.handlers, house.cache, house.cache.statistics, house.store, house.revocations];
    const output = objects.map(printed).join('\n');
    const found = positions.filter(({ canary }) => canary.foundIn(output).length > 0).map(({ where }) => where);
    expect(found).toEqual([]);
  });

  test('but the authorization server got the tokens: the canaries were alive', () => {
    const sent = positions.map(({ canary }) => canary.text).filter((text) => server.tokens.includes(text));
    expect(sent.map((text) => text.split(/[-.]/, 1)[0]?.slice(0, 8))).toEqual([
      'good',
      'inactive',
      'broken',
      'garbled',
      'eyJhbGci',
    ]);
  });
});

describe('the secrets that the house holds', () => {
  test.each(
    Object.entries(HELD).map(([name, secret]) => {
      return { name, canary: new Canary(typeof secret === 'string' ? secret : secret.toString('hex')) };
    }),
  )('$name shows in no object that holds it', async ({ canary }) => {
    const objects = [house.chain, ...house.handlers, house.cache, house.store, await house.output()];
    expect(canary.foundIn(objects.map(printed).join('\n'))).toEqual([]);
  });

  const held = new Canary('c4n4ry-configured-secret');
  const wrong = JSON.parse('{"bogus": 1}');
  const client = { method: 'client_secret_basic', clientId: 'gateway', clientSecret: held.text } as const;
  test.each([
    [
      'an unknown option beside it',
      () => new IntrospectionHandler({ realm: 'a', endpoint: 'https://a', clientAuthentication: client, ...wrong }),
    ],
    [
      'an unknown option beside it, one level down',
      () =>
        new IntrospectionHandler({ realm: 'a', endpoint: 'https://a', clientAuthentication: { ...client, ...wrong } }),
    ],
    [
      'a URL that holds it',
      () =>
        new IntrospectionHandler({ realm: 'a', endpoint: `https://a:${held.text}@b`, clientAuthentication: client }),
    ],
    ['a secret that is too short', () => hmac(held.text)],
    ['a secret that is a key in PEM', () => hmac(`-----BEGIN PUBLIC KEY-----${held.text}`)],
    [
      'a private key that cannot be read',
      () =>
        new JwtHandler({
          realm: 'a',
          decryptionKeys: [{ key: held.text, algorithms: 'dir', contentEncryption: 'A256GCM' }],
        }),
    ],
    ['a hash that is none', () => new InMemoryUserStore([{ name: 'alice', hash: held.text }])],
    ['a user store that is none', () => new BasicHandler({ realm: 'a', users: JSON.parse(`"${held.text}"`) })],
    [
      'a deployment secret that is too short',
      () => new VerdictCache({ namespace: 'a', secret: held.text }, { store: new MemoryCacheStore() }),
    ],
  ])('%s makes an error that does not show it', (_case, configure) => {
    let error: unknown;
    try {
      configure();
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(Error);
    expect(held.foundIn(printed(error))).toEqual([]);
  });
});

function hmac(secret: string): JwtHandler {
  return new JwtHandler({
    realm: 'a',
    issuers: [{ issuer: 'https://a', audience: 'a', algorithms: 'HS512', keys: { secret } }],
  });
}
