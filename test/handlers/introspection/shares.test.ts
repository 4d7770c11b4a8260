import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ask } from '@sallyport/core/testing';
import { PromptClock } from '../../support/prompt-clock.js';
import { IntrospectionUnderTest } from './introspection-fixture.js';
import { IntrospectionServer } from './introspection-server.js';

const PLACES = { maxConcurrent: 8, maxQueued: 16 };
const FLOOD = 40;
const GOOD = 15;
const isGood = (token: string) => token.startsWith('good');

let server: IntrospectionServer;
let subject: IntrospectionUnderTest;

/** Whether the server says anything. */
let isAnswering = true;

beforeEach(async () => {
  isAnswering = true;
  server = await IntrospectionServer.start(async ({ form }) => {
    if (!isAnswering) await new Promise(() => {});
    for (let turns = 0; turns < 30; turns += 1) await turn();
    const token = form.get('token') ?? '';
    return { body: isGood(token) ? { active: true, sub: 'user' } : { active: false } };
  });
  subject = new IntrospectionUnderTest({ endpoint: server.endpoint, outbound: PLACES }, { clock: new PromptClock() });
});

afterEach(async () => {
  await subject.close();
  await server.close();
});

async function statusOf(bearer: string, remoteAddress: string, client?: AbortSignal): Promise<number> {
  return (await ask(subject.chain, 'GET /orders', { bearer, remoteAddress, client })).status;
}

/** Callers that send one made-up token after the other, until told to stop; counts the answers by status. */
function flood(addressOf: (index: number) => string): { readonly refused: () => number; stop(): Promise<void> } {
  let index = 0;
  let refused = 0;
  let goesOn = true;
  const caller = async () => {
    while (goesOn) {
      index += 1;
      if ((await statusOf(`junk-${index}`, addressOf(index))) === 503) refused += 1;
      for (let turns = 0; turns < 10; turns += 1) await turn();
    }
  };
  const callers = Array.from({ length: FLOOD }, caller);
  return {
    refused: () => refused,
    async stop() {
      goesOn = false;
      await Promise.all(callers);
    },
  };
}

describe.each<[string, (index: number) => string]>([
  ['one address', () => '198.51.100.66'],
  [
    'a fresh /64 for every request',
    (index) => `2001:db8:${(index >> 16).toString(16)}:${(index & 0xffff).toString(16)}::1`,
  ],
])('while made-up tokens flood the calls from %s', (_from, addressOf) => {
  test('tokens that were good before are all served, and good new ones of other networks as well', async () => {
    const before = Array.from({ length: GOOD }, (_, index) => `good-${index}`);
    for (const token of before) expect(await statusOf(token, '192.0.2.1')).toBe(200);
    subject.clock.pass(30);
    const flooding = flood(addressOf);
    while (flooding.refused() < FLOOD) await turn();
    const known: number[] = [];
    const fresh: number[] = [];
    for (const [index, token] of before.entries()) {
      known.push(await statusOf(token, '192.0.2.1'));
      fresh.push(await statusOf(`good-new-${index}`, `203.0.113.${index}`));
    }
    const refusedMeanwhile = flooding.refused() - FLOOD;
    await flooding.stop();
    expect(known).toEqual(Array(GOOD).fill(200));
    expect(fresh).toEqual(Array(GOOD).fill(200));
    expect(refusedMeanwhile).toBeGreaterThan(0);
  });
});

test('lookups whose callers have gone give their places back at once', async () => {
  await statusOf('good-0', '192.0.2.1');
  isAnswering = false;
  const clients = Array.from({ length: 20 }, () => new AbortController());
  const dropped = clients.map(({ signal }, index) => statusOf(`junk-${index}`, `203.0.113.${index}`, signal));
  while (server.calls < 7) await turn();
  expect(subject.handler.statistics.cache.flights).toBe(20);
  for (const client of clients) client.abort();
  await Promise.all(dropped);
  expect(subject.handler.statistics.cache.flights).toBe(0);
  isAnswering = true;
  expect(await statusOf('good-1', '203.0.113.99')).toBe(200);
  expect(subject.handler.statistics.outbound.circuit).toBe('closed');
});
