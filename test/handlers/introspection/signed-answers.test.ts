import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  IntrospectionHandler,
  type IntrospectionHandlerOptions,
  onIntrospectionEvent,
} from '@sallyport/handlers/introspection';
import { newKey, tokenOf } from '../jwt/signing.js';
import { CLIENT, IntrospectionUnderTest } from './introspection-fixture.js';
import { type Arrival, IntrospectionServer, type ScriptedAnswer } from './introspection-server.js';

const KEY = newKey('ES256', 'k1');
const STRANGER = newKey('ES256', 'k1');
const TYPE = 'application/token-introspection+jwt';
const ACTIVE = { active: true, sub: 'alice', scope: 'read' };

let server: IntrospectionServer;
let subject: IntrospectionUnderTest;
/** What the endpoint says. */
let answer: ScriptedAnswer;
/** The published keys. */
let keys: unknown[];

beforeEach(async () => {
  keys = [KEY.jwk];
  server = await IntrospectionServer.start(({ path }: Arrival) => {
    if (path === '/introspect') return answer;
    if (path === '/jwks') return { body: { keys } };
    const body = { issuer: server.origin, introspection_endpoint: server.endpoint, jwks_uri: `${server.origin}/jwks` };
    return { body };
  });
  subject = signed();
});

afterEach(async () => {
  await subject.close();
  await server.close();
});

function signed(options: Partial<IntrospectionHandlerOptions> = {}): IntrospectionUnderTest {
  return new IntrospectionUnderTest({ issuer: server.origin, signedAnswers: { algorithms: 'ES256' }, ...options });
}

interface Parts {
  readonly header?: object;
  readonly claims?: object;
  readonly signer?: typeof KEY;
}

function jwt({ header = {}, claims = {}, signer = KEY }: Parts = {}): string {
  const fullHeader = { alg: 'ES256', kid: 'k1', typ: 'token-introspection+jwt', ...header };
  const now = subject.now;
  const fullClaims = { iss: server.origin, aud: 'gateway', iat: now, token_introspection: ACTIVE, ...claims };
  return tokenOf(JSON.stringify(fullHeader), JSON.stringify(fullClaims), 'ES256', signer.privateKey);
}

function says(body: string, contentType = TYPE): void {
  answer = { headers: { 'content-type': contentType }, body };
}

test('a signed answer is asked for, verified with the keys of the issuer, and counts [RFC 9701 4 and 5]', async () => {
  says(jwt());
  const { status, principal } = await subject.ask();
  expect([status, principal?.subject, principal?.scopes]).toEqual([200, 'alice', ['read']]);
  const asked = server.arrivals.find(({ path }) => path === '/introspect');
  expect(asked?.headers.accept).toBe(TYPE);
});

test('the answer inside is judged like any other [RFC 9701 5, RFC 7662 2.2]', async () => {
  const cases = [
    [{ active: false }, '401 token_inactive'],
    [{ ...ACTIVE, exp: 1 }, '401 token_expired'],
    [{ ...ACTIVE, iss: 'https://evil.example' }, '401 issuer_mismatch'],
    [{ ...ACTIVE, active: 'true' }, '503 introspection_answer_unusable'],
  ] as const;
  for (const [inside, outcome] of cases) {
    says(jwt({ claims: { token_introspection: inside } }));
    expect(await subject.outcome(JSON.stringify(inside).replace(/\W/g, ''))).toBe(outcome);
  }
});

test('a remembered signed answer is synchronous, and one signature is checked for it', async () => {
  says(jwt());
  await subject.ask();
  expect(subject.decide()).toMatchObject({ kind: 'granted' });
  expect(server.calls).toBe(1);
});

test('aud may be a list that names us, and may be configured [RFC 9701 5]', async () => {
  says(jwt({ claims: { aud: ['other', 'gateway'] } }));
  expect(await subject.status('one')).toBe(200);
  await subject.close();
  subject = signed({ signedAnswers: { algorithms: 'ES256', audience: 'https://api.example.com' } });
  expect(await subject.status('one')).toBe(503);
  says(jwt({ claims: { aud: 'https://api.example.com' } }));
  expect(await subject.status('two')).toBe(200);
});

