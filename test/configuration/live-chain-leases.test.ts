import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type LiveChain, liveChain } from '@sallyport/configuration';
import {
  forbidden,
  type GrantedDecision,
  type GuardFunction,
  type Lease,
  type LeaseEvent,
  onLeaseEvent,
  Revocations,
} from '@sallyport/core';
import { ManualClock } from '@sallyport/core/testing';
import { builtInHandlers } from '@sallyport/handlers/kinds';
import { settled } from '../core/leases/lease-fixture.js';
import { AUDIENCE, ISSUER, NOON, tokenBy } from '../handlers/jwt/jwt-fixture.js';
import { newKey } from '../handlers/jwt/signing.js';
import { badge } from './application-kinds.js';

const KEY = newKey('ES256', 'k1');
const OTHER = newKey('ES256', 'k1');

/** A configuration that takes the tokens of one issuer, and badges. */
const written = ({ key = KEY, chain = 'requirement: tokens' } = {}) =>
  JSON.stringify({
    handlers: {
      tokens: {
        type: 'jwt',
        options: {
          realm: 'news',
          issuers: [
            {
              issuer: ISSUER,
              audience: AUDIENCE,
              algorithms: 'ES256',
              keys: { publicKey: key.publicKey.export({ type: 'spki', format: 'pem' }) },
            },
          ],
        },
      },
      doors: { type: 'badge', options: { secret: 'open sesame' } },
    },
  })
    .replace(/^\{/, `{"chain": CHAIN,`)
    .replace('CHAIN', chain);

const TOKENS = '{"name": "news", "requirement": "tokens"}';

/** A guard whose answers a test gives. */
const asked = { guard: (): GuardFunction => (principal, request) => answer(principal, request) };

let answer: GuardFunction;
let directory: string;
let file: string;
let clock: ManualClock;
let revocations: Revocations;
let chain: LiveChain;
let events: LeaseEvent[];
let stop: () => void;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'live-leases-'));
  file = join(directory, 'security.json');
  clock = new ManualClock(NOON * 1_000);
  revocations = new Revocations({}, { clock });
  events = [];
  stop = onLeaseEvent((event) => events.push(event));
  await writeFile(file, written({ chain: TOKENS }));
  chain = await liveChain(file, { kinds: { ...builtInHandlers, badge, asked }, clock, environment: {}, revocations });
  await chain.start();
});

afterEach(async () => {
  stop();
  await chain.close();
  await rm(directory, { recursive: true });
});

async function change(text: string): Promise<void> {
  await writeFile(file, text);
  expect([await chain.reload(), chain.problem]).toEqual([true, undefined]);
}

async function leaseOn(target = '/news'): Promise<Lease> {
  const request = { method: 'GET', target, rawHeaders: ['Authorization', `Bearer ${tokenBy(KEY)}`] };
  const { decision } = await chain.chain.explain(request);
  expect(decision.kind).toBe('granted');
  return chain.lease(decision as GrantedDecision, request, { guards: [], others: [], recheckSeconds: 10 });
}

