import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import {
  anyOf,
  cookieHandler,
  type DecisionEvent,
  denied,
  headerHandler,
  type PrincipalInit,
  route,
  routes,
  SecurityChain,
  type Verdict,
} from '@sallyport/core';
import { JwtHandler } from '@sallyport/handlers/jwt';
import { AUDIENCE, ISSUER, ISSUER_PUBLIC_KEY, signedToken } from '../../support/signed-token.js';
import { signatureOf, signatures } from '../body-signatures.js';
import { CLIENT, EVENT_SOURCES, type Sent } from './lambda-events.js';
import { LAMBDA_HOSTS, type LambdaAnswer } from './lambda-hosts.js';

const known = (value: string): PrincipalInit | Verdict =>
  value === 'key-of-carol' ? { subject: 'carol' } : denied('api_key_unknown');

const jwt = new JwtHandler({
  realm: 'orders',
  issuers: [{ issuer: ISSUER, audience: AUDIENCE, algorithms: 'ES256', keys: { publicKey: ISSUER_PUBLIC_KEY } }],
});
const heard: DecisionEvent[] = [];
const requirement = anyOf(
  jwt,
  headerHandler({ name: 'keys', header: 'X-Api-Key', verify: known }),
  cookieHandler({ name: 'sessions', cookie: 'session', verify: known }),
);
const operations = routes([
  route('GET', '/orders', {}),
  route('POST', '/orders', {}),
  route('POST', '/orders/{id}', { requirement: signatures() }),
  route('GET', '/orders/{id}', {}),
]);
const chain = new SecurityChain({ requirement, operations }, { listeners: [(event) => heard.push(event)] });

const BEARER = ['Authorization', `Bearer ${signedToken('alice', 'orders:read')}`] as const;
const FORGED = signedToken('alice', 'orders:read', generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
const KEY = ['X-Api-Key', 'key-of-carol'] as const;

function answerOf({ statusCode, body, isBase64Encoded }: LambdaAnswer) {
  return [statusCode, JSON.parse(isBase64Encoded ? Buffer.from(body, 'base64').toString() : body)];
}

/** That of the fetch adapter, which is told no address by events of a load balancer. */
const warned = jest.spyOn(process, 'emitWarning');
beforeAll(() => void warned.mockReturnValue());
afterAll(() => warned.mockRestore());

const rows = LAMBDA_HOSTS.flatMap((host) =>
  EVENT_SOURCES.map((source) => ({ title: `${host.name}, ${source.name}`, host, source })),
);

describe.each(rows)('$title', ({ host, source }) => {
  const run = host.open(chain, 0);
  const ask = async (sent: Sent) => answerOf(await run(source.eventOf(sent)));
  /** This host reads `headers` where an event has both sets, and there the last value stands alone. */
  const seesLast = host.name.endsWith('serverless-http') && source.name === 'API Gateway, format 1.0';

  test.each<[string, Sent, object]>([
    ['a token', { lines: [BEARER] }, { subject: 'alice', orderId: '', body: '' }],
    ['a key in a header', { lines: [KEY] }, { subject: 'carol', orderId: '', body: '' }],
    ['a cookie among others', { cookies: ['theme=dark', 'session=key-of-carol'] }, { subject: 'carol' }],
    [
      'a body, which stays for the application',
      { method: 'POST', lines: [BEARER, ['Content-Type', 'text/plain']], body: Buffer.from('tea, 2 päckchen') },
      { subject: 'alice', body: 'tea, 2 päckchen' },
    ],
    [
      'a path that is percent-encoded (RFC 3986 2.1)',
      { lines: [KEY], path: '/orders/caf%C3%A9' },
      { subject: 'carol', orderId: 'café' },
    ],
  ])('a request is let in with %s', async (_, sent, answer) => {
    expect(await ask(sent)).toEqual([200, expect.objectContaining(answer)]);
  });

  test('a body is read where it is proved, and stays for the application', async () => {
    const body = Buffer.from('{"tea":"2 päckchen"}');
    const lines = [['Content-Type', 'text/plain'], signatureOf(body.toString('latin1')).split(': ')] as const;
    const sent = { method: 'POST', path: '/orders/7', lines: lines as Sent['lines'], body };
    expect(await ask(sent as Sent)).toEqual([200, { subject: 'sender', orderId: '7', body: body.toString() }]);
    const [status] = await ask({ ...sent, body: Buffer.from('{"tea":"3 päckchen"}') } as Sent);
    expect(status).toBe(401);
  });

  test.each<[string, number, Sent, string]>([
    ['without a credential', 401, {}, 'unauthenticated'],
    ['with a token of another key', 401, { lines: [['Authorization', `Bearer ${FORGED}`]] }, 'invalid_token'],
    ['with an unknown key', 401, { lines: [['X-Api-Key', 'key-of-mallory']] }, 'invalid_credentials'],
    ['with an encoded slash', 400, { lines: [KEY], path: '/orders/1%2F2' }, 'invalid_request'],
  ])('a request %s is refused with %i', async (_title, status, sent, code) => {
    expect(await ask(sent)).toEqual([status, expect.objectContaining({ status, code })]);
  });

  test(
    seesLast
      ? 'of two Authorization lines, the host gives the last alone'
      : 'two Authorization lines are refused with 400, however the host joins them (RFC 9110 5.3)',
    async () => {
      const [status] = await ask({ lines: [['Authorization', `Bearer ${FORGED}`], BEARER] });
      expect(status).toBe(seesLast ? 200 : 400);
    },
  );

  test(
    seesLast ? 'of two keys, the host gives the last alone' : 'a key that is sent twice lets nobody in',
    async () => {
      const [status] = await ask({ lines: [['X-Api-Key', 'key-of-mallory'], KEY] });
      if (seesLast) expect(status).toBe(200);
      else expect([400, 401]).toContain(status);
    },
  );

  test('events say that the host has parsed the headers, and name the client where it is told', async () => {
    heard.length = 0;
    await ask({ lines: [KEY] });
    await host.open(chain, 1)(source.eventOf({ lines: [KEY] }));
    // Fastify's host makes up an address where the event has none.
    const unknown = host.name.startsWith('Fastify') ? '127.0.0.1' : undefined;
    expect(heard.map(({ headersFrom, remoteAddress }) => [headersFrom, remoteAddress])).toEqual([
      ['parsed', source.name.startsWith('ALB') ? unknown : CLIENT],
      ['parsed', CLIENT],
    ]);
  });
});
