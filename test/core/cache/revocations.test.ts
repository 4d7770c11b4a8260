import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import {
  type CacheEvent,
  createPrincipal,
  denied,
  onCacheEvent,
  type PrincipalInit,
  Revocations,
  type RevocationsOptions,
} from '@sallyport/core';
import { type ReceivedNotices, type RevocationBus } from '@sallyport/core/extend';
import { buildRequest, ManualClock } from '@sallyport/core/testing';
import { isNightly } from '../../support/nightly.js';
import { aRequest, CacheUnderTest, Lookup, NOON, principalOf } from './cache-fixture.js';

const REVOKED = { kind: 'denied', reason: 'token_revoked' };
const ISSUER = 'https://as.example';

function revocable(options: RevocationsOptions = {}): { subject: CacheUnderTest; revocations: Revocations } {
  const clock = new ManualClock();
  const revocations = new Revocations(options, { clock });
  return { revocations, subject: new CacheUnderTest({ ttlSeconds: 3_600 }, { clock, revocations }) };
}

describe('a revoked token', () => {
  test('is refused at once, whether it was remembered or not, and without asking the handler', async () => {
    const { subject, revocations } = revocable();
    await subject.ask('known');
    revocations.revokeToken('known');
    revocations.revokeToken('unknown');
    expect(await subject.ask('known')).toMatchObject(REVOKED);
    expect(await subject.ask('unknown')).toMatchObject(REVOKED);
    expect(subject.cache.find('known', buildRequest('/'))).toBeUndefined();
    expect(await subject.ask('other')).toMatchObject({ kind: 'authenticated' });
    expect(subject.loads).toBe(2);
  });

  test('is refused by every cache that shares the revocations', async () => {
    const { subject, revocations } = revocable();
    const other = new CacheUnderTest({ namespace: 'other' }, { revocations, clock: subject.clock });
    await subject.ask('t');
    await other.ask('t');
    revocations.revokeToken('t');
    expect(await subject.ask('t')).toMatchObject(REVOKED);
    expect(await other.ask('t')).toMatchObject(REVOKED);
  });

  test('is refused until it would have expired, and for the 60 s that verifiers may tolerate', async () => {
    const { subject, revocations } = revocable();
    revocations.revokeToken('t', { expiresAt: NOON + 100 });
    subject.clock.pass(159);
    expect(await subject.ask('t')).toMatchObject(REVOKED);
    subject.clock.pass(1);
    expect(await subject.ask('t')).toMatchObject({ kind: 'authenticated' });
  });

  test('stays refused after the configured time when nobody tells its expiry, as long as there is room', async () => {
    const { subject, revocations } = revocable({ keepSeconds: 3_600, maxEntries: 2 });
    revocations.revokeToken('t');
    subject.clock.pass(86_400);
    expect(await subject.ask('t')).toMatchObject(REVOKED);
    expect(await revocations.revokeToken('second')).toBe(true);
    expect(await revocations.revokeToken('third')).toBe(true);
    expect(await subject.ask('t')).toMatchObject({ kind: 'authenticated' });
    expect(await subject.ask('second')).toMatchObject(REVOKED);
  });

  test('stays refused when the clock is set forward', async () => {
    const { subject, revocations } = revocable();
    revocations.revokeToken('t', { expiresAt: NOON + 100 });
    subject.clock.set(3_600);
    expect(await subject.ask('t')).toMatchObject(REVOKED);
  });

  test('stays refused when the clock is set back, which gives the token more time to live', async () => {
    const { subject, revocations } = revocable();
    revocations.revokeToken('t', { expiresAt: NOON + 100 });
    subject.clock.set(-3_600);
    subject.clock.pass(3_600);
    expect(await subject.ask('t', principalOf({ expiresAt: NOON + 100 }))).toMatchObject(REVOKED);
  });
});

