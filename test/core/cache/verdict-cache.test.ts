import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import {
  type Authenticated,
  authenticated,
  challenged,
  denied,
  forbidden,
  limited,
  malformed,
  onCacheEvent,
  onDecision,
  Revocations,
  SecurityChain,
  unavailable,
  type Verdict,
} from '@sallyport/core';
import { type Basis, FoundedVerdict, VerdictCache } from '@sallyport/core/extend';
import { buildRequest } from '@sallyport/core/testing';
import { aRequest, CacheUnderTest, NOON, principalIn, principalOf } from './cache-fixture.js';

/** Some caches here bridge outages, which warns. */
let warn: ReturnType<typeof jest.spyOn>;
beforeEach(() => {
  warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
});
afterEach(() => {
  warn.mockRestore();
});

/** What verdicts rest on until a test takes it away. */
class Ground implements Basis {
  readonly name = 'ground';
  isThere = true;
  asked = 0;
  nowMs = 0;

  stands(nowMs: number): boolean {
    this.asked += 1;
    this.nowMs = nowMs;
    return this.isThere;
  }
}

describe('a good verdict', () => {
  test('is answered synchronously and as the same object from the second use on', async () => {
    const { cache } = new CacheUnderTest();
    const good = principalOf();
    expect(await cache.resolve('t', aRequest(), async () => good)).toBe(good);
    const second = cache.resolve('t', aRequest(), () => Promise.reject(new Error('not asked')));
    expect(principalIn(second)).toBe(good.principal);
    expect(cache.find('t', buildRequest('/'))).toBe(second);
  });

  test('looks the same wherever it comes from, and cannot be changed', async () => {
    const { cache } = new CacheUnderTest();
    const good = authenticated(principalOf().principal, { headers: [['x-one', 'two']] });
    await cache.resolve('t', aRequest(), async () => good);
    const found = cache.find('t', buildRequest('/'));
    expect(found).toEqual(good);
    expect(Object.keys(found as object)).toEqual(Object.keys(good));
    expect(Object.isFrozen(found)).toBe(true);
  });

  test('may be about several credentials, and in several caches: each has its own lifetime', async () => {
    const [long, short] = [new CacheUnderTest({ ttlSeconds: 30 }), new CacheUnderTest({ ttlSeconds: 10 })];
    const good = principalOf();
    await long.ask('t', good);
    const remembered = long.cache.find('t', buildRequest('/')) as Authenticated;
    await short.ask('t', remembered);
    await short.ask('u', remembered);
    for (const { clock } of [long, short]) clock.pass(10);
    expect(long.cache.find('t', buildRequest('/'))).toBe(remembered);
    expect(short.cache.find('t', buildRequest('/'))).toBeUndefined();
    expect(short.cache.find('u', buildRequest('/'))).toBeUndefined();
  });

  test.each([
    ['configured lifetime', {}, 30],
    ['expiry of the credential, where that comes first (RFC 7662 4)', { expiresAt: NOON + 7 }, 7],
    ['configured lifetime, where the credential lives longer', { expiresAt: NOON + 31 }, 30],
  ])('ends with its %s, to the second', async (_rule, init, seconds) => {
    const subject = new CacheUnderTest({ ttlSeconds: 30 });
    await subject.ask('t', principalOf(init));
    subject.clock.pass(seconds - 1);
    await subject.ask('t', principalOf(init));
    expect(subject.loads).toBe(1);
    subject.clock.pass(1);
    await subject.ask('t', principalOf(init));
    expect(subject.loads).toBe(2);
  });

  test('is not used beyond its expiry when the clock is set forward by an hour', async () => {
    const subject = new CacheUnderTest({ ttlSeconds: 3_600 });
    await subject.ask('t', principalOf({ expiresAt: NOON + 1_800 }));
    subject.clock.set(3_600);
    expect(subject.cache.find('t', buildRequest('/'))).toBeUndefined();
  });

  test('does not live longer when the clock is set back by an hour', async () => {
    const subject = new CacheUnderTest({ ttlSeconds: 3_600 });
    await subject.ask('t', principalOf({ expiresAt: NOON + 10 }));
    subject.clock.set(-3_600);
    subject.clock.pass(10);
    expect(subject.cache.find('t', buildRequest('/'))).toBeUndefined();
  });

  test('is not kept when it has expired already, or when the lifetime is 0', async () => {
    const subject = new CacheUnderTest();
    await subject.ask('t', principalOf({ expiresAt: NOON }));
    expect(subject.cache.statistics.entries).toBe(0);
    const off = new CacheUnderTest({ ttlSeconds: 0 });
    await off.ask('t');
    expect(off.cache.statistics.entries).toBe(0);
  });

  test('gives way to a later refusal of the same credential', async () => {
    const subject = new CacheUnderTest({ staleIfUnavailableSeconds: 30 });
    await subject.ask('t');
    subject.clock.pass(30);
    await subject.ask('t', denied('token_inactive'));
    subject.clock.pass(5);
    expect(await subject.ask('t', unavailable('down'))).toMatchObject({ kind: 'unavailable' });
  });

  test('is forgotten on demand, also when its lookup is still under way', async () => {
    const { cache } = new CacheUnderTest();
    await cache.resolve('t', aRequest(), async () => principalOf());
    cache.forget('t');
    expect(cache.find('t', buildRequest('/'))).toBeUndefined();
    const pending = cache.resolve('t', aRequest(), async () => principalOf());
    cache.forget('t');
    await pending;
    expect(cache.find('t', buildRequest('/'))).toBeUndefined();
  });
});