test('keys may be configured instead of discovered', async () => {
  subject = signed({
    endpoint: server.endpoint,
    signedAnswers: { algorithms: ['ES256'], keys: { publicKey: KEY.publicKey } },
  });
  says(jwt());
  expect(await subject.status()).toBe(200);
  expect(server.arrivals.map(({ path }) => path)).toEqual(['/introspect']);
});

describe('what is not right about a signed answer is 503 for a moment, and never a pass', () => {
  const UNVERIFIED = '503 introspection_answer_unverified';

  test.each<[string, () => string]>([
    ['another key signed it [RFC 9701 5]', () => jwt({ signer: STRANGER })],
    [
      'it is not signed: alg none [RFC 8725 3.1]',
      () =>
        `${jwt({ header: { alg: 'none' } })
          .split('.')
          .slice(0, 2)
          .join('.')}.`,
    ],
    ['its algorithm is not allowed [RFC 8725 3.1]', () => jwt({ header: { alg: 'HS256' } })],
    ['its signature was changed', () => `${jwt().slice(0, -4)}AAAA`],
    [
      'its claims were changed',
      () => jwt().replace(/\.[^.]+\./, `.${Buffer.from('{"active":true}').toString('base64url')}.`),
    ],
    ['it is an access token [RFC 9701 8.1, RFC 9068 2.1]', () => jwt({ header: { typ: 'at+jwt' } })],
    ['it is any JWT [RFC 9701 5]', () => jwt({ header: { typ: 'JWT' } })],
    ['it has no type [RFC 9701 5]', () => jwt({ header: { typ: undefined } })],
    ['it has an unknown extension [RFC 7515 4.1.11]', () => jwt({ header: { crit: ['exp'], exp: 1 } })],
    ['it names an unknown key', () => jwt({ header: { kid: 'k2' } })],
    ['another issuer made it [RFC 9701 5]', () => jwt({ claims: { iss: 'https://evil.example' } })],
    ['no issuer made it [RFC 9701 5]', () => jwt({ claims: { iss: undefined } })],
    ['it is for somebody else [RFC 9701 5]', () => jwt({ claims: { aud: 'another-api' } })],
    ['it is for nobody [RFC 9701 5]', () => jwt({ claims: { aud: undefined } })],
    ['it is for an empty list [RFC 9701 5]', () => jwt({ claims: { aud: [] } })],
    ['it does not say when it was made [RFC 9701 5]', () => jwt({ claims: { iat: undefined } })],
    ['it was made at a text', () => jwt({ claims: { iat: String(subject.now) } })],
    ['it was made in the future', () => jwt({ claims: { iat: subject.now + 6 } })],
    ['it was made for an earlier call', () => jwt({ claims: { iat: subject.now - 306 } })],
    ['it has ended in itself and says so in the wrong type', () => jwt({ claims: { exp: 'soon' } })],
    ['it holds no answer [RFC 9701 5]', () => jwt({ claims: { token_introspection: undefined } })],
    ['its answer is true', () => jwt({ claims: { token_introspection: true } })],
    ['its answer is null', () => jwt({ claims: { token_introspection: null } })],
    ['its answer is a list', () => jwt({ claims: { token_introspection: [ACTIVE] } })],
    ['its answer stands outside [RFC 9701 5]', () => jwt({ claims: { token_introspection: undefined, ...ACTIVE } })],
    ['a line break follows', () => `${jwt()}\n`],
    ['it has two parts', () => 'e30.e30'],
    ['it is empty', () => ''],
    ['it is JSON under the type of signed answers', () => JSON.stringify(ACTIVE)],
  ])('%s', async (_rule, body) => {
    const events: unknown[] = [];
    const stop = onIntrospectionEvent((event) => events.push(event));
    says(body());
    expect(await subject.outcome()).toBe(UNVERIFIED);
    stop();
    expect(events).toEqual([
      {
        kind: 'answer_unusable',
        handler: 'introspection',
        reason: 'introspection_answer_unverified',
        detail: expect.stringMatching(/^http:\/\/127.0.0.1:\d+\/introspect: [a-z].*(?<!undefined)$/),
      },
    ]);
    expect(subject.handler.statistics.cache).toMatchObject({ entries: 0, negativeEntries: 1 });
  });

  test.each(['application/json', 'application/jwt', 'text/plain'])(
    'a signed answer as %s [RFC 9701 4]',
    async (type) => {
      says(jwt(), type);
      expect(await subject.outcome()).toBe('503 err_sallyport_upstream_body');
    },
  );

  test('plain JSON, which anybody on the way could have written [RFC 9701 4]', async () => {
    says(JSON.stringify(ACTIVE), 'application/json');
    expect(await subject.outcome()).toBe('503 err_sallyport_upstream_body');
  });
});

