import { expect, test } from '@jest/globals';
import { Revocations } from '@sallyport/core';
import { ManualClock } from '@sallyport/core/testing';
import { NOON } from './cache-fixture.js';

const encoded = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

const HEADER = encoded({ alg: 'ES256', typ: 'at+jwt' });
const PAYLOAD = encoded({ iss: 'https://as.example', sub: 'alice', exp: NOON + 604_800 });
const JWS = `${HEADER}.${PAYLOAD}.c2lnbmF0dXJl`;
const ENCRYPTED = encoded({ alg: 'dir', enc: 'A256GCM', cty: 'JWT' });

function refuses(revoked: string, presented: string): boolean {
  const revocations = new Revocations();
  revocations.revokeToken(revoked);
  return revocations.refuses(presented);
}

test.each([
  ['another signature', `${HEADER}.${PAYLOAD}.b3RoZXI`],
  ['the signature in another alphabet, padded', `${HEADER}.${PAYLOAD}.c2lnbmF0dXJl==`],
  ['no signature', `${HEADER}.${PAYLOAD}.`],
  ['not even a place for it', `${HEADER}.${PAYLOAD}`],
  ['something behind the signature', `${JWS}.more`],
  ['disclosures behind it', `${JWS}~WyJzYWx0Il0~`],
])('a revoked JWS is refused with %s: its signing input counts (RFC 7515 5.2)', (_what, twin) => {
  expect(refuses(JWS, twin)).toBe(true);
  expect(refuses(twin, JWS)).toBe(true);
});

test.each([
  ['another payload', `${HEADER}.${encoded({ sub: 'bob' })}.c2lnbmF0dXJl`],
  ['another header', `${encoded({ alg: 'ES256' })}.${PAYLOAD}.c2lnbmF0dXJl`],
])('a JWS with %s is another token', (_what, other) => {
  expect(refuses(JWS, other)).toBe(false);
});

test.each([[`${' {"alg":"ES256"}'}`], [`\n{"alg":"ES256"}`], [`\u{feff}{"alg":"ES256"}`]])(
  'a header may begin with white space: %j',
  (header) => {
    const start = `${encoded(header)}.${PAYLOAD}`;
    expect(refuses(`${start}.YQ`, `${start}.Yg`)).toBe(true);
  },
);

test.each([
  ['PASETO tokens', 'v4.public.YWxpY2U', 'v4.public.Ym9i'],
  ['opaque tokens with dots', 'prod.alice.1', 'prod.alice.2'],
  ['tokens whose first part is JSON without `alg`', `${encoded({ v: 1 })}.a.b`, `${encoded({ v: 1 })}.a.c`],
  ['tokens whose first part only looks like JSON', 'eyJhbGciOiJF.a.b', 'eyJhbGciOiJF.a.c'],
  ['JWS with a detached payload', `${HEADER}..YQ`, `${HEADER}..Yg`],
  ['texts of dots', '.a.b', '.a.c'],
])('of %s the whole text counts', (_what, revoked, other) => {
  expect(refuses(revoked, revoked)).toBe(true);
  expect(refuses(revoked, other)).toBe(false);
});

test('a revoked JWE is refused in every spelling of its parts and with any tag; another one is not (RFC 7516 7.1)', () => {
  const jwe = `${ENCRYPTED}..aXY.Y2lwaGVydGV4dA.dGFn`;
  expect(refuses(jwe, `${ENCRYPTED}..aXY=.Y2lwaGVydGV4dB.dGFo`)).toBe(true);
  expect(refuses(jwe, jwe)).toBe(true);
  expect(refuses(jwe, `${ENCRYPTED}..aXY.Y2lwaGVydGV4dEE.dGFn`)).toBe(false);
  expect(refuses(jwe, `${ENCRYPTED}..aXZB.Y2lwaGVydGV4dA.dGFn`)).toBe(false);
});

test('the exp of a JWS tells how long its revocation is kept; what the caller says may prolong that, never shorten it', () => {
  for (const expiresAt of [undefined, NOON, NOON + 604_800]) {
    const clock = new ManualClock();
    const revocations = new Revocations({}, { clock });
    revocations.revokeToken(JWS, { expiresAt });
    clock.pass(604_859);
    expect(revocations.refuses(JWS)).toBe(true);
    clock.pass(1);
    expect(revocations.refuses(JWS)).toBe(false);
  }
  const clock = new ManualClock();
  const revocations = new Revocations({}, { clock });
  revocations.revokeToken(JWS, { expiresAt: NOON + 1_000_000 });
  clock.pass(1_000_059);
  expect(revocations.refuses(JWS)).toBe(true);
});

test.each(['soon', null, -1, {}, undefined])('an exp of %j tells nothing: the revocation has no known end', (exp) => {
  const clock = new ManualClock();
  const revocations = new Revocations({}, { clock });
  const token = `${HEADER}.${encoded({ sub: 'alice', exp })}.YQ`;
  revocations.revokeToken(token);
  clock.pass(10 * 86_400);
  expect(revocations.refuses(token)).toBe(true);
});

test('tokens that claim to end later than anybody checked leave half of the room to others', async () => {
  const revocations = new Revocations({ maxEntries: 100 }, { clock: new ManualClock() });
  const forged = (sub: string) => `${HEADER}.${encoded({ sub, exp: 253_402_300_799 })}.YQ`;
  let kept = 0;
  for (let index = 0; index < 100; index += 1) if (await revocations.revokeToken(forged(`m${index}`))) kept += 1;
  expect(kept).toBe(50);
  expect(await revocations.revokeToken(forged('known'), { expiresAt: 253_402_300_799 })).toBe(true);
  expect(await revocations.revokeToken(`${HEADER}.${encoded({ sub: 'alice', exp: NOON + 600 })}.YQ`)).toBe(true);
});

test('a JWS counts against the share of the subject that it names', async () => {
  const revocations = new Revocations({ maxEntries: 80 }, { clock: new ManualClock() });
  const token = (sub: string, jti: number) =>
    `${HEADER}.${encoded({ iss: 'https://as.example', sub, jti, exp: NOON + 600 })}.YQ`;
  const told = [];
  for (let jti = 0; jti < 11; jti += 1) told.push(await revocations.revokeToken(token('mallory', jti)));
  expect(told).toEqual([...Array(10).fill(true), false]);
  expect(await revocations.revokeToken(token('alice', 1))).toBe(true);
});