describe('a revoked jti (RFC 7519 4.1.7)', () => {
  const token = (jti: string, issuer = ISSUER) => principalOf({ issuer, claims: { jti } });

  test('is refused, remembered or not; other identifiers are not', async () => {
    const { subject, revocations } = revocable();
    await subject.ask('a', token('1'));
    revocations.revokeJti('1', { issuer: ISSUER });
    expect(await subject.ask('a', token('1'))).toMatchObject(REVOKED);
    expect(await subject.ask('b', token('1'))).toMatchObject(REVOKED);
    expect(await subject.ask('c', token('2'))).toMatchObject({ kind: 'authenticated' });
  });

  test('of one issuer says nothing about another; without an issuer it concerns all', async () => {
    const { subject, revocations } = revocable();
    revocations.revokeJti('1', { issuer: 'https://elsewhere.example' });
    expect(await subject.ask('a', token('1'))).toMatchObject({ kind: 'authenticated' });
    revocations.revokeJti('1');
    expect(await subject.ask('a', token('1'))).toMatchObject(REVOKED);
  });
});

describe('a revoked client or subject', () => {
  const issued = (issuedAt: number | undefined, init: Partial<PrincipalInit> = {}) =>
    principalOf({ issuer: ISSUER, clientId: 'shop', issuedAt, ...init });
  const revoke: readonly (readonly [string, (revocations: Revocations, at?: number) => void])[] = [
    ['client', (revocations, at) => void revocations.revokeClient('shop', { issuer: ISSUER, at })],
    ['client of any issuer', (revocations, at) => void revocations.revokeClient('shop', { at })],
    ['subject', (revocations, at) => void revocations.revokeSubject('alice', { issuer: ISSUER, at })],
    ['subject of any issuer', (revocations, at) => void revocations.revokeSubject('alice', { at })],
  ];

  test.each(revoke)(
    '%s: tokens issued at or before the revocation are refused, to the second',
    async (_who, doRevoke) => {
      const { subject, revocations } = revocable();
      const tokens = [NOON - 1, NOON, NOON + 1];
      for (const issuedAt of tokens) await subject.ask(`known ${issuedAt}`, issued(issuedAt));
      doRevoke(revocations, NOON);
      const verdicts = [];
      for (const kind of ['known', 'new']) {
        for (const issuedAt of tokens) verdicts.push((await subject.ask(`${kind} ${issuedAt}`, issued(issuedAt))).kind);
      }
      expect(verdicts).toEqual(['denied', 'denied', 'authenticated', 'denied', 'denied', 'authenticated']);
    },
  );

  test.each(revoke)('%s: the revocation counts from now where no time is given', async (_who, doRevoke) => {
    const { subject, revocations } = revocable();
    doRevoke(revocations);
    expect(await subject.ask('a', issued(NOON))).toMatchObject(REVOKED);
    expect(await subject.ask('b', issued(NOON + 1))).toMatchObject({ kind: 'authenticated' });
  });

  test.each(revoke)(
    '%s: an answer that does not tell when its token was issued is asked for again',
    async (_who, doRevoke) => {
      const { subject, revocations } = revocable();
      await subject.ask('t', issued(undefined));
      doRevoke(revocations);
      expect(await subject.ask('t', issued(undefined))).toMatchObject({ kind: 'authenticated' });
      expect(subject.loads).toBe(2);
      await subject.ask('t');
      expect(subject.loads).toBe(2);
    },
  );

  test('a token that was found out to be revoked costs no lookup per request', async () => {
    const { subject, revocations } = revocable();
    await subject.ask('known', issued(NOON));
    revocations.revokeSubject('alice');
    for (let count = 0; count < 10; count += 1) {
      expect(await subject.ask('known', issued(NOON))).toMatchObject(REVOKED);
      expect(await subject.ask('new', issued(NOON))).toMatchObject(REVOKED);
    }
    expect(subject.loads).toBe(2);
  });

  test('the same name at another issuer is another party', async () => {
    const { subject, revocations } = revocable();
    revocations.revokeSubject('alice', { issuer: ISSUER });
    revocations.revokeClient('shop', { issuer: ISSUER });
    const verdict = await subject.ask('t', issued(NOON, { issuer: 'https://elsewhere.example' }));
    expect(verdict).toMatchObject({ kind: 'authenticated' });
  });

  test('a client and a subject of one name are two parties', async () => {
    const { subject, revocations } = revocable();
    revocations.revokeClient('alice', { issuer: ISSUER });
    revocations.revokeSubject('shop', { issuer: ISSUER });
    expect(await subject.ask('t', issued(NOON))).toMatchObject({ kind: 'authenticated' });
  });

  test('name and issuer cannot be shifted into each other', async () => {
    const { subject, revocations } = revocable();
    revocations.revokeSubject('alice","https://as.example');
    revocations.revokeSubject(`alice${ISSUER}`);
    expect(await subject.ask('t', issued(NOON))).toMatchObject({ kind: 'authenticated' });
  });

  test('an earlier revocation that arrives late does not weaken a later one', async () => {
    const { subject, revocations } = revocable();
    revocations.revokeSubject('alice', { issuer: ISSUER, at: NOON });
    revocations.revokeSubject('alice', { issuer: ISSUER, at: NOON - 100 });
    expect(await subject.ask('t', issued(NOON - 50))).toMatchObject(REVOKED);
  });
});

