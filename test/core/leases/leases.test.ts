import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  allOf,
  forbidden,
  type GuardFunction,
  limited,
  route,
  routes,
  SecurityChain,
  unavailable,
} from '@sallyport/core';
import { type SecurityRequest } from '@sallyport/core/extend';
import { LeaseSetting, NamedTokens, requestOf, settled } from './lease-fixture.js';

let setting: LeaseSetting;
beforeEach(() => {
  setting = new LeaseSetting();
});
afterEach(() => setting.close());

describe('a lease ends at the expiry of the credential', () => {
  test('and not before', async () => {
    setting.tokens.users.set('alice', { expiresAt: setting.now + 30 });
    const lease = await setting.lease('alice');
    const told: string[] = [];
    lease.onEnd((end) => told.push(end));
    setting.clock.pass(29.9);
    expect([lease.ended, lease.signal.aborted, told]).toEqual([undefined, false, []]);
    setting.clock.pass(0.6);
    expect([lease.ended, lease.signal.aborted, told]).toEqual(['expired', true, ['expired']]);
    expect(setting.chain.leases).toMatchObject({ active: 0, expired: 1 });
    expect(setting.clock.waiting).toBe(0);
  });

  test('of several proofs, at that of the first (allOf)', async () => {
    const keys = new NamedTokens(setting.clock, setting.revocations, { name: 'keys', source: 'header:x-key' });
    setting.tokens.users.set('alice', { expiresAt: setting.now + 100 });
    keys.users.set('k', { expiresAt: setting.now + 20 });
    const chain = new SecurityChain({ requirement: allOf(setting.tokens, keys) }, { clock: setting.clock });
    const lease = await Object.assign(setting, { chain }).lease('alice', {
      request: requestOf('alice', '/', 'X-Key', 'k'),
    });
    setting.clock.pass(21);
    expect(lease.ended).toBe('expired');
  });

  test('at once, where it has expired since the decision', async () => {
    setting.tokens.users.set('alice', { expiresAt: setting.now + 30 });
    const { decision } = await setting.chain.explain(requestOf('alice'));
    setting.clock.pass(31);
    const terms = { guards: [], others: [], recheckSeconds: 60 };
    expect(setting.chain.lease(decision as never, requestOf('alice'), terms).ended).toBe('expired');
  });

  test('also when the wall clock is put forward', async () => {
    setting.tokens.users.set('alice', { expiresAt: setting.now + 3_600 });
    const lease = await setting.lease('alice');
    setting.clock.set(3_601);
    setting.clock.pass(0.5);
    expect(lease.ended).toBe('expired');
  });
});

describe('a lease ends in the moment in which what it rests on is revoked', () => {
  const init = { issuer: 'https://as.example', subject: 'alice', clientId: 'shop', claims: { jti: 'j-1' } };

  test.each<[string, (setting: LeaseSetting) => Promise<boolean>]>([
    ['the token', ({ revocations }) => revocations.revokeToken('token-1')],
    ['its jti', ({ revocations }) => revocations.revokeJti('j-1')],
    ['its jti at its issuer', ({ revocations }) => revocations.revokeJti('j-1', { issuer: 'https://as.example' })],
    ['its subject', ({ revocations }) => revocations.revokeSubject('alice')],
    ['its subject at its issuer', ({ revocations }) => revocations.revokeSubject('alice', { issuer: init.issuer })],
    ['its client', ({ revocations }) => revocations.revokeClient('shop')],
    ['its client at its issuer', ({ revocations }) => revocations.revokeClient('shop', { issuer: init.issuer })],
  ])('%s', async (_what, revoke) => {
    setting.tokens.users.set('token-1', { ...init, issuedAt: setting.now - 10 });
    setting.tokens.users.set('token-2', { subject: 'bob', issuedAt: setting.now - 10 });
    const [lease, other] = [await setting.lease('token-1'), await setting.lease('token-2')];
    await revoke(setting);
    expect([lease.ended, other.ended]).toEqual(['revoked', undefined]);
    expect(setting.events).toMatchObject([
      { end: 'revoked', reason: 'token_revoked', principal: { subject: 'alice' } },
    ]);
  });

  test('unless its token was issued after what is revoked', async () => {
    setting.tokens.users.set('token-1', { ...init, issuedAt: setting.now });
    const lease = await setting.lease('token-1');
    await setting.revocations.revokeSubject('alice', { at: setting.now - 1 });
    expect(lease.ended).toBeUndefined();
    await setting.revocations.revokeSubject('alice', { at: setting.now });
    expect(lease.ended).toBe('revoked');
  });

  test('where nobody knows when the token was issued, by each revocation of its subject', async () => {
    const lease = await setting.lease('alice');
    await setting.revocations.revokeSubject('alice', { at: setting.now - 1_000 });
    expect(lease.ended).toBe('revoked');
  });

  test('one of several proofs (allOf)', async () => {
    const keys = new NamedTokens(setting.clock, setting.revocations, { name: 'keys', source: 'header:x-key' });
    const chain = new SecurityChain({ requirement: allOf(setting.tokens, keys) }, { clock: setting.clock });
    const lease = await Object.assign(setting, { chain }).lease('alice', {
      request: requestOf('alice', '/', 'X-Key', 'k'),
    });
    await setting.revocations.revokeToken('k');
    expect(lease.ended).toBe('revoked');
  });

  test('between the decision and the lease', async () => {
    const { decision } = await setting.chain.explain(requestOf('alice'));
    await setting.revocations.revokeSubject('alice');
    const terms = { guards: [], others: [], recheckSeconds: 60 };
    expect(setting.chain.lease(decision as never, requestOf('alice'), terms).ended).toBe('revoked');
  });

  test('many leases of one subject end in several turns, those of others stay', async () => {
    const leases = await Promise.all(Array.from({ length: 2_500 }, () => setting.lease('alice')));
    const other = await setting.lease('bob');
    await setting.revocations.revokeSubject('alice');
    expect(leases.filter(({ ended }) => ended === 'revoked')).toHaveLength(1_000);
    setting.clock.pass(0);
    expect(leases.filter(({ ended }) => ended === 'revoked')).toHaveLength(2_500);
    expect(other.ended).toBeUndefined();
  });
});