describe('a refusal', () => {
  test('is remembered shortly: 5 s by default, to the second', async () => {
    const subject = new CacheUnderTest();
    const refusal = denied('token_inactive');
    await subject.ask('t', refusal);
    subject.clock.pass(4);
    expect(subject.cache.resolve('t', aRequest(), async () => principalOf())).toBe(refusal);
    subject.clock.pass(1);
    await subject.ask('t');
    expect(subject.loads).toBe(2);
  });

  test('is not remembered when that is switched off', async () => {
    const subject = new CacheUnderTest({ negativeTtlSeconds: 0 });
    await subject.ask('t', denied('token_inactive'));
    await subject.ask('t', denied('token_inactive'));
    expect(subject.loads).toBe(2);
  });

  test('that time alone lifts is not prolonged (RFC 7519 4.1.5 nbf)', async () => {
    const subject = new CacheUnderTest();
    await subject.ask('t', denied('token_not_yet_valid'));
    expect(await subject.ask('t')).toMatchObject({ kind: 'authenticated' });
  });

  test('is not found by find, which knows good verdicts only', async () => {
    const subject = new CacheUnderTest();
    await subject.ask('t', denied('token_inactive'));
    expect(subject.cache.find('t', buildRequest('/'))).toBeUndefined();
  });
});

describe('only a definite answer is remembered', () => {
  const passing: readonly (readonly [string, Verdict])[] = [
    ['an outage', unavailable('timeout')],
    ['a lock-out', limited({ retryAfterSeconds: 1 })],
    ['a challenge', challenged({ error: 'use_dpop_nonce' })],
    ['a prohibition', forbidden('not_here')],
    ['a syntax error', malformed('bad_syntax')],
  ];

  test.each(passing)('%s is not', async (_name, verdict) => {
    const subject = new CacheUnderTest();
    expect(await subject.ask('t', verdict)).toBe(verdict);
    expect(await subject.ask('t', verdict)).toBe(verdict);
    expect(subject.loads).toBe(2);
    expect(subject.cache.statistics).toMatchObject({ entries: 0, negativeEntries: 0, flights: 0 });
  });

  test('what is no verdict at all is passed on for the chain to refuse, and forgotten', async () => {
    const subject = new CacheUnderTest();
    const lookAlike = { kind: 'authenticated', principal: { subject: 'mallory' }, headers: [] } as unknown as Verdict;
    expect(await subject.ask('t', lookAlike)).toBe(lookAlike);
    await subject.ask('t', undefined as unknown as Verdict);
    expect(subject.loads).toBe(2);
  });
});