describe('a lookup under way does not bring back what was revoked', () => {
  const revoke: readonly (readonly [string, (revocations: Revocations) => void])[] = [
    ['token', (revocations) => void revocations.revokeToken('t')],
    ['jti', (revocations) => void revocations.revokeJti('1')],
    ['client', (revocations) => void revocations.revokeClient('shop')],
    ['subject', (revocations) => void revocations.revokeSubject('alice', { issuer: ISSUER })],
  ];
  const found = [principalOf({ issuer: ISSUER, clientId: 'shop', claims: { jti: '1' } })];
  found.push(principalOf({ issuer: ISSUER, clientId: 'shop', claims: { jti: '1' }, issuedAt: NOON - 5 }));

  test.each(revoke)('%s revoked during a delayed lookup: refused and not kept', async (_what, doRevoke) => {
    for (const good of found) {
      const { subject, revocations } = revocable();
      const lookup = new Lookup();
      const waiting = [1, 2].map(() => subject.cache.resolve('t', aRequest(), lookup.load));
      doRevoke(revocations);
      lookup.answer(good);
      for (const verdict of await Promise.all(waiting)) expect(verdict).toMatchObject(REVOKED);
      expect(subject.cache.find('t', buildRequest('/'))).toBeUndefined();
    }
  });

  test.each(revoke)('%s revoked behind a grant: refused where it is asked about once more', async (_what, doRevoke) => {
    for (const good of found) {
      const { subject, revocations } = revocable();
      await subject.ask('t', good);
      expect(subject.cache.recheck('t', good.principal)).toBeUndefined();
      doRevoke(revocations);
      expect(subject.cache.recheck('t', good.principal)).toMatchObject(REVOKED);
    }
  });

  test('what was not concerned by a revocation during its lookup is given and kept', async () => {
    const { subject, revocations } = revocable();
    const lookup = new Lookup();
    const pending = subject.cache.resolve('t', aRequest(), lookup.load);
    revocations.revokeSubject('bob', { issuer: ISSUER });
    lookup.answer(found[0] as never);
    expect(await pending).toBe(found[0]);
    expect(subject.cache.find('t', buildRequest('/'))?.principal).toBe(found[0]?.principal);
  });
});