describe('a lease is asked about again', () => {
  let answer: GuardFunction;
  let asked: SecurityRequest[];
  const guarded = (terms = {}) =>
    setting.lease('alice', {
      guards: [
        (principal, request) => {
          asked.push(request);
          return answer(principal, request);
        },
      ],
      recheckSeconds: 10,
      ...terms,
    });
  beforeEach(() => {
    asked = [];
    answer = () => true;
  });

  test('at the interval, as long as it goes on', async () => {
    const lease = await guarded();
    expect(asked).toHaveLength(0);
    setting.clock.pass(9.9);
    expect(asked).toHaveLength(0);
    setting.clock.pass(25);
    expect(asked).toHaveLength(3);
    lease.release();
    setting.clock.pass(100);
    expect(asked).toHaveLength(3);
    expect(setting.clock.waiting).toBe(0);
  });

  test('and ends where a guard refuses, at once or later', async () => {
    const [first, second] = [await guarded(), await guarded()];
    let says = false;
    answer = () => (says ? Promise.resolve(forbidden('left_the_team')) : true);
    setting.clock.pass(11);
    await settled();
    expect([first.ended, second.ended]).toEqual([undefined, undefined]);
    says = true;
    setting.clock.pass(11);
    await settled();
    expect([first.ended, second.ended]).toEqual(['denied', 'denied']);
    expect(setting.events[0]).toMatchObject({ end: 'denied', reason: 'left_the_team' });
  });

  test.each<[string, GuardFunction]>([
    [
      'throws',
      () => {
        throw new Error('a bug');
      },
    ],
    ['rejects', () => Promise.reject(new Error('a bug'))],
    ['returns no verdict', () => undefined as never],
  ])('and ends where a guard %s', async (_what, says) => {
    const lease = await guarded();
    answer = says;
    setting.clock.pass(11);
    await settled();
    expect(lease.ended).toBe('denied');
    expect(setting.events[0]).toMatchObject({ reason: 'guard_threw' });
  });

  test.each([
    ['cannot tell', unavailable('policy_down')],
    ['counts too many requests', limited({ retryAfterSeconds: 1 })],
  ])('and goes on while a guard %s, for one more interval', async (_what, verdict) => {
    const [passing, lasting] = [await guarded(), await guarded()];
    answer = () => verdict;
    setting.clock.pass(12);
    expect([passing.ended, lasting.ended]).toEqual([undefined, undefined]);
    answer = ({ subject }) => subject === 'alice';
    setting.clock.pass(6);
    answer = () => verdict;
    setting.clock.pass(12);
    expect(passing.ended).toBeUndefined();
    setting.clock.pass(12);
    await settled();
    expect(passing.ended).toBe('denied');
  });

  test('and a guard that never answers is one that cannot tell', async () => {
    const lease = await guarded();
    answer = () => new Promise(() => {});
    for (let second = 0; second < 40; second += 1) {
      setting.clock.pass(1);
      await settled();
    }
    expect(lease.ended).toBe('denied');
    expect(setting.events[0]).toMatchObject({ reason: 'deadline_exceeded' });
  });

  test('with the principal, the path and its parameters, and the headers that carry no credential', async () => {
    const operations = routes([route('GET', '/teams/{team}/news')]);
    setting.close();
    setting = new LeaseSetting({ operations });
    const keys = new NamedTokens(setting.clock, setting.revocations, { name: 'keys', source: 'header:x-key' });
    setting.chain.requiring(keys);
    const lines = ['X-Tenant', 'acme', 'X-Key', 'key-of-alice', 'Cookie', 'sid=1', 'DPoP', 'proof'];
    const lease = await guarded({ request: requestOf('alice', '/teams/blue/news?access_token=t', ...lines) });
    setting.clock.pass(11);
    const [request] = asked as [SecurityRequest];
    expect(request).toMatchObject({ method: 'GET', target: '/teams/blue/news', remoteAddress: '192.0.2.1' });
    expect(request.pathParameters).toEqual({ team: 'blue' });
    expect(request.header('x-tenant')).toBe('acme');
    for (const name of ['authorization', 'x-key', 'cookie', 'dpop']) expect(request.headerLines(name)).toEqual([]);
    expect(lease.ended).toBeUndefined();
  });

  test('by the guards of the chain and of its operation, too', async () => {
    setting.close();
    const refused = new Set<string>();
    const named = (name: string) => () => !refused.has(name);
    const operations = routes([route('GET', '/', { guards: [named('operation')] })]);
    setting = new LeaseSetting({ guards: [named('chain')], operations });
    for (const name of ['chain', 'operation']) {
      const lease = await setting.lease('alice', { recheckSeconds: 10 });
      refused.add(name);
      setting.clock.pass(11);
      expect(lease.ended).toBe('denied');
      refused.clear();
    }
  });
});

