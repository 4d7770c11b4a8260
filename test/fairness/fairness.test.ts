import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { SecurityChain } from '@sallyport/core';
import { systemClock } from '@sallyport/core/extend';
import { ManualClock } from '@sallyport/core/testing';
import { requestWith } from '../handlers/basic/basic-fixture.js';
import type { BoundedResource, BoundedResourceRow } from './bounded-resource.js';
import { floodOverSockets } from './flood-over-sockets.js';
import { INTROSPECTION_RESOURCES } from './introspection-resources.js';
import { PASSWORD_RESOURCES } from './password-resources.js';
import { TOKEN_RESOURCES } from './token-resources.js';

/** Whatever is bounded and can be asked for by strangers: one row each. */
const RESOURCES: readonly BoundedResourceRow[] = [
  ...PASSWORD_RESOURCES,
  ...TOKEN_RESOURCES,
  ...INTROSPECTION_RESOURCES,
];

const FLOODS: readonly [string, (serial: number) => string][] = [
  ['one network', () => '203.0.113.9'],
  ['a fresh /64 for each request', (serial) => `2001:db8:1:${serial.toString(16)}::1`],
  ['a network for each request', (serial) => `203.${serial}.113.9`],
];
const JUNK = 120;
const CALLERS = [0, 1, 2, 3];

const turns = async () => {
  for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
};

beforeEach(() => {
  jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
});
afterEach(() => {
  jest.restoreAllMocks();
});

describe.each(RESOURCES)('$name', (row) => {
  let clock: ManualClock;
  let resource: BoundedResource;
  let chain: SecurityChain;

  beforeEach(async () => {
    clock = new ManualClock();
    resource = await row.open({ clock, pause: turns });
    chain = new SecurityChain({ requirement: resource.handler }, { clock });
  });
  afterEach(() => resource.close());

  const kindOf = async (authorization: string, address?: string) =>
    (await chain.decide(requestWith(authorization, address))).kind;
  const good = (addressOf: (caller: number) => string | undefined) =>
    Promise.all(CALLERS.map((caller) => kindOf(resource.good(caller), addressOf(caller))));
  const newcomers = (addressOf: (serial: number) => string | undefined) =>
    Promise.all(CALLERS.map((serial) => kindOf(resource.newcomer(serial), addressOf(serial))));
  const flood = (addressOf: (serial: number) => string | undefined) =>
    Promise.all(Array.from({ length: JUNK }, (_, serial) => kindOf(resource.junk(serial), addressOf(serial))));
  /** What became of a flood: where it waits for what never answers, after its time. */
  const endOf = async (flooding: Promise<string[]>) => {
    let isOver = false;
    void flooding.finally(() => {
      isOver = true;
    });
    for (; !isOver; clock.pass(1)) await turns();
    return flooding;
  };
  const GRANTED = CALLERS.map(() => 'granted');
  const home = (caller: number) => `198.51.${caller}.7`;

  test.each(FLOODS)('flooded by %s, refuses no caller that was good before', async (_, addressOf) => {
    expect(await good(home)).toEqual(GRANTED);
    clock.pass(61);
    const junk = flood(addressOf);
    await turns();
    resource.disturb?.();
    expect(await good(home)).toEqual(GRANTED);
    expect((await endOf(junk)).filter((kind) => kind === 'granted')).toEqual([]);
  });

  test.each(FLOODS.slice(0, 2))(
    'flooded by %s, serves good callers of other networks for the first time',
    async (_, addressOf) => {
      const junk = flood(addressOf);
      await turns();
      expect(await newcomers((serial) => `192.0.${serial}.7`)).toEqual(GRANTED);
      await endOf(junk);
    },
  );

  test('flooded where no address is known, refuses no caller that was good before', async () => {
    expect(await good(() => undefined)).toEqual(GRANTED);
    clock.pass(61);
    const junk = flood(() => undefined);
    await turns();
    expect(await good(() => undefined)).toEqual(GRANTED);
    await endOf(junk);
  });
});

const everyNight = process.env['SALLYPORT_NIGHTLY'] === '1' ? test : test.skip;

describe('over sockets, while one network floods for 30 s', () => {
  everyNight.each(RESOURCES)('$name: shares and memory (every night, on the real clock)', async (row) => {
    const pause = () => new Promise((resolve) => setTimeout(resolve, 100));
    const resource = await row.open({ clock: systemClock, pause });
    try {
      const { good, newcomers, grownBytes } = await floodOverSockets(resource, { seconds: 30 });
      expect(good.share).toBeGreaterThanOrEqual(0.99);
      expect(newcomers.share).toBeGreaterThanOrEqual(0.95);
      expect(Math.min(good.asked, newcomers.asked)).toBeGreaterThan(20);
      expect(grownBytes).toBeLessThan(20_000_000);
    } finally {
      await resource.close();
    }
  });
});
