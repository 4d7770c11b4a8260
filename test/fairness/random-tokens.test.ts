import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { SecurityChain } from '@sallyport/core';
import { ManualClock } from '@sallyport/core/testing';
import { headerOf, requestWith } from '../handlers/basic/basic-fixture.js';
import type { BoundedResource } from './bounded-resource.js';
import { DEFAULT_INTROSPECTION } from './introspection-resources.js';

const FLOODED = '203.0.113.9';
const HOME = '198.51.100.7';
const ELSEWHERE = '192.0.2.7';
const CALLERS = [0, 1, 2, 3];
const NEWCOMERS = Array.from({ length: 12 }, (_, serial) => serial);
const CACHE_SECONDS = 30;

const turns = async () => {
  for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
};

describe('while 1,200 random tokens at a time come from one address', () => {
  let clock: ManualClock;
  let resource: BoundedResource;
  let chain: SecurityChain;

  beforeEach(async () => {
    clock = new ManualClock();
    resource = await DEFAULT_INTROSPECTION.open({ clock, pause: turns });
    chain = new SecurityChain({ requirement: resource.handler }, { clock });
  });
  afterEach(() => resource.close());

  const decide = async (authorization: string, address: string) => chain.decide(requestWith(authorization, address));
  /** Whoever is refused for now is told when to come again. */
  const answerTo = async (authorization: string, address: string) => {
    const decision = await decide(authorization, address);
    if (decision.kind === 'granted') return 'granted';
    return headerOf(decision, 'Retry-After') === undefined ? `${decision.status}` : `${decision.status} for now`;
  };
  const good = (address: string) => Promise.all(CALLERS.map((caller) => answerTo(resource.good(caller), address)));
  /** They come one after the other, and none waits for the answer of the one before. */
  const newcomers = async (address: string) => {
    const answers: Promise<string>[] = [];
    for (const serial of NEWCOMERS) {
      answers.push(answerTo(resource.newcomer(serial), address));
      await turns();
    }
    return Promise.all(answers);
  };
  /** What callers are answered during the flood, which has to have filled all places. */
  const flooded = async <Answers>(callers: () => Promise<Answers>): Promise<Answers> => {
    const reasons: string[] = [];
    let [serial, asking, isOver] = [0, resource.crowd, false];
    const attacker = async () => {
      while (!isOver) {
        serial += 1;
        const decision = await decide(resource.junk(serial), FLOODED);
        reasons.push(decision.kind === 'denied' ? decision.reason : 'granted');
        for (let wait = 0; wait < 10; wait += 1) await turns();
      }
      asking -= 1;
    };
    for (let begun = 0; begun < resource.crowd; begun += 1) void attacker();
    await turns();
    const answers = await callers();
    for (isOver = true; asking > 0; clock.pass(1)) await turns();
    expect(reasons).not.toContain('granted');
    expect(resource.turnedAway((wanted) => reasons.filter((reason) => reason === wanted).length)).toBeGreaterThan(100);
    return answers;
  };

  test('callers of other addresses are served, for the first time and again', async () => {
    await good(HOME);
    const answers = await flooded(() => Promise.all([newcomers(ELSEWHERE), good(HOME)]));
    expect(answers.flat()).toEqual([...NEWCOMERS, ...CALLERS].map(() => 'granted'));
  });

  test('callers of that very address who were good before are served, whether remembered or not', async () => {
    await good(FLOODED);
    clock.pass(CACHE_SECONDS + 1);
    await answerTo(resource.good(0), FLOODED);
    expect(await flooded(() => good(FLOODED))).toEqual(CALLERS.map(() => 'granted'));
  });

  test('newcomers of that very address share its places: they get a place or come again, and are served once the flood is over', async () => {
    const answers = await flooded(() => newcomers(FLOODED));
    expect(['granted', '503 for now']).toEqual(expect.arrayContaining(answers));
    expect(await newcomers(FLOODED)).toEqual(NEWCOMERS.map(() => 'granted'));
  });
});
