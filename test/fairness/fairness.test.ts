import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { type Decision, SecurityChain } from '@sallyport/core';
import { ManualClock } from '@sallyport/core/testing';
import { requestWith } from '../handlers/basic/basic-fixture.js';
import { ALL_RESOURCES } from './all-resources.js';
import type { BoundedResource } from './bounded-resource.js';

const FLOODS: readonly [string, (serial: number) => string][] = [
  ['one network', () => '203.0.113.9'],
  ['a fresh /64 for each request', (serial) => `2001:db8:1:${serial.toString(16)}::1`],
  ['a network for each request', (serial) => `203.${serial}.113.9`],
];
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

describe.each(ALL_RESOURCES)('$name', (row) => {
  let clock: ManualClock;
  let resource: BoundedResource;
  let chain: SecurityChain;

  beforeEach(async () => {
    clock = new ManualClock();
    resource = await row.open({ clock, pause: turns });
    chain = new SecurityChain({ requirement: resource.handler }, { clock });
  });
  afterEach(() => resource.close());

  const decide = async (authorization: string, address?: string) => chain.decide(requestWith(authorization, address));
  const kindOf = async (authorization: string, address?: string) => (await decide(authorization, address)).kind;
  const good = (addressOf: (caller: number) => string | undefined) =>
    Promise.all(CALLERS.map((caller) => kindOf(resource.good(caller), addressOf(caller))));
  const newcomers = (addressOf: (serial: number) => string | undefined) =>
    Promise.all(CALLERS.map((serial) => kindOf(resource.newcomer(serial), addressOf(serial))));
  const flood = (addressOf: (serial: number) => string | undefined) =>
    Promise.all(
      Array.from({ length: resource.crowd }, (_, serial) => decide(resource.junk(serial), addressOf(serial))),
    );
  /** Waits for the end of a flood: where it waits for what never answers, after its time. It has to have been one. */
  const endOf = async (flooding: Promise<Decision[]>) => {
    let isOver = false;
    void flooding.finally(() => {
      isOver = true;
    });
    for (; !isOver; clock.pass(1)) await turns();
    const reasons = (await flooding).map((decision) => (decision.kind === 'denied' ? decision.reason : 'granted'));
    expect(reasons).not.toContain('granted');
    expect(resource.turnedAway((wanted) => reasons.filter((reason) => reason === wanted).length)).toBeGreaterThan(0);
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
    await endOf(junk);
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
