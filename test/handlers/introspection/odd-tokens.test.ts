import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ask } from '@sallyport/core/testing';
import { type IntrospectionEvent, onIntrospectionEvent } from '@sallyport/handlers/introspection';
import { PromptClock } from '../../support/prompt-clock.js';
import { IntrospectionUnderTest } from './introspection-fixture.js';
import { IntrospectionServer, type ScriptedAnswer } from './introspection-server.js';

const GOOD = { body: { active: true, sub: 'user' } };
const ATTACKER = '198.51.100.66';
const OFFICE = '192.0.2.1';
const ELSEWHERE = '203.0.113.5';

let server: IntrospectionServer;
let subject: IntrospectionUnderTest;
let events: IntrospectionEvent[];
let stop: () => void;

/** What the server says to tokens that do not begin with `good`. `hang`: nothing. */
let odd: ScriptedAnswer | 'hang';

beforeEach(async () => {
  odd = { status: 500 };
  server = await IntrospectionServer.start(({ form }) => {
    if (form.get('token')?.startsWith('good') === true) return GOOD;
    return odd === 'hang' ? new Promise(() => {}) : odd;
  });
  subject = new IntrospectionUnderTest({ endpoint: server.endpoint }, { clock: new PromptClock() });
  events = [];
  stop = onIntrospectionEvent((event) => events.push(event));
});

afterEach(async () => {
  stop();
  await subject.close();
  await server.close();
});

async function outcome(bearer: string, remoteAddress = OFFICE): Promise<string> {
  const { status, reason } = await ask(subject.chain, 'GET /orders', { bearer, remoteAddress });
  return [status, reason].filter(Boolean).join(' ');
}

/** Addresses that are all of another /64, or all the same. */
const fresh = (index: number) => `2001:db8:${(index >> 8).toString(16)}:${(index & 0xff).toString(16)}::1`;
const same = () => ATTACKER;

describe('an odd token', () => {
  test('is asked about once, and for a moment answered 503 from memory, never 401', async () => {
    await outcome('good-0');
    for (let times = 0; times < 10; times += 1) expect(await outcome('junk')).toBe('503 err_sallyport_upstream_status');
    expect(server.calls).toBe(2);
    expect(subject.handler.statistics.cache).toMatchObject({ negativeEntries: 1, negativeHits: 9 });
    subject.clock.pass(5);
    await outcome('junk');
    expect(server.calls).toBe(3);
  });

  test('that was good before is asked about again after a second', async () => {
    expect(await outcome('good-0')).toBe('200');
    subject.clock.pass(30);
    server.answers({ status: 502 });
    expect(await outcome('good-0')).toBe('503 err_sallyport_upstream_status');
    server.answers(GOOD);
    expect(await outcome('good-0')).toBe('503 err_sallyport_upstream_status');
    subject.clock.pass(1);
    expect(await outcome('good-0')).toBe('200');
  });

  test('is revoked all the same', async () => {
    const { Revocations } = await import('@sallyport/core');
    const revocations = new Revocations({}, { clock: subject.clock });
    await subject.close();
    subject = new IntrospectionUnderTest({ endpoint: server.endpoint }, { clock: subject.clock, revocations });
    expect(await outcome('junk')).toMatch(/^503/);
    await revocations.revokeToken('junk');
    expect(await outcome('junk')).toBe('401 token_revoked');
  });

  test('every 5 seconds that a firewall refuses keeps no new token away', async () => {
    odd = { status: 403, body: '<h1>Request blocked</h1>' };
    expect(await outcome('good-0')).toBe('200');
    for (let tenths = 0; tenths < 170; tenths += 1) {
      if (tenths % 50 === 0) expect(await outcome(`a/../../${tenths}`)).toBe('503 err_sallyport_upstream_status');
      if (tenths % 3 === 0) expect(await outcome(`good-${tenths}`)).toBe('200');
      subject.clock.pass(0.1);
    }
    expect(events).toEqual([]);
  });

  test.each([500, 401, 429])(
    'five times a second that the server says %i to keeps no new token away',
    async (status) => {
      odd = { status, headers: { 'retry-after': '60' } };
      expect(await outcome('good-0')).toBe('200');
      for (let fifths = 0; fifths < 125; fifths += 1) {
        await outcome(`junk-${fifths}`);
        if (fifths % 2 === 0) expect(await outcome(`good-${fifths}`)).toBe('200');
        subject.clock.pass(0.2);
      }
      expect(subject.handler.statistics.outbound.circuit).toBe('closed');
    },
  );
});