describe('a bus that does not answer', () => {
  const SECRET = 'a deployment secret of 32 characters or more';
  const silent = () => new Promise<never>(() => {});
  const SILENT: RevocationBus = { publish: silent, receive: silent, listen: silent, close: silent };

  test('is waited for by nobody for ever: who revokes is told that others were not', async () => {
    const clock = new ManualClock();
    const revocations = new Revocations({ secret: SECRET }, { clock, bus: SILENT });
    const ended = Promise.allSettled([revocations.start(), revocations.revokeToken('t'), revocations.close()]);
    clock.pass(60);
    const late = { status: 'rejected', reason: expect.objectContaining({ code: 'ERR_SALLYPORT_UPSTREAM_TIMEOUT' }) };
    expect(await ended).toEqual([late, { status: 'fulfilled', value: false }, late]);
    expect(revocations.refuses('t')).toBe(true);
  });

  test('holds lookups up once and for a second, is not asked twice at once, and tells what it tells late', async () => {
    const clock = new ManualClock();
    const sent: string[] = [];
    await new Revocations(
      { secret: SECRET },
      { bus: { ...SILENT, publish: async (notice) => sent.push(notice) > 0 } },
    ).revokeToken('t');
    const answers: ((received: ReceivedNotices) => void)[] = [];
    const receive = () => new Promise<ReceivedNotices>((resolve) => answers.push(resolve));
    const revocations = new Revocations({ secret: SECRET }, { clock, bus: { ...SILENT, receive } });
    const first = revocations.synchronise();
    clock.pass(1);
    expect(await first).toBe(false);
    expect(await revocations.synchronise()).toBe(false);
    expect(answers).toHaveLength(1);
    answers[0]?.({ notices: sent, isComplete: true });
    await turn();
    expect(revocations.refuses('t')).toBe(true);
    revocations.synchronise();
    expect(answers).toHaveLength(2);
  });
});