describe('stale answers', () => {
  const outage = unavailable('timeout');

  test('are off by default: an outage is an outage', async () => {
    const subject = new CacheUnderTest();
    await subject.ask('t');
    subject.clock.pass(30);
    expect(await subject.ask('t', outage)).toBe(outage);
  });

  test('serve after the lifetime, as long as the option says and to the second, when a lookup ended in an outage', async () => {
    const subject = new CacheUnderTest({ ttlSeconds: 30, staleIfUnavailableSeconds: 10 });
    const good = principalOf();
    await subject.ask('t', good);
    subject.clock.pass(39);
    expect(principalIn(await subject.ask('t', outage))).toBe(principalIn(good));
    expect(subject.cache.statistics.staleHits).toBe(1);
    subject.clock.pass(1);
    expect(await subject.ask('t', outage)).toBe(outage);
  });

  test('are not served without asking: find does not know them', async () => {
    const subject = new CacheUnderTest({ staleIfUnavailableSeconds: 10 });
    await subject.ask('t');
    subject.clock.pass(30);
    expect(subject.cache.find('t', buildRequest('/'))).toBeUndefined();
  });

  test('never reach beyond the expiry of the credential', async () => {
    const subject = new CacheUnderTest({ staleIfUnavailableSeconds: 30 });
    await subject.ask('t', principalOf({ expiresAt: NOON + 35 }));
    subject.clock.pass(34);
    expect(await subject.ask('t', outage)).toMatchObject({ kind: 'authenticated' });
    subject.clock.pass(1);
    expect(await subject.ask('t', outage)).toBe(outage);
  });

  test('never pass over a known revocation', async () => {
    const revocations = new Revocations();
    const subject = new CacheUnderTest({ staleIfUnavailableSeconds: 30 }, { revocations });
    await subject.ask('t', principalOf({ issuer: 'https://as', issuedAt: NOON - 60 }));
    subject.clock.pass(31);
    await revocations.revokeSubject('alice', { issuer: 'https://as', at: NOON });
    expect(await subject.ask('t', outage)).toMatchObject({ kind: 'denied', reason: 'token_revoked' });
  });

  test('warn at start that outages are bridged, and only where they are', () => {
    new VerdictCache({ namespace: 'plain' });
    expect(warn).not.toHaveBeenCalled();
    new VerdictCache({ namespace: 'tokens', staleIfUnavailableSeconds: 1 });
    expect(warn.mock.calls).toEqual([
      [expect.stringMatching(/^tokens .*staleIfUnavailableSeconds/), 'SallyportWarning'],
    ]);
  });

  test('tell the first answer of an outage by an event, and that of the next outage again', async () => {
    const events: unknown[] = [];
    const stop = onCacheEvent((event) => events.push(event));
    const subject = new CacheUnderTest({ ttlSeconds: 10, staleIfUnavailableSeconds: 10 });
    for (const credential of ['a', 'b']) await subject.ask(credential);
    expect(await subject.ask('never seen', outage)).toBe(outage);
    subject.clock.pass(11);
    expect(events).toEqual([]);
    for (const credential of ['a', 'b', 'a']) await subject.ask(credential, outage);
    const bridged = { kind: 'outage_bridged', namespace: 'test', reason: 'timeout' };
    expect(events).toEqual([bridged]);
    await subject.ask('a');
    await subject.ask('b', outage);
    expect(events).toEqual([bridged, bridged]);
    stop();
  });

  test('do not cover a handler that throws: that is a bug, not an outage', async () => {
    const subject = new CacheUnderTest({ staleIfUnavailableSeconds: 30 });
    await subject.ask('t');
    subject.clock.pass(31);
    const lookup = async () => subject.cache.resolve('t', aRequest(), () => Promise.reject(new Error('bug')));
    await expect(lookup()).rejects.toThrow('bug');
  });
});