describe.each([
  ['one address', same],
  ['a fresh /64 each', fresh],
])('forty odd tokens in a row from %s', (_from, addressOf) => {
  test.each<[string, ScriptedAnswer]>([
    ['401', { status: 401 }],
    ['403', { status: 403 }],
    ['404', { status: 404 }],
    ['500', { status: 500 }],
    ['503 with Retry-After', { status: 503, headers: { 'retry-after': '60' } }],
    ['an answer that makes no sense', { body: '[]' }],
    ['an answer of another type', { headers: { 'content-type': 'text/html' }, body: '<h1>Blocked</h1>' }],
  ])('that get %s as the very first traffic keep nobody else away', async (_answer, answer) => {
    odd = answer;
    for (let index = 0; index < 40; index += 1)
      expect(await outcome(`junk-${index}`, addressOf(index))).toMatch(/^503/);
    expect(await outcome('good-0', OFFICE)).toBe('200');
    for (let index = 0; index < 40; index += 1)
      expect(await outcome(`more-${index}`, addressOf(index))).toMatch(/^503/);
    expect(await outcome('good-1', ELSEWHERE)).toBe('200');
    subject.clock.pass(30);
    expect(await outcome('good-0', ATTACKER)).toBe('200');
  });

  test('that get no answer at all keep nobody else away', async () => {
    odd = 'hang';
    const asking = Array.from({ length: 60 }, (_, index) => outcome(`junk-${index}`, addressOf(index)));
    while (server.calls < 40) await new Promise(setImmediate);
    subject.clock.pass(2);
    for (const answer of await Promise.all(asking)) expect(answer).toMatch(/^503/);
    expect(await outcome('good-0')).toBe('200');
    expect(subject.handler.statistics.outbound.circuit).toBe('closed');
  });
});

test('few odd tokens as the very first traffic keep not even their own network away', async () => {
  odd = { status: 403 };
  for (let index = 0; index < 3; index += 1) await outcome(`junk-${index}`);
  expect(await outcome('good-0')).toBe('200');
});

describe('when the server is down for everybody', () => {
  const before = Array.from({ length: 6 }, (_, index) => `good-${index}`);

  beforeEach(async () => {
    for (const token of before) expect(await outcome(token)).toBe('200');
    subject.clock.pass(30);
    server.answers({ status: 503 });
  });

  test('calls stop, junk keeps nobody from finding out that it is back, and soon it is found out', async () => {
    for (const token of before) await outcome(token);
    expect(subject.handler.statistics.outbound.circuit).toBe('open');
    const calls = server.calls;
    for (let index = 0; index < 100; index += 1) {
      expect(await outcome(`new-${index}`)).toBe('503 err_sallyport_upstream_circuit_open');
    }
    expect(server.calls).toBe(calls);
    for (let second = 0; second < 60; second += 1) {
      subject.clock.pass(1);
      for (let index = 0; index < 5; index += 1) await outcome(`junk-${second}-${index}`, ATTACKER);
    }
    expect(server.calls - calls).toBeLessThan(30);
    server.answers(({ form }) => (form.get('token')?.startsWith('good') === true ? GOOD : { status: 500 }));
    expect(await outcome('junk', ATTACKER)).toMatch(/^503/);
    expect(await outcome('good-0')).toBe('200');
    expect(await outcome('good-new', ATTACKER)).toBe('200');
  });

  test('one caller whose token was good before does not suspend the others', async () => {
    for (let times = 0; times < 30; times += 1) {
      expect(await outcome('good-0')).toBe('503 err_sallyport_upstream_status');
      subject.clock.pass(1);
    }
    expect(subject.handler.statistics.outbound.circuit).toBe('closed');
  });
});

test('that the server no longer takes our own credentials is noticed by tokens that were good before', async () => {
  const tokens = Array.from({ length: 6 }, (_, index) => `good-${index}`);
  for (const token of tokens) expect(await outcome(token)).toBe('200');
  subject.clock.pass(30);
  server.answers({ status: 401 });
  expect(await outcome('new')).toBe('503 err_sallyport_upstream_status');
  expect(events).toEqual([]);
  for (const token of tokens) expect(await outcome(token)).toBe('503 introspection_credentials_refused');
  const detail = `${server.endpoint}: the answer has status 401`;
  expect(events).toEqual(Array(5).fill({ kind: 'credentials_refused', handler: 'introspection', status: 401, detail }));
  expect(await outcome('another')).toBe('503 introspection_credentials_refused');
});