describe('other instances', () => {
  const SECRET = 'a secret that all instances share, 1';

  /** Delivers at once, to everybody who listens. */
  class LocalBus implements RevocationBus {
    readonly #listeners: ((notice: string) => void)[] = [];

    async publish(notice: string): Promise<boolean> {
      for (const listener of this.#listeners) listener(notice);
      return true;
    }
    async receive(): Promise<ReceivedNotices> {
      return { notices: [], isComplete: true };
    }
    async listen(listener: (notice: string) => void): Promise<void> {
      this.#listeners.push(listener);
    }
    async close(): Promise<void> {}
  }

  test.each([2 ** 63, 253_402_300_800, Number.MAX_VALUE])(
    'learn of a token that expires at %p, as servers say of those that never do',
    async (expiresAt) => {
      const bus = new LocalBus();
      const [first, second] = [
        new Revocations({ secret: SECRET }, { bus }),
        new Revocations({ secret: SECRET }, { bus }),
      ];
      await second.start();
      await first.revokeToken('t', { expiresAt });
      expect(second.refuses('t')).toBe(true);
    },
  );

  test('learn of revocations while the secret is replaced, in either order of both', async () => {
    const next = 'a secret that all instances share, 2';
    const bus = new LocalBus();
    const open = (...secret: readonly string[]) => new Revocations({ secret }, { bus });
    const readers = [open(SECRET, next), open(next, SECRET)];
    for (const reader of readers) await reader.start();
    const principal = createPrincipal({ subject: 'alice', clientId: 'shop', issuedAt: 1, claims: { jti: 'j' } });
    const other = createPrincipal({ subject: 'bob', issuedAt: 1, claims: { jti: 'k' } });
    const isRefused = (reader: Revocations) => [
      reader.refuses('token'),
      reader.refusesNamed(reader.nameOf('token')),
      reader.statusOf('another', principal, 0),
      reader.refuses('another'),
      reader.refusesNamed(reader.nameOf('another')),
      reader.statusOf('another', other, 0),
    ];
    for (const [index, writer] of [open(SECRET), open(SECRET, next), open(next, SECRET), open(next)].entries()) {
      await writer.revokeToken(`token ${index}`);
      for (const reader of readers) expect(reader.refuses(`token ${index}`)).toBe(true);
    }
    await open(SECRET).revokeToken('token');
    await open(next).revokeClient('shop', { at: 2 });
    for (const reader of readers) expect(isRefused(reader)).toEqual([true, true, 'revoked', false, false, 'clear']);
    await open(SECRET).revokeJti('k');
    for (const reader of readers) expect(reader.statusOf('another', other, 0)).toBe('revoked');
  });

  test('find an eighth of the room beyond the limit, also for a subject that has used up its share; the rest is told', async () => {
    const bus = new LocalBus();
    const here = new Revocations({ secret: SECRET }, { bus });
    const there = new Revocations({ secret: SECRET, maxEntries: 16 }, { bus });
    await there.start();
    const events: CacheEvent[] = [];
    const stop = onCacheEvent((event) => events.push(event));
    for (let index = 0; index < 20; index += 1) await here.revokeToken(`t${index}`, { subject: 'mallory' });
    stop();
    expect([here.size, there.size, there.refused]).toEqual([20, 18, 2]);
    expect(events).toEqual([{ kind: 'revocations_full' }, { kind: 'revocations_full' }]);
    expect([there.refuses('t17'), there.refuses('t18')]).toEqual([true, false]);
    expect(await there.revokeToken('own', { subject: 'mallory' })).toBe(false);
  });

  test('are not told what finds no room here: it holds nowhere', async () => {
    const bus = new LocalBus();
    const here = new Revocations({ secret: SECRET, maxEntries: 1 }, { bus });
    const there = new Revocations({ secret: SECRET }, { bus });
    await there.start();
    expect([await here.revokeToken('a'), await here.revokeToken('b')]).toEqual([true, false]);
    expect([there.refuses('a'), there.refuses('b')]).toEqual([true, false]);
  });

  test('were not told when the bus throws, and the revocation holds here', async () => {
    const bus = new LocalBus();
    bus.publish = () => {
      throw new Error('no connection');
    };
    const revocations = new Revocations({ secret: SECRET }, { bus });
    expect(await revocations.revokeToken('t')).toBe(false);
    expect(revocations.refuses('t')).toBe(true);
  });
});

describe('memory', () => {
  test('beyond the limit a revocation is refused and told; none is forgotten, and no other token is refused', async () => {
    const events: CacheEvent[] = [];
    const stop = onCacheEvent((event) => events.push(event));
    const { subject, revocations } = revocable({ maxEntries: 2 });
    const told = [];
    for (const token of ['a', 'b', 'c']) told.push(await revocations.revokeToken(token));
    stop();
    expect(told).toEqual([true, true, false]);
    expect(revocations).toMatchObject({ size: 2, refused: 1 });
    expect(events).toEqual([{ kind: 'revocations_full' }]);
    const verdicts = [];
    for (const token of ['a', 'b', 'c', 'other']) {
      verdicts.push((await subject.ask(token, principalOf({ issuedAt: NOON - 1 }))).kind);
    }
    expect(verdicts).toEqual(['denied', 'denied', 'authenticated', 'authenticated']);
  });

  test('revocations that have ended make room', async () => {
    const { subject, revocations } = revocable({ maxEntries: 2 });
    revocations.revokeToken('a', { expiresAt: NOON + 1 });
    revocations.revokeToken('b', { expiresAt: NOON + 1 });
    subject.clock.pass(61);
    expect(await revocations.revokeToken('c')).toBe(true);
    expect(revocations).toMatchObject({ size: 1, refused: 0 });
  });

  test('what has ended makes room before what is kept without a known end', async () => {
    const { subject, revocations } = revocable({ maxEntries: 2, keepSeconds: 3_600 });
    revocations.revokeToken('endless');
    revocations.revokeToken('ended', { expiresAt: NOON + 3_600 });
    subject.clock.pass(3_660);
    expect(await revocations.revokeToken('new')).toBe(true);
    expect(await subject.ask('endless')).toMatchObject(REVOKED);
  });

  test("a subject's log-outs leave room for those of all others, and so do tokens of which no subject is known", async () => {
    const { revocations } = revocable({ maxEntries: 800 });
    const told = async (count: number, revoke: (index: number) => Promise<boolean>) => {
      let kept = 0;
      for (let index = 0; index < count; index += 1) if (await revoke(index)) kept += 1;
      return kept;
    };
    const mallory = { subject: 'mallory', issuer: ISSUER };
    expect(await told(1_000, (index) => revocations.revokeToken(`m${index}`, mallory))).toBe(100);
    expect(await told(10, (index) => revocations.revokeJti(`m${index}`, mallory))).toBe(0);
    expect(await told(1_000, (index) => revocations.revokeToken(`t${index}`))).toBe(600);
    expect(await told(50, (index) => revocations.revokeToken(`a${index}`, { subject: `alice${index}` }))).toBe(50);
    expect(await revocations.revokeSubject('mallory', { issuer: ISSUER })).toBe(true);
  });

  test('the limit is that of all subjects together', async () => {
    const { revocations } = revocable({ maxEntries: 16 });
    const told = await Promise.all(
      Array.from({ length: 24 }, (_, index) => revocations.revokeToken(`t${index}`, { subject: `alice${index}` })),
    );
    expect(told).toEqual([...Array(16).fill(true), ...Array(8).fill(false)]);
  });

  test('a subject that has used up its share gets it back as its revocations end', async () => {
    const { subject, revocations } = revocable({ maxEntries: 16 });
    const revoke = (token: string) =>
      revocations.revokeToken(token, { subject: 'mallory', expiresAt: subject.clock.now() / 1_000 });
    expect([await revoke('a'), await revoke('b'), await revoke('c')]).toEqual([true, true, false]);
    subject.clock.pass(60);
    expect([await revoke('c'), await revoke('d'), await revoke('e')]).toEqual([true, true, false]);
  });

  const many = isNightly ? 1_000_000 : 150_000;

  test(`${many} revocations: each token is refused, no other is, and each takes at most 56 bytes`, async () => {
    const { revocations } = revocable();
    for (let index = 0; index < many; index += 1) revocations.revokeToken(`t${index}`);
    expect(revocations).toMatchObject({ size: many, refused: 0 });
    for (let index = 0; index < many; index += 97) expect(revocations.refuses(`t${index}`)).toBe(true);
    for (let index = 0; index < 1_000; index += 1) expect(revocations.refuses(`stranger ${index}`)).toBe(false);
    expect(revocations.bytes).toBeGreaterThan(many * 28);
    expect(revocations.bytes).toBeLessThan(many * 56);
  });

  test('as many revoked subjects take at most 80 bytes each', async () => {
    const { revocations } = revocable();
    const told = [];
    for (let index = 0; index < 10_000; index += 1) told.push(await revocations.revokeSubject(`s${index}`));
    expect(told).not.toContain(false);
    expect(revocations.bytes).toBeLessThan(10_000 * 80 + 256 * 8 * 40);
  });

  test('a flood of revoked tokens does not push out a revoked subject', async () => {
    const { subject, revocations } = revocable({ maxEntries: 10 });
    revocations.revokeSubject('alice', { issuer: ISSUER, at: NOON + 100 });
    for (let index = 0; index < 1_000; index += 1) revocations.revokeToken(`t${index}`);
    const verdict = await subject.ask('t', principalOf({ issuer: ISSUER, issuedAt: NOON + 50 }));
    expect(verdict).toMatchObject(REVOKED);
  });
});

describe('arguments', () => {
  test.each([Number.NaN, -1, Number.POSITIVE_INFINITY])('a time of %p is refused: it would revoke nothing', (time) => {
    const { revocations } = revocable();
    expect(() => revocations.revokeToken('t', { expiresAt: time })).toThrow(TypeError);
    expect(() => revocations.revokeSubject('alice', { at: time })).toThrow(TypeError);
  });

  test.each([{ secret: 'short' }, { maxEntries: 0 }, { keepSeconds: 3_599 }, { keepsSeconds: 1 }])(
    'option %p is refused',
    (options) => {
      expect(() => new Revocations(options)).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^ERR_SALLYPORT_OPTION_(?:INVALID|UNKNOWN)$/) }),
      );
    },
  );

  test('without a bus everybody concerned has been told', async () => {
    const { revocations } = revocable();
    expect(await revocations.revokeToken('t')).toBe(true);
    await revocations.start();
    await revocations.close();
  });
});