describe('limits', () => {
  test('entries: the least recently used good verdict goes first', async () => {
    const subject = new CacheUnderTest({ maxEntries: 2 });
    await subject.ask('a');
    await subject.ask('b');
    subject.cache.find('a', buildRequest('/'));
    await subject.ask('c');
    expect(subject.cache.find('a', buildRequest('/'))).toMatchObject({ kind: 'authenticated' });
    expect(subject.cache.find('b', buildRequest('/'))).toBeUndefined();
    expect(subject.cache.statistics).toMatchObject({ entries: 2, evictions: 1 });
  });

  test('bytes: large principals make room for each other, and one that is too large alone is not kept', async () => {
    const subject = new CacheUnderTest({ maxBytes: 20_000 });
    const large = principalOf({ claims: { note: 'x'.repeat(8_000) } });
    for (const credential of ['a', 'b', 'c']) await subject.ask(credential, large);
    expect(subject.cache.statistics.entries).toBe(2);
    expect(subject.cache.statistics.bytes).toBeLessThanOrEqual(20_000);
    await subject.ask('d', principalOf({ claims: { note: 'x'.repeat(30_000) } }));
    expect(subject.cache.find('d', buildRequest('/'))).toBeUndefined();
    expect(subject.cache.statistics.entries).toBe(2);
  });

  test('bytes: a verdict that leaves or is replaced gives all of its own back', async () => {
    const { cache, clock } = new CacheUnderTest({ maxEntries: 2, ttlSeconds: 30 });
    const bytes: number[] = [];
    const ask = async (credential: string, note: string) => {
      await cache.resolve(credential, aRequest(), async () => principalOf({ claims: { note } }));
      bytes.push(cache.statistics.bytes);
    };
    await ask('a', 'x');
    await cache.forget('a');
    expect(cache.statistics).toMatchObject({ bytes: 0, entries: 0, evictions: 0 });
    await ask('a', 'y');
    await ask('b', 'x'.repeat(100));
    await ask('c', 'z');
    expect(cache.statistics).toMatchObject({ entries: 2, evictions: 1 });
    const [one = 0, again, , two = 0] = bytes;
    expect(again).toBe(one);
    expect(two).toBe(2 * one + 99);
    clock.pass(31);
    await ask('c', 'zz');
    expect(bytes.at(-1)).toBe(two + 1);
  });

  test.each([
    ['namespace', ''],
    ['ttlSeconds', -1],
    ['ttlSeconds', 86_401],
    ['maxEntries', 0],
    ['maxBytes', 1],
    ['negativeTtlSeconds', 3_601],
    ['maxNegativeEntries', Number.NaN],
    ['staleIfUnavailableSeconds', 31],
    ['maxFlights', 0],
    ['secret', 'too short'],
    ['tttlSeconds', 1],
  ])('option %s refuses %p', (name, value) => {
    expect(() => new VerdictCache({ namespace: 'test', [name]: value })).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^ERR_SALLYPORT_OPTION_(?:INVALID|UNKNOWN)$/) }),
    );
  });

  test('an answer is not remembered longer than revocations are', () => {
    const revocations = new Revocations({ keepSeconds: 3_600 });
    expect(() => new VerdictCache({ namespace: 'test', ttlSeconds: 3_601 }, { revocations })).toThrow(
      expect.objectContaining({ code: 'ERR_SALLYPORT_OPTION_INVALID' }),
    );
  });
});

describe('what can be seen', () => {
  test('statistics count hits, refusals, lookups and joins', async () => {
    const subject = new CacheUnderTest();
    await Promise.all([subject.ask('good'), subject.ask('good')]);
    await subject.ask('good');
    subject.cache.find('good', buildRequest('/'));
    await subject.ask('bad', denied('token_inactive'));
    await subject.ask('bad');
    expect(subject.cache.statistics).toMatchObject({ hits: 2, negativeHits: 1, misses: 2, joined: 1 });
    expect(Object.isFrozen(subject.cache.statistics)).toBe(true);
  });

  test('the trace tells where an answer came from', async () => {
    const subject = new CacheUnderTest({ staleIfUnavailableSeconds: 30 });
    let answer: Verdict = principalOf();
    const chain = new SecurityChain({
      requirement: {
        name: 'test',
        challenges: [{ scheme: 'Bearer', parameters: { realm: 'test' } }],
        extract: () => 't',
        verify: (credential: string, request) => subject.cache.resolve(credential, request, async () => answer),
      },
    });
    const states: unknown[] = [];
    const stop = onDecision(({ steps }) => states.push(steps[0]?.cache));
    await Promise.all([chain.decide(aRequest()), chain.decide(aRequest())]);
    await chain.decide(aRequest());
    subject.clock.pass(30);
    answer = unavailable('down');
    await chain.decide(aRequest());
    answer = denied('token_inactive');
    await chain.decide(aRequest());
    await chain.decide(aRequest());
    stop();
    expect(states).toEqual(['miss', 'joined', 'hit', 'stale', 'miss', 'negative_hit']);
  });
});

