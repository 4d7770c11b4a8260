import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { allOf, headerHandler, Revocations, SecurityChain } from '@sallyport/core';
import { buildRequest, ManualClock } from '@sallyport/core/testing';
import { IntrospectionUnderTest } from './introspection-fixture.js';
import { IntrospectionServer } from './introspection-server.js';

const REVOKED = '401 token_revoked';
const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

let server: IntrospectionServer;
let clock: ManualClock;
let revocations: Revocations;
let subject: IntrospectionUnderTest;

beforeEach(async () => {
  clock = new ManualClock();
  server = await IntrospectionServer.start();
  revocations = new Revocations({}, { clock });
  subject = new IntrospectionUnderTest({ endpoint: server.endpoint }, { clock, revocations });
});

afterEach(async () => {
  await subject.close();
  await server.close();
});

const now = () => clock.now() / 1_000;
const active = (more: object = {}) => server.answers({ body: { active: true, sub: 'alice', jti: 'j1', ...more } });

describe('a JWT that only the server can judge', () => {
  const token = `${encoded({ alg: 'ES256' })}.${encoded({ sub: 'alice' })}`;

  test('is refused under any signature once it was revoked, and the server is not asked', async () => {
    active();
    expect([await subject.outcome(`${token}.YQ`), await subject.outcome(`${token}.Yg`)]).toEqual(['200', '200']);
    revocations.revokeToken(`${token}.YQ`);
    for (const signature of ['YQ', 'Yg', 'Yw', ''])
      expect(await subject.outcome(`${token}.${signature}`)).toBe(REVOKED);
    expect(server.calls).toBe(2);
  });

  test('is refused under another signature when it is revoked while the server is asked', async () => {
    active();
    const pending = subject.outcome(`${token}.Yg`);
    revocations.revokeToken(`${token}.YQ`);
    expect(await pending).toBe(REVOKED);
  });
});

describe('a token that lives for 7 days stays revoked', () => {
  const revoke: readonly (readonly [string, () => Promise<boolean>])[] = [
    ['by its text', () => revocations.revokeToken('token')],
    ['by its text and its end', () => revocations.revokeToken('token', { expiresAt: now() + 7 * 86_400 })],
    ['by its jti', () => revocations.revokeJti('j1')],
    ['by its subject', () => revocations.revokeSubject('alice')],
  ];

  test.each(revoke)('%s', async (_what, doRevoke) => {
    active({ iat: now(), exp: now() + 7 * 86_400 });
    expect(await doRevoke()).toBe(true);
    for (let day = 0; day < 7; day += 1) {
      expect(await subject.outcome()).toBe(REVOKED);
      clock.pass(86_399);
    }
  });
});

describe('a token that was good before a slow second credential', () => {
  test.each([
    ['its text', REVOKED, () => void revocations.revokeToken('token')],
    ['its jti', REVOKED, () => void revocations.revokeJti('j1')],
    ['its subject, not knowing when it was issued', REVOKED, () => void revocations.revokeSubject('alice')],
    ['its end', '401 token_expired', () => clock.pass(4)],
    ['nothing', '200', () => void revocations.revokeSubject('bob')],
  ])('falls by %s: %s', async (_what, outcome, happen) => {
    let letGo: (() => void) | undefined;
    const slow = headerHandler({
      name: 'slow',
      header: 'X-Slow',
      verify: () =>
        new Promise((resolve) => {
          letGo = () => resolve({ subject: 'alice' });
        }),
    });
    active({ exp: outcome === REVOKED ? undefined : now() - 1 });
    const chain = new SecurityChain({ requirement: allOf(subject.handler, slow) }, { clock });
    const pending = chain.decide(buildRequest('GET /', { bearer: 'token', headers: { 'X-Slow': '1' } }));
    while (letGo === undefined) await new Promise((resolve) => setImmediate(resolve));
    happen();
    letGo();
    const decision = await pending;
    expect(decision.kind === 'granted' ? '200' : `${decision.status} ${decision.reason}`).toBe(outcome);
  });
});