test('a revocation does not touch refusals', async () => {
  const { subject, revocations } = revocable();
  await subject.ask('t', denied('token_inactive'));
  revocations.revokeSubject('alice');
  expect(await subject.ask('t')).toMatchObject({ reason: 'token_inactive' });
});

test('remembered answers alone have the bus read, twice a second and with nobody waiting', async () => {
  const clock = new ManualClock();
  let reads = 0;
  let revoke = async () => {};
  const bus: RevocationBus = {
    publish: async () => true,
    receive: async () => {
      reads += 1;
      await revoke();
      return { notices: [], isComplete: true };
    },
    listen: async () => {},
    close: async () => {},
  };
  const revocations = new Revocations({ secret: 'a deployment secret of 32 characters or more' }, { clock, bus });
  const { cache } = new CacheUnderTest({ ttlSeconds: 3_600 }, { clock, revocations });
  await cache.resolve('t', aRequest(), async () => principalOf());
  for (let tenth = 0; tenth < 30; tenth += 1) {
    clock.pass(0.1);
    expect(cache.resolve('t', aRequest(), async () => denied('asked'))).toMatchObject({ kind: 'authenticated' });
    await turn();
  }
  expect(reads).toBe(1 + 6);
  await revocations.synchronise();
  revoke = async () => {
    await Promise.resolve();
    await revocations.revokeToken('t');
  };
  clock.pass(0.6);
  expect(cache.find('t', buildRequest('/'))).toMatchObject({ kind: 'authenticated' });
  await revocations.synchronise();
  expect(cache.find('t', buildRequest('/'))).toBeUndefined();
});

