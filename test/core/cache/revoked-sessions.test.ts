import { describe, expect, test } from '@jest/globals';
import { Revocations } from '@sallyport/core';
import { buildRequest, ManualClock } from '@sallyport/core/testing';
import { aRequest, CacheUnderTest, NOON, principalOf } from './cache-fixture.js';

const REVOKED = { kind: 'denied', reason: 'token_revoked' };
const GOOD = { kind: 'authenticated' };
const ISSUER = 'https://as.example';

function revocable(): { subject: CacheUnderTest; revocations: Revocations } {
  const clock = new ManualClock();
  const revocations = new Revocations({}, { clock });
  return { revocations, subject: new CacheUnderTest({ ttlSeconds: 3_600 }, { clock, revocations }) };
}

const tokenOf = (sid: unknown, { issuer = ISSUER, issuedAt = NOON - 60, subject = 'alice' } = {}) =>
  principalOf({ issuer, subject, issuedAt, claims: sid === undefined ? {} : { sid } });

describe('the tokens of a revoked session (OpenID Connect Back-Channel Logout 1.0 2.7)', () => {
  test('are refused, remembered or not; those of other sessions are not', async () => {
    const { subject, revocations } = revocable();
    for (const known of ['a', 'b']) await subject.ask(known, tokenOf('s1'));
    await subject.ask('other', tokenOf('s2'));
    expect(await revocations.revokeSession('s1', { issuer: ISSUER })).toBe(true);
    for (const token of ['a', 'b', 'c']) expect(await subject.ask(token, tokenOf('s1'))).toMatchObject(REVOKED);
    expect(await subject.ask('other', tokenOf('s2'))).toMatchObject(GOOD);
    expect(await subject.ask('none', tokenOf(undefined))).toMatchObject(GOOD);
  });

  test('are refused also if they were issued later: a session that has ended does not begin again', async () => {
    const { subject, revocations } = revocable();
    await revocations.revokeSession('s1', { issuer: ISSUER });
    expect(await subject.ask('late', tokenOf('s1', { issuedAt: NOON + 60 }))).toMatchObject(REVOKED);
  });

  test('of one issuer say nothing about another; without an issuer all are meant', async () => {
    const { subject, revocations } = revocable();
    await revocations.revokeSession('s1', { issuer: 'https://elsewhere.example' });
    expect(await subject.ask('a', tokenOf('s1'))).toMatchObject(GOOD);
    await revocations.revokeSession('s1');
    expect(await subject.ask('a', tokenOf('s1'))).toMatchObject(REVOKED);
  });

  test('that was looked up meanwhile is neither given nor kept', async () => {
    const { subject, revocations } = revocable();
    const looking = subject.cache.resolve('t', aRequest(), async () => {
      await revocations.revokeSession('s1', { issuer: ISSUER });
      return tokenOf('s1');
    });
    expect(await looking).toMatchObject(REVOKED);
    expect(subject.cache.find('t', buildRequest('/'))).toBeUndefined();
  });

  test.each([
    ['a number, read as its digits', 17, '17'],
    ['a text', '17', '17'],
  ])('may name it by %s', async (_kind, sent, sid) => {
    const { subject, revocations } = revocable();
    await revocations.revokeSession(sid, { issuer: ISSUER });
    expect(await subject.ask('t', tokenOf(sent))).toMatchObject(REVOKED);
  });

  test('are not found by a jti of the same text, and tokens of a revoked jti not by a session', async () => {
    const { subject, revocations } = revocable();
    await revocations.revokeSession('x', { issuer: ISSUER });
    await revocations.revokeJti('y', { issuer: ISSUER });
    expect(await subject.ask('a', principalOf({ issuer: ISSUER, claims: { jti: 'x' } }))).toMatchObject(GOOD);
    expect(await subject.ask('b', tokenOf('y'))).toMatchObject(GOOD);
  });
});

describe('a session that is revoked', () => {
  test('with the subject: its tokens that name no session are refused as well, if they were issued up to then', async () => {
    const { subject, revocations } = revocable();
    const tokens = {
      unnamed: tokenOf(undefined),
      later: tokenOf(undefined, { issuedAt: NOON + 1 }),
      another: tokenOf('s2'),
      bob: tokenOf(undefined, { subject: 'bob' }),
      elsewhere: tokenOf(undefined, { issuer: 'https://elsewhere.example' }),
    };
    for (const [token, principal] of Object.entries(tokens)) await subject.ask(token, principal);
    await revocations.revokeSession('s1', { issuer: ISSUER, subject: 'alice', at: NOON });
    const refused = [];
    for (const [token, principal] of Object.entries(tokens)) {
      if ((await subject.ask(token, principal)).kind === 'denied') refused.push(token);
    }
    expect(refused).toEqual(['unnamed']);
  });

  test('counts against the share of its subject in the room of revocations', async () => {
    const clock = new ManualClock();
    const revocations = new Revocations({ maxEntries: 16 }, { clock });
    const told = [];
    for (const sid of ['1', '2', '3'])
      told.push(await revocations.revokeSession(sid, { issuer: ISSUER, subject: 'alice' }));
    expect(told).toEqual([true, true, false]);
    expect(await revocations.revokeSession('4', { issuer: ISSUER, subject: 'bob' })).toBe(true);
  });
});