describe('a lease that is over', () => {
  test('ends once, tells once, and keeps no timer', async () => {
    const lease = await setting.lease('alice');
    const told: string[] = [];
    lease.onEnd((end) => told.push(end));
    lease.onEnd(() => {
      throw new Error('of the application');
    });
    lease.onEnd((end) => told.push(`too: ${end}`));
    lease.release();
    lease.release();
    await setting.revocations.revokeSubject('alice');
    lease.onEnd((end) => told.push(`late: ${end}`));
    expect(told).toEqual(['released', 'too: released', 'late: released']);
    expect(lease.signal.aborted).toBe(true);
    expect(setting.chain.leases).toMatchObject({ active: 0, released: 1, revoked: 0 });
    expect([setting.events, setting.clock.waiting]).toEqual([[], 0]);
  });

  test('of a chain that is closed ends, and a closed chain gives none until it starts again', async () => {
    const lease = await setting.lease('alice');
    await setting.chain.close();
    expect(lease.ended).toBe('closed');
    expect((await setting.lease('alice')).ended).toBe('closed');
    await setting.chain.start();
    expect((await setting.lease('alice')).ended).toBeUndefined();
  });

  test('is told to the operator: who, what, why and how long', async () => {
    const lease = await setting.lease('alice');
    setting.clock.pass(12.5);
    await setting.revocations.revokeSubject('alice');
    expect(lease.ended).toBe('revoked');
    expect(setting.events).toEqual([
      {
        kind: 'lease_ended',
        chain: 'leases',
        operation: undefined,
        end: 'revoked',
        reason: 'token_revoked',
        principal: { kind: 'user', issuer: undefined, subject: 'alice', clientId: undefined },
        heldSeconds: 12.5,
      },
    ]);
  });

  test('where the credential is no longer in the request, nobody can follow it, and it ends', async () => {
    const { decision } = await setting.chain.explain(requestOf('alice'));
    const terms = { guards: [], others: [], recheckSeconds: 60 };
    const lease = setting.chain.lease(decision as never, { method: 'GET', target: '/', rawHeaders: [] }, terms);
    expect(lease.ended).toBe('denied');
    expect(setting.events[0]).toMatchObject({ reason: 'proof_not_followed' });
  });
});
