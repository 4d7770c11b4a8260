import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Caller } from '@sallyport/handlers/outbound';
import { OutboundUnderTest } from './outbound-fixture.js';
import { WAYS } from './ways.js';

let subject: OutboundUnderTest;

const circuit = () => subject.client.statistics.circuit;
const known = (credential: string): Caller => ({ credential, address: '192.0.2.1', standing: 'known' });
const stranger = (credential: string, address = '198.51.100.1'): Caller => ({
  credential,
  address,
  standing: 'stranger',
});
const send = (caller: Caller) => subject.send(subject.request, caller);

/** Calls on behalf of one credential after the other. */
async function sendTimes(count: number, callerOf: (credential: string) => Caller): Promise<string[]> {
  const outcomes: string[] = [];
  for (let index = 0; index < count; index += 1) outcomes.push(await send(callerOf(`credential-${index}`)));
  return outcomes;
}

describe.each(WAYS)('%s,', (_name, way) => {
  beforeEach(async () => {
    subject = await OutboundUnderTest.start(way);
    await subject.client.warmUp();
  });

  afterEach(() => subject.close());

  describe('connections that fail, which no caller can bring about', () => {
    beforeEach(() => subject.refuses());

    test('open the circuit at 20 failures, and not at 19', async () => {
      expect(new Set(await sendTimes(19, stranger))).toEqual(new Set(['UNREACHABLE']));
      expect(circuit()).toBe('closed');
      await send(stranger('one more'));
      expect(circuit()).toBe('open');
      expect(await send(stranger('and another'))).toBe('CIRCUIT_OPEN');
      expect(await send(known('good'))).toBe('CIRCUIT_OPEN');
    });

    test('open it when half of the calls failed, and not before', async () => {
      await subject.listens();
      await sendTimes(14, stranger);
      await subject.refuses();
      await send(stranger('over a connection that was kept open'));
      await sendTimes(14, stranger);
      expect(circuit()).toBe('closed');
      await send(stranger('one more'));
      expect(circuit()).toBe('open');
    });

    test('count for 10 seconds', async () => {
      await sendTimes(19, stranger);
      subject.clock.pass(10);
      await send(stranger('one more'));
      expect(circuit()).toBe('closed');
      await sendTimes(18, stranger);
      subject.clock.pass(9);
      await send(stranger('and another'));
      expect(circuit()).toBe('open');
    });

    test('never open it one at a time, be it once an hour', async () => {
      for (let hour = 0; hour < 50; hour += 1) {
        await send(stranger(`${hour}`));
        subject.clock.pass(3_600);
      }
      expect(circuit()).toBe('closed');
    });
  });

  describe('credentials that were good before and get no answer', () => {
    beforeEach(() => subject.fails());

    test('open the circuit when five different ones follow each other', async () => {
      await sendTimes(4, known);
      expect(circuit()).toBe('closed');
      await send(known('another'));
      expect(circuit()).toBe('open');
    });

    test.each([
      ['an address', '192.0.2.1', '192.0.2.1'],
      ['a /48 with a fresh /64 for each', '2001:db8:1:1::1', '2001:db8:1:2::1'],
    ])('never open it when all come from %s while others call', async (_what, first, second) => {
      await send(stranger('somebody else'));
      await sendTimes(20, (credential) => ({
        ...known(credential),
        address: credential.endsWith('1') ? first : second,
      }));
      expect(circuit()).not.toBe('open');
    });

    test('open it when they come from two networks while others call', async () => {
      await send(stranger('somebody else'));
      await sendTimes(4, known);
      await send({ ...known('another'), address: '203.0.113.1' });
      expect(circuit()).toBe('open');
    });

    test('never open it when it is always the same one', async () => {
      await sendTimes(50, () => known('the same'));
      expect(circuit()).toBe('closed');
    });

    test('never open it as long as anybody gets an answer in between', async () => {
      for (let index = 0; index < 20; index += 1) {
        subject.fails();
        await send({ ...known(`${index}`), address: `192.0.2.${index % 2}` });
        if (index % 4 !== 3) continue;
        subject.works();
        await send(stranger(`${index}`));
      }
      expect(circuit()).toBe('closed');
    });

    test('count no longer when 10 seconds have passed since the last', async () => {
      await sendTimes(4, known);
      subject.clock.pass(10);
      await send(known('another'));
      expect(circuit()).toBe('closed');
    });

    test.each([400, 401, 403, 404, 429, 500, 503])('do so with status %i', async (status) => {
      subject.fails(status);
      await sendTimes(5, known);
      expect(circuit()).toBe('open');
    });

    test('that only waited for a place until their deadline say nothing', async () => {
      await subject.close();
      subject = await OutboundUnderTest.start({ ...way, maxConcurrent: 1 });
      await subject.client.warmUp();
      subject.serve = () => {};
      const calls = Array.from({ length: 10 }, (_, index) => send(known(`${index}`)));
      await subject.arrived(1);
      subject.clock.pass(2);
      expect(await Promise.all(calls)).toEqual(['TIMEOUT', ...Array(9).fill('OVERLOADED')]);
      expect(circuit()).toBe('closed');
    });

    test('whose deadline this process was too busy to look at in time say nothing', async () => {
      subject.serve = () => {};
      const calls = Array.from({ length: 10 }, (_, index) => send(known(`${index}`)));
      await subject.arrived(10);
      subject.clock.stall(0.2);
      subject.clock.pass(2);
      expect(await Promise.all(calls)).toEqual(Array(10).fill('TIMEOUT'));
      expect(circuit()).toBe('closed');
    });
  });

  describe('what a token can bring about that was never good', () => {
    test.each([400, 401, 403, 404, 406, 408, 413, 414, 422, 429, 431, 500, 502, 503])(
      'is a status of %i: 60 such tokens stop nobody who was good before and nobody from another network',
      async (status) => {
        await send(stranger('good'));
        subject.fails(status, { 'retry-after': '60' });
        await sendTimes(60, stranger);
        expect(circuit()).not.toBe('open');
        subject.works();
        expect(await send(known('good'))).toBe('{}');
        subject.fails(status);
        await sendTimes(60, stranger);
        subject.works();
        expect(await send(stranger('new', '203.0.113.9'))).toBe('{}');
        expect(circuit()).toBe('closed');
      },
    );

    test('closes the circuit when it is an answer', async () => {
      subject.fails();
      await sendTimes(5, known);
      subject.works();
      subject.clock.pass(1);
      await send(stranger('junk'));
      expect(circuit()).toBe('closed');
    });

    test('lets callers of its network find out one at a time while nobody gets an answer, and others freely', async () => {
      subject.fails();
      await sendTimes(20, stranger);
      expect(circuit()).toBe('half_open');
      subject.serve = () => {};
      const asking = Array.from({ length: 5 }, (_, index) => send(stranger(`${index}`)));
      expect(await Promise.all(asking.slice(1))).toEqual(Array(4).fill('CIRCUIT_OPEN'));
      const elsewhere = Array.from({ length: 5 }, (_, index) => send(stranger(`${index}`, '203.0.113.9')));
      await subject.arrived(26);
      subject.clock.pass(2);
      expect(await Promise.all([asking[0], ...elsewhere])).toEqual(Array(6).fill('TIMEOUT'));
      expect(await send(stranger('again', '203.0.113.9'))).toBe('CIRCUIT_OPEN');
    });

    test('leaves a server in peace that refused our own credentials from the start', async () => {
      subject.fails(401);
      const outcomes = await sendTimes(100, stranger);
      expect(outcomes.filter((outcome) => outcome === 'STATUS')).toHaveLength(4);
      expect(subject.arrivals).toHaveLength(4);
    });
  });

  describe('an open circuit', () => {
    beforeEach(async () => {
      await subject.refuses();
      await sendTimes(20, stranger);
      expect(circuit()).toBe('open');
    });

    test('lets calls through after a second, and closes when one succeeds', async () => {
      await subject.listens();
      subject.clock.pass(0.999);
      expect(await send(known('good'))).toBe('CIRCUIT_OPEN');
      subject.clock.pass(0.001);
      expect(await send(known('good'))).toBe('{}');
      expect(circuit()).toBe('closed');
      expect(await sendTimes(3, stranger)).toEqual(['{}', '{}', '{}']);
    });

    test('recovers by a token that was never good as well', async () => {
      await subject.listens();
      subject.clock.pass(1);
      expect(await send(stranger('new'))).toBe('{}');
      expect(circuit()).toBe('closed');
    });

    test('stays open for twice as long after each probe that cannot connect, 30 seconds at most', async () => {
      for (const seconds of [1, 2, 4, 8, 16, 30, 30]) {
        subject.clock.pass(seconds - 0.001);
        expect(await send(known('good'))).toBe('CIRCUIT_OPEN');
        subject.clock.pass(0.001);
        expect(await send(known('good'))).toBe('UNREACHABLE');
      }
    });

    test('lets one probe at a time go that was good before, and one of each network', async () => {
      await subject.listens();
      subject.serve = () => {};
      subject.clock.pass(1);
      const goodBefore = Array.from({ length: 5 }, (_, index) => send({ ...known(`${index}`), address: '192.0.2.1' }));
      const strangers = ['203.0.113.1', '203.0.113.2', '203.0.113.1'].map((address) => send(stranger('new', address)));
      await subject.arrived(4);
      subject.clock.pass(2);
      const outcomes = await Promise.all([...goodBefore, ...strangers]);
      expect(outcomes.filter((outcome) => outcome === 'TIMEOUT')).toHaveLength(4);
      expect(outcomes.filter((outcome) => outcome === 'CIRCUIT_OPEN')).toHaveLength(4);
    });

    test('is not kept open by probes that the server answers in an odd way', async () => {
      await subject.listens();
      subject.fails(500, { 'retry-after': '60' });
      for (let second = 0; second < 60; second += 1) {
        subject.clock.pass(1);
        await send(stranger(`junk-${second}`));
        await send(known('odd'));
      }
      subject.works();
      expect(await send(stranger('new', '203.0.113.9'))).toBe('{}');
      expect(circuit()).toBe('closed');
    });

    test.each([3_600, -3_600])('is as long when the clock is set by %i seconds', async (seconds) => {
      await subject.listens();
      subject.clock.set(seconds);
      expect(await send(known('good'))).toBe('CIRCUIT_OPEN');
      subject.clock.pass(1);
      expect(await send(known('good'))).toBe('{}');
    });
  });

  describe('Retry-After [RFC 9110 10.2.3]', () => {
    test.each([
      ['20', 20],
      ['86400', 60],
    ])('of %s to those who were good before is kept to, up to a minute', async (asked, seconds) => {
      subject.fails(503, { 'retry-after': asked });
      await sendTimes(5, known);
      subject.works();
      subject.clock.pass(seconds - 0.001);
      expect(await send(known('good'))).toBe('CIRCUIT_OPEN');
      subject.clock.pass(0.001);
      expect(await send(known('good'))).toBe('{}');
    });
  });

  test('what the handler asks for itself is neither stopped by the circuit nor moves it', async () => {
    subject.fails();
    await subject.sendTimes(30);
    expect(circuit()).toBe('closed');
    await sendTimes(5, known);
    expect(circuit()).toBe('open');
    subject.works();
    expect(await subject.send()).toBe('{}');
  });

  test('a call that nobody waits for any more gives its place back, and its connection', async () => {
    await subject.close();
    subject = await OutboundUnderTest.start({ ...way, maxConcurrent: 2 });
    await subject.client.warmUp();
    const ended: Promise<unknown>[] = [];
    subject.serve = (response) => void ended.push(once(response, 'close'));
    const callers = Array.from({ length: 2 }, () => new AbortController());
    const calls = callers.map(({ signal }, index) => send({ ...stranger(`${index}`), abandoned: signal }));
    await subject.arrived(2);
    for (const caller of callers) caller.abort();
    expect(await Promise.all(calls)).toEqual(['UNREACHABLE', 'UNREACHABLE']);
    await Promise.all(ended);
    subject.works();
    expect(await send(stranger('another'))).toBe('{}');
    expect(circuit()).toBe('closed');
  });
});

test('calls that are given up before there is a connection keep their places until then, and cost none', async () => {
  subject = await OutboundUnderTest.start({ maxConcurrent: 2 });
  await subject.client.warmUp();
  let made = 0;
  const source = () => {
    made += 1;
    return subject.request;
  };
  const calls = Array.from({ length: 20 }, (_, index) => {
    const caller = new AbortController();
    const call = subject.send(source, { ...stranger(`${index}`), abandoned: caller.signal });
    caller.abort();
    return call;
  });
  expect(made).toBe(2);
  expect(new Set(await Promise.all(calls))).toEqual(new Set(['UNREACHABLE']));
  expect(await Promise.all([send(stranger('another')), send(stranger('a third'))])).toEqual(['{}', '{}']);
  expect(made).toBe(2);
  expect(subject.connections).toBe(2);
  await subject.close();
});
