import { describe, expect, test } from '@jest/globals';
import { MemoryOnceStore } from '@sallyport/core';
import { type Answer, ManualClock } from '@sallyport/core/testing';
import { NOON } from '../jwt/jwt-fixture.js';
import { DpopClient, DpopUnderTest, outcomeOf } from './dpop-fixture.js';

const SECRET = 'a secret that all instances share, 1';
const NEXT = 'a secret that all instances share, 2';

const client = new DpopClient();
const token = client.token();

const nonceOf = ({ headers }: Pick<Answer, 'headers'>) => headers.find(([name]) => name === 'DPoP-Nonce')?.[1];
const proofWith = (nonce: string | undefined, claims: object = {}) =>
  client.proof(token, { claims: { nonce, ...claims } });

describe('a nonce that is required', () => {
  const start = (clock = new ManualClock(), secret: string | readonly string[] = SECRET) =>
    new DpopUnderTest({ nonce: 'required', nonceSeconds: 100, secret }, { clock });

  test('is asked for by the scheme DPoP alone, and given in DPoP-Nonce [RFC 9449 9]', async () => {
    const answer = await start().ask(token, client.proof(token));
    expect(outcomeOf(answer)).toBe('401 use_dpop_nonce');
    expect(answer.challenges).toEqual([
      expect.stringMatching(/^DPoP realm="test", algs="[^"]+", error="use_dpop_nonce", error_description="[^"]+"$/),
    ]);
    expect(nonceOf(answer)).toMatch(/^[\x21\x23-\x5b\x5d-\x7e]+$/);
  });

  test('makes the second attempt pass, whatever the clock of the client says [RFC 9449 8, 11.1]', async () => {
    const under = start();
    const nonce = nonceOf(await under.ask(token, client.proof(token)));
    for (const iat of [NOON, NOON - 86_400, NOON + 86_400, 0]) {
      expect(await under.outcome(token, proofWith(nonce, { iat }))).toBe('200');
    }
  });

  test('does not make a proof good twice', async () => {
    const under = start();
    const nonce = nonceOf(await under.ask(token, client.proof(token)));
    const proof = proofWith(nonce);
    expect(await under.outcome(token, proof)).toBe('200');
    under.clock.pass(100);
    expect(await under.outcome(token, proof)).toBe('401 dpop_proof_replayed');
    under.clock.pass(1);
    expect(await under.outcome(token, proof)).toBe('401 use_dpop_nonce');
  });

  test('is good for its time, and the next one comes with answers in the second half [RFC 9449 8.2]', async () => {
    const under = start();
    const first = nonceOf(await under.ask(token, client.proof(token)));
    under.clock.pass(49);
    expect(nonceOf(await under.ask(token, proofWith(first)))).toBeUndefined();
    under.clock.pass(1);
    const answer = await under.ask(token, proofWith(first));
    const second = nonceOf(answer);
    expect([answer.status, second === first]).toEqual([200, false]);
    under.clock.pass(51);
    expect(await under.outcome(token, proofWith(first))).toBe('401 use_dpop_nonce');
    expect(await under.outcome(token, proofWith(second))).toBe('200');
  });

  test('of one instance is good on all that have the secret, and on no other', async () => {
    const clock = new ManualClock();
    const nonce = nonceOf(await start(clock).ask(token, client.proof(token)));
    expect(await start(clock).outcome(token, proofWith(nonce))).toBe('200');
    expect(await start(clock, [NEXT, SECRET]).outcome(token, proofWith(nonce))).toBe('200');
    expect(await start(clock, NEXT).outcome(token, proofWith(nonce))).toBe('401 use_dpop_nonce');
  });

  test('of an instance whose clock is ahead is good within the tolerance', async () => {
    const ahead = new ManualClock();
    ahead.pass(5);
    const nonce = nonceOf(await start(ahead).ask(token, client.proof(token)));
    expect(await start().outcome(token, proofWith(nonce))).toBe('200');
    ahead.pass(1);
    const later = nonceOf(await start(ahead).ask(token, client.proof(token)));
    expect(await start().outcome(token, proofWith(later))).toBe('401 use_dpop_nonce');
  });

  test('cannot be made by somebody else', async () => {
    const under = start();
    const nonce = String(nonceOf(await under.ask(token, client.proof(token))));
    const [time = '', mac = ''] = nonce.split('.');
    const later = (Number.parseInt(time, 36) + 1).toString(36);
    const forged = [
      ...[`${later}.${mac}`, time, `${time}.`, `.${mac}`, mac, `${time}.${mac.slice(1)}`, `${time}.${mac}A`],
      ...[`0${time}.${mac}`, `${time}.${mac}.${mac}`, nonce.toUpperCase(), ` ${nonce}`, '', 'null'],
    ];
    for (const each of forged) expect(await under.outcome(token, proofWith(each))).toBe('401 use_dpop_nonce');
    expect(await under.outcome(token, proofWith(nonce))).toBe('200');
  });

  test('is not given to proofs that are wrong otherwise', async () => {
    const under = start();
    expect(await under.outcome(token, client.proof(token, { claims: { htm: 'POST' } }))).toBe(
      '401 dpop_proof_method_mismatch',
    );
    expect(await under.outcome(token, new DpopClient().proof(token))).toBe('401 dpop_key_mismatch');
  });
});