describe('a process that was idle for a second', () => {
  /** A bus that keeps notices, whose messages are all lost. */
  function deafInstance(readNotices: () => Promise<ReceivedNotices>) {
    const clock = new ManualClock();
    const bus: RevocationBus = {
      publish: async () => true,
      receive: readNotices,
      listen: async () => {},
      close: async () => {},
    };
    const revocations = new Revocations({ secret: 'a deployment secret of 32 characters or more' }, { clock, bus });
    return new CacheUnderTest({ ttlSeconds: 3_600, negativeTtlSeconds: 0 }, { clock, revocations });
  }

  test('reads the bus before it answers: no missed message lets a revoked token pass', async () => {
    const sent: string[] = [];
    const sender = new Revocations(
      { secret: 'a deployment secret of 32 characters or more' },
      {
        bus: {
          publish: async (notice) => sent.push(notice) > 0,
          receive: async () => ({ notices: [], isComplete: true }),
          listen: async () => {},
          close: async () => {},
        },
      },
    );
    const subject = deafInstance(async () => ({ notices: sent.splice(0), isComplete: true }));
    for (const token of ['revoked', 'another']) await subject.ask(token);
    await sender.revokeToken('revoked');
    subject.clock.pass(1);
    expect(subject.cache.find('revoked', aRequest())).toBeUndefined();
    const [revoked, another] = await Promise.all([subject.ask('revoked'), subject.ask('another')]);
    expect([revoked, another]).toMatchObject([REVOKED, { kind: 'authenticated' }]);
    expect(subject.loads).toBe(2);
  });

  test('has all callers wait for one reading, not only the first', async () => {
    let finish = (_notices: ReceivedNotices) => {};
    let isFirst = true;
    let reads = 0;
    const subject = deafInstance(async () => {
      if (isFirst) return { notices: [], isComplete: true };
      reads += 1;
      return new Promise<ReceivedNotices>((resolve) => {
        finish = resolve;
      });
    });
    await subject.ask('t');
    isFirst = false;
    subject.clock.pass(5);
    const asked = [1, 2, 3].map(() => subject.ask('t'));
    const settled: unknown[] = [];
    for (const each of asked) each.then((verdict) => settled.push(verdict));
    await turn();
    expect([settled.length, reads]).toEqual([0, 1]);
    finish({ notices: [], isComplete: true });
    expect(await Promise.all(asked)).toMatchObject(asked.map(() => ({ kind: 'authenticated' })));
    expect(subject.loads).toBe(1);
  });

  test('answers from memory while the bus is away, and waits for one attempt in a second at most', async () => {
    let reads = 0;
    const subject = deafInstance(async () => {
      reads += 1;
      return { notices: [], isComplete: false };
    });
    await subject.ask('t');
    subject.clock.pass(60);
    expect(await subject.ask('t')).toMatchObject({ kind: 'authenticated' });
    expect(reads).toBe(2);
    expect(subject.cache.find('t', aRequest())).toBeDefined();
    expect(subject.loads).toBe(1);
  });
});