describe('when the file of a live chain has changed', () => {
  test('a lease goes on under the new chain, which ends it as its own', async () => {
    const [first, second] = [await leaseOn(), await leaseOn()];
    const before = chain.chain;
    await change(written({ chain: '{"name": "changed", "requirement": "tokens", "deadlineMs": 1000}' }));
    await before.close();
    expect([first.ended, second.ended]).toEqual([undefined, undefined]);
    expect([chain.chain === before, chain.chain.leases.active, before.leases.active]).toEqual([false, 2, 0]);
    await revocations.revokeSubject('alice');
    expect(first.ended).toBe('revoked');
    expect(events).toMatchObject([{ chain: 'changed' }, { chain: 'changed' }]);
  });

  test('a lease still expires', async () => {
    const lease = await leaseOn();
    await change(written({ chain: '{"name": "changed", "requirement": "tokens"}' }));
    clock.pass(700);
    expect(lease.ended).toBe('expired');
  });

  test.each([
    ['wants another handler', '{"name": "n", "requirement": "doors"}'],
    ['wants another handler, too', '{"name": "n", "requirement": {"allOf": ["tokens", "doors"]}}'],
    [
      'has a guard that refuses',
      '{"name": "n", "requirement": "tokens", "guards": [{"requireScopes": ["news:admin"]}]}',
    ],
  ])('a lease ends where the new chain %s', async (_what, changed) => {
    const lease = await leaseOn();
    await change(written({ chain: changed }));
    expect([lease.ended, events.length]).toEqual(['denied', 1]);
  });

  test.each([
    ['takes either', '{"name": "n", "requirement": {"anyOf": ["doors", "tokens"]}}'],
    ['is open', '{"name": "n", "requirement": {"anonymous": true}}'],
    [
      'has a guard that permits',
      '{"name": "n", "requirement": "tokens", "guards": [{"requireScopes": ["orders:read"]}]}',
    ],
  ])('a lease goes on where the new chain %s', async (_what, changed) => {
    const lease = await leaseOn();
    await change(written({ chain: changed }));
    expect(lease.ended).toBeUndefined();
  });

  test('a lease ends where handlers have changed, because nobody can prove its caller anew', async () => {
    const lease = await leaseOn();
    await change(written({ chain: TOKENS, key: OTHER }));
    expect(lease.ended).toBe('denied');
    expect(events).toMatchObject([{ reason: 'configuration_changed' }]);
  });

  describe('and a guard of the chain before has not answered yet', () => {
    const guarded = (name: string) =>
      written({ chain: JSON.stringify({ name, requirement: 'tokens', guards: ['asked'] }) });

    /** A lease about which the chain before is asking, and what answers it. */
    async function leaseInQuestion() {
      answer = () => true;
      await change(guarded('before'));
      const lease = await leaseOn();
      const answers: { yes(): void; no(): void; fail(): void }[] = [];
      answer = () =>
        new Promise((resolve, reject) => {
          answers.push({
            yes: () => resolve(true),
            no: () => resolve(forbidden('left_the_team')),
            fail: () => reject(new Error('a bug')),
          });
        });
      clock.pass(11);
      expect(answers).toHaveLength(1);
      let questions = 0;
      answer = () => {
        questions += 1;
        return true;
      };
      await change(guarded('after'));
      expect(questions).toBe(1);
      return { lease, before: answers[0] as (typeof answers)[0], asked: () => questions };
    }

    test.each(['no', 'fail'] as const)('its late answer ends no lease that the new chain grants: %s', async (late) => {
      const { lease, before } = await leaseInQuestion();
      before[late]();
      await settled();
      expect([lease.ended, events]).toEqual([undefined, []]);
    });

    test('its late answer doubles no question', async () => {
      const { lease, before, asked: questions } = await leaseInQuestion();
      clock.pass(2);
      before.yes();
      await settled();
      clock.pass(31);
      expect([lease.ended, questions()]).toEqual([undefined, 4]);
    });
  });

  test('a change that cannot be used ends no lease', async () => {
    const lease = await leaseOn();
    await writeFile(file, '{"chain": {"requirement": "windows"}, "handlers": {}}');
    expect(await chain.reload()).toBe(false);
    expect(lease.ended).toBeUndefined();
  });

  test('a decision of before that is made a lease now is judged by the new chain', async () => {
    const request = { method: 'GET', target: '/', rawHeaders: ['Authorization', `Bearer ${tokenBy(KEY)}`] };
    const { decision } = await chain.chain.explain(request);
    await change(written({ chain: '{"name": "n", "requirement": "doors"}' }));
    const lease = chain.lease(decision as GrantedDecision, request, { guards: [], others: [], recheckSeconds: 10 });
    expect(lease.ended).not.toBeUndefined();
  });

  test('all leases end when it is closed', async () => {
    const lease = await leaseOn();
    await chain.close();
    expect(lease.ended).toBe('closed');
  });
});