describe('a nonce that is optional', () => {
  test('is asked for where the clock of the client does not fit, which then passes', async () => {
    const under = new DpopUnderTest();
    for (const iat of [NOON - 61, NOON + 61, NOON * 1_000]) {
      const answer = await under.ask(token, client.proof(token, { claims: { iat } }));
      expect(outcomeOf(answer)).toBe('401 use_dpop_nonce');
      expect(await under.outcome(token, proofWith(nonceOf(answer), { iat }))).toBe('200');
    }
  });

  test('is not asked for otherwise', async () => {
    const under = new DpopUnderTest();
    for (const iat of [NOON - 60, NOON, NOON + 60]) {
      const answer = await under.ask(token, client.proof(token, { claims: { iat } }));
      expect([answer.status, nonceOf(answer)]).toEqual([200, undefined]);
    }
  });

  test('that is not of this server is asked for again [RFC 9449 8]', async () => {
    expect(await new DpopUnderTest().outcome(token, proofWith('of-the-authorization-server'))).toBe(
      '401 use_dpop_nonce',
    );
  });
});

describe('without nonces', () => {
  test.each([
    ['never', { nonce: 'never' as const }, {}],
    ['marks that instances share, and no secret', {}, { onceStore: new MemoryOnceStore() }],
  ])('%s: iat alone counts, and what a proof has as nonce does not', async (_what, options, services) => {
    const under = new DpopUnderTest(options, services);
    expect(await under.outcome(token, client.proof(token, { claims: { iat: NOON - 61 } }))).toBe(
      '401 dpop_proof_untimely',
    );
    expect(await under.outcome(token, proofWith('any'))).toBe('200');
  });
});

describe('a mark', () => {
  test.each([
    ['by iat', {}, () => client.proof(token, { claims: { iat: NOON + 60 } }), 120],
    ['by iat in the past', {}, () => client.proof(token, { claims: { iat: NOON - 60 } }), 0],
  ])('lasts for as long as its proof is good: %s', async (_what, options, proofOf, seconds) => {
    const under = new DpopUnderTest({ nonce: 'never', ...options });
    const proof = proofOf();
    expect(await under.outcome(token, proof)).toBe('200');
    under.clock.pass(seconds);
    expect(await under.outcome(token, proof)).toBe('401 dpop_proof_replayed');
    under.clock.pass(1);
    expect(await under.outcome(token, proof)).toBe('401 dpop_proof_untimely');
  });

  test('is one for each key: two clients may use the same jti', async () => {
    const under = new DpopUnderTest();
    const other = new DpopClient();
    const claims = { jti: 'one' };
    expect(await under.outcome(token, client.proof(token, { claims }))).toBe('200');
    expect(await under.outcome(other.token(), other.proof(other.token(), { claims }))).toBe(
      '401 dpop_proof_token_mismatch',
    );
    const theirs = other.token();
    expect(await under.outcome(theirs, other.proof(theirs, { claims }))).toBe('200');
  });

  test('stands on the account of the party, so nobody takes the marks of others [DESIGN 15]', async () => {
    const clock = new ManualClock();
    const onceStore = new MemoryOnceStore({ maxEntries: 8 }, { clock });
    const under = new DpopUnderTest({}, { clock, onceStore });
    const seen = new Map<string, number>();
    const ask = async (subject: string) => {
      // A thief of many keys and tokens is still one party.
      const owner = new DpopClient();
      const theirs = owner.token({ sub: subject, jti: `${subject} ${seen.size}` });
      const outcome = await under.outcome(theirs, owner.proof(theirs));
      seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
      return outcome;
    };
    for (let times = 0; times < 20; times += 1) await ask('mallory');
    expect(Object.fromEntries(seen)).toEqual({ '200': 4, '503 once_store_unavailable': 16 });
    expect(await ask('alice')).toBe('200');
    expect(await ask('bob')).toBe('200');
  });
});
