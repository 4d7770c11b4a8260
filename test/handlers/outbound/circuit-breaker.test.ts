import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { OutboundUnderTest } from './outbound-fixture.js';

let subject: OutboundUnderTest;

beforeEach(async () => {
  subject = await OutboundUnderTest.start();
  await subject.client.warmUp();
});

afterEach(() => subject.close());

const circuit = () => subject.client.statistics.circuit;

async function open(): Promise<void> {
  subject.fails();
  await subject.sendTimes(20);
  expect(circuit()).toBe('open');
}

describe('the circuit opens', () => {
  test('at 20 failures, and not at 19', async () => {
    subject.fails();
    await subject.sendTimes(19);
    expect(circuit()).toBe('closed');
    await subject.send();
    expect(circuit()).toBe('open');
    expect(await subject.send()).toBe('CIRCUIT_OPEN');
    expect(subject.arrivals).toHaveLength(20);
  });

  test('when half of the calls failed, and not before', async () => {
    await subject.sendTimes(15);
    subject.fails();
    await subject.sendTimes(14);
    expect(circuit()).toBe('closed');
    await subject.send();
    expect(circuit()).toBe('open');
  });

  test('not for failures of more than 10 seconds ago', async () => {
    subject.fails();
    await subject.sendTimes(19);
    subject.clock.pass(10);
    await subject.send();
    expect(circuit()).toBe('closed');
  });

  test('for failures of 9 seconds ago', async () => {
    subject.fails();
    await subject.sendTimes(19);
    subject.clock.pass(9);
    await subject.send();
    expect(circuit()).toBe('open');
  });

  test('never for a single failure, be it once an hour', async () => {
    subject.fails();
    for (let hour = 0; hour < 50; hour += 1) {
      await subject.send();
      subject.clock.pass(3_600);
    }
    expect(circuit()).toBe('closed');
  });
});

describe('an answer about one request, which its sender can choose', () => {
  test.each([400, 413, 422])('%i never opens the circuit (RFC 9110 15.5)', async (status) => {
    subject.fails(status);
    expect(new Set(await subject.sendTimes(50))).toEqual(new Set(['STATUS']));
    expect(circuit()).toBe('closed');
    subject.works();
    expect(await subject.send()).toBe('{}');
  });

  test('closes an open circuit: the server is well', async () => {
    await open();
    subject.fails(400);
    subject.clock.pass(1);
    await subject.send();
    expect(circuit()).toBe('closed');
  });

  test.each([404, 408, 429, 500, 503])('%i is none', async (status) => {
    subject.fails(status);
    await subject.sendTimes(20);
    expect(circuit()).toBe('open');
  });
});

describe('an open circuit', () => {
  test('lets one call through after a second, and closes when that succeeds', async () => {
    await open();
    subject.works();
    subject.clock.pass(0.999);
    expect(await subject.send()).toBe('CIRCUIT_OPEN');
    subject.clock.pass(0.001);
    expect(await subject.send()).toBe('{}');
    expect(circuit()).toBe('closed');
    expect(await subject.sendTimes(3)).toEqual(['{}', '{}', '{}']);
  });

  test('stays open for twice as long after each failed probe, 30 seconds at most', async () => {
    await open();
    const arrivalsBefore = subject.arrivals.length;
    for (const [probes, seconds] of [1, 2, 4, 8, 16, 30, 30].entries()) {
      subject.clock.pass(seconds - 0.001);
      expect(await subject.send()).toBe('CIRCUIT_OPEN');
      subject.clock.pass(0.001);
      expect(await subject.send()).toBe('STATUS');
      expect(subject.arrivals.length - arrivalsBefore).toBe(probes + 1);
    }
  });

  test('stays open for as long as the server asks with Retry-After [RFC 9110 10.2.3]', async () => {
    subject.fails(503, { 'retry-after': '20' });
    await subject.sendTimes(20);
    subject.works();
    subject.clock.pass(19.999);
    expect(await subject.send()).toBe('CIRCUIT_OPEN');
    subject.clock.pass(0.001);
    expect(await subject.send()).toBe('{}');
  });

  test('stays open for a minute at most, whatever the server asks', async () => {
    subject.fails(503, { 'retry-after': '86400' });
    await subject.sendTimes(20);
    subject.works();
    subject.clock.pass(60);
    expect(await subject.send()).toBe('{}');
  });

  test('sends one probe, however many call at once', async () => {
    await open();
    subject.clock.pass(1);
    const before = subject.arrivals.length;
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => subject.send()));
    expect(outcomes.toSorted()).toEqual([...Array(19).fill('CIRCUIT_OPEN'), 'STATUS']);
    expect(subject.arrivals.length - before).toBe(1);
  });

  test('forgets earlier failures when it closes', async () => {
    await open();
    subject.clock.pass(1);
    subject.works();
    await subject.send();
    subject.fails();
    await subject.sendTimes(18);
    expect(circuit()).toBe('closed');
  });

  test.each([3_600, -3_600])('is as long when the clock is set by %i seconds', async (seconds) => {
    await open();
    subject.works();
    subject.clock.set(seconds);
    expect(await subject.send()).toBe('CIRCUIT_OPEN');
    subject.clock.pass(1);
    expect(await subject.send()).toBe('{}');
  });
});