describe('what a verdict rests on', () => {
  test('is asked on every hit; when it does not stand, the verdict is found out anew', async () => {
    const subject = new CacheUnderTest();
    const basis = new Ground();
    await subject.ask('t', new FoundedVerdict(principalOf(), basis));
    expect(subject.cache.find('t', buildRequest('/'))).toMatchObject({ kind: 'authenticated' });
    basis.isThere = false;
    expect(subject.cache.find('t', buildRequest('/'))).toBeUndefined();
    expect(await subject.ask('t', denied('key_unknown'))).toMatchObject({ kind: 'denied' });
    expect(subject.loads).toBe(2);
  });

  test('may fall for a thousand verdicts, of which none is looked at before it is asked for', async () => {
    const subject = new CacheUnderTest();
    const basis = new Ground();
    for (let index = 0; index < 1_000; index += 1)
      await subject.ask(`t${index}`, new FoundedVerdict(principalOf(), basis));
    const asked = basis.asked;
    basis.isThere = false;
    expect(subject.cache.statistics.entries).toBe(1_000);
    expect(basis.asked).toBe(asked);
    expect(subject.cache.find('t7', buildRequest('/'))).toBeUndefined();
    expect(basis.asked).toBe(asked + 1);
  });

  test('that falls during the lookup keeps the verdict out of use', async () => {
    const { cache } = new CacheUnderTest();
    const basis = new Ground();
    const waiting = cache.resolve('t', aRequest(), async () => new FoundedVerdict(principalOf(), basis));
    basis.isThere = false;
    await waiting;
    expect(cache.find('t', buildRequest('/'))).toBeUndefined();
  });

  test('is told the time of the monotonic clock', async () => {
    const subject = new CacheUnderTest();
    const basis = new Ground();
    await subject.ask('t', new FoundedVerdict(principalOf(), basis));
    subject.clock.pass(7);
    subject.cache.find('t', buildRequest('/'));
    expect(basis.nowMs).toBe(subject.clock.monotonic());
  });

  test('is asked also where a grant is asked about once more', async () => {
    const subject = new CacheUnderTest();
    const basis = new Ground();
    const { principal } = principalOf();
    await subject.ask('t', new FoundedVerdict(principalOf(), basis));
    expect(subject.cache.recheck('t', principal)).toBeUndefined();
    basis.isThere = false;
    expect(subject.cache.recheck('t', principal)).toMatchObject({ kind: 'unavailable', reason: 'proof_outdated' });
  });

  test('keeps a verdict from bridging an outage, too', async () => {
    const subject = new CacheUnderTest({ ttlSeconds: 1, staleIfUnavailableSeconds: 30 });
    const basis = new Ground();
    await subject.ask('t', new FoundedVerdict(principalOf(), basis));
    subject.clock.pass(2);
    expect(await subject.ask('t', unavailable('down'))).toMatchObject({ kind: 'authenticated' });
    basis.isThere = false;
    expect(await subject.ask('t', unavailable('down'))).toMatchObject({ kind: 'unavailable' });
  });
});

describe('forgetting the refusals', () => {
  test('takes them all along, and leaves what is good', async () => {
    const subject = new CacheUnderTest();
    await subject.ask('good');
    await subject.ask('bad', denied('token_inactive'));
    subject.cache.forgetRefusals();
    expect(subject.cache.find('good', buildRequest('/'))).toMatchObject({ kind: 'authenticated' });
    expect(subject.cache.statistics.negativeEntries).toBe(0);
    expect(await subject.ask('bad')).toMatchObject({ kind: 'authenticated' });
  });

  test('keeps those that are under way out of the cache, and nothing else', async () => {
    for (const [verdict, isKept] of [
      [denied('token_inactive'), false],
      [principalOf(), true],
    ] as const) {
      const { cache } = new CacheUnderTest();
      let answer = (_verdict: Verdict) => {};
      const load = () => new Promise<Verdict>((resolve) => (answer = resolve));
      const waiting = cache.resolve('t', aRequest(), load);
      cache.forgetRefusals();
      answer(verdict);
      expect(await waiting).toBe(verdict);
      const { entries, negativeEntries } = cache.statistics;
      expect(entries + negativeEntries).toBe(isKept ? 1 : 0);
    }
  });
});