test('keys that cannot be had are 503, and tokens are good again when they can', async () => {
  says(jwt());
  keys = [];
  expect(await subject.outcome()).toBe('503 err_sallyport_upstream_body');
  keys = [KEY.jwk];
  subject.clock.pass(1);
  says(jwt());
  expect(await subject.status()).toBe(200);
});

test('what a withdrawn key has signed is asked anew', async () => {
  const next = newKey('ES256', 'k2');
  says(jwt());
  subject = signed({ cache: { ttlSeconds: 3_600 } });
  expect(await subject.status()).toBe(200);
  keys = [next.jwk];
  subject.clock.pass(31);
  says(jwt({ header: { kid: 'k2' }, signer: next }));
  expect(await subject.status('another')).toBe(200);
  says(jwt({ header: { kid: 'k1' } }));
  expect(await subject.outcome()).toBe('503 introspection_answer_unverified');
});

test('what a withdrawn key has signed is asked anew, also where nothing else is asked', async () => {
  const next = newKey('ES256', 'k2');
  says(jwt());
  subject = signed({ cache: { ttlSeconds: 3_600 } });
  expect(await subject.status()).toBe(200);
  keys = [next.jwk];
  subject.clock.pass(600);
  says(jwt({ header: { kid: 'k2' }, signer: next }));
  expect(await subject.status()).toBe(200);
  expect(server.calls).toBe(2);
});

test('withdrawing a key leaves the statistics alone', async () => {
  says(jwt());
  expect(await subject.status()).toBe(200);
  keys = [newKey('ES256', 'k2').jwk];
  subject.clock.pass(600);
  await subject.ask();
  expect(subject.handler.statistics.cache.misses).toBe(2);
});

describe('options of signed answers', () => {
  test.each<[string, Partial<IntrospectionHandlerOptions>]>([
    ['no issuer', { issuer: undefined }],
    ['no algorithm', { signedAnswers: { algorithms: [] } }],
    ['the algorithm none', { signedAnswers: { algorithms: 'none' as 'ES256' } }],
    [
      'a short secret, which is for tokens that users have',
      { signedAnswers: { algorithms: 'HS256', keys: { secret: 'short', allowShortSecret: true } } },
    ],
    ['an HMAC with public keys', { signedAnswers: { algorithms: 'HS256' } }],
    ['bearer client authentication without an audience', { clientAuthentication: { method: 'bearer', token: 't' } }],
  ])('refuse %s', (_rule, wrong) => {
    const make = () =>
      new IntrospectionHandler({
        realm: 'test',
        endpoint: 'https://as.example.com/introspect',
        issuer: 'https://as.example.com',
        clientAuthentication: CLIENT,
        signedAnswers: { algorithms: 'ES256' },
        ...wrong,
      });
    expect(make).toThrow(expect.objectContaining({ code: 'ERR_SALLYPORT_OPTION_INVALID' }));
  });
});
