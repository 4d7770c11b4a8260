import { describe, expect, test } from '@jest/globals';
import { SecurityChain } from '@sallyport/core';
import { ManualClock } from '@sallyport/core/testing';
import { JwtHandler } from '@sallyport/handlers/jwt';
import fc from 'fast-check';
import { jwtVerify } from 'jose';
import { cases } from '../../support/random-cases.js';
import { AUDIENCE, bearerRequest, CLAIMS, ISSUER, NOON, outcomeOf, tokenBy, trusted } from './jwt-fixture.js';
import { newKey, tokenOf } from './signing.js';

const EC = newKey('ES256', 'key-1');
const TOKEN = tokenBy(EC);

const RUNS = cases(1_500);

function chain(): SecurityChain {
  const issuers = [trusted({ jwks: { keys: [EC.jwk] } })];
  return new SecurityChain({ requirement: new JwtHandler({ realm: 'test', issuers }, { clock: new ManualClock() }) });
}

const CHARACTERS = fc.constantFrom(...'ABCZabcz0189-_.~+/= ,"\u00e9\t');

/** A token with one of its characters exchanged, left out or put in anew. */
const MUTANTS = fc.record({
  at: fc.nat(TOKEN.length - 1),
  cut: fc.nat(2),
  insert: fc.array(CHARACTERS, { maxLength: 2 }).map((characters) => characters.join('')),
});

describe('whatever is done to a token', () => {
  test('none but the token itself is accepted, and nothing breaks (RFC 7515 5.2)', async () => {
    const security = chain();
    await fc.assert(
      fc.asyncProperty(MUTANTS, async ({ at, cut, insert }) => {
        const mutant = TOKEN.slice(0, at) + insert + TOKEN.slice(at + cut);
        const outcome = outcomeOf(await security.decide(bearerRequest(mutant)));
        // Further spaces behind the scheme, and white space behind the value, are no part of it (RFC 9110 5.5, 11.4).
        expect(outcome === 'granted').toBe(mutant.replace(/^ +/, '').trimEnd() === TOKEN);
        expect(outcome).toMatch(/^(granted|401 |400 )/);
      }),
      RUNS,
    );
  });

  const JSON_VALUES = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom<unknown>(
      NOON - 1,
      NOON,
      NOON + 1,
      NOON + 600,
      -1,
      0,
      1e300,
      ISSUER,
      AUDIENCE,
      [AUDIENCE],
      'alice',
      '',
    ),
  );

  const CHANGES = fc.dictionary(
    fc.constantFrom('iss', 'sub', 'aud', 'client_id', 'scope', 'iat', 'exp', 'nbf', 'jti', 'cnf', 'roles', '__proto__'),
    JSON_VALUES,
    { maxKeys: 3 },
  );

  /** The same token for a library that takes null and "" for values. Here they mean that a claim is absent. */
  const withoutAbsent = (claims: object) => {
    const present = Object.entries(claims).filter(([, value]) => value !== null && value !== '');
    const header = JSON.stringify({ alg: 'ES256', typ: 'at+jwt', kid: EC.kid });
    return tokenOf(header, JSON.stringify(Object.fromEntries(present)), 'ES256', EC.privateKey);
  };

  test('what is accepted, another library accepts as well: every difference is a refusal', async () => {
    const security = chain();
    await fc.assert(
      fc.asyncProperty(CHANGES, async (changes) => {
        const header = JSON.stringify({ alg: 'ES256', typ: 'at+jwt', kid: EC.kid });
        const token = tokenOf(header, JSON.stringify({ ...CLAIMS, ...changes }), 'ES256', EC.privateKey);
        const outcome = outcomeOf(await security.decide(bearerRequest(token)));
        expect(outcome).toMatch(/^(granted|401 )/);
        if (outcome === 'granted') await jwtVerify(withoutAbsent({ ...CLAIMS, ...changes }), EC.publicKey, PEER);
      }),
      RUNS,
    );
  });

  const PEER = {
    algorithms: ['ES256'],
    issuer: ISSUER,
    audience: AUDIENCE,
    typ: 'at+jwt',
    clockTolerance: 5,
    currentDate: new Date(NOON * 1_000),
    requiredClaims: ['sub', 'iat', 'exp', 'jti', 'client_id'],
  };

  test('no header of any values gets a forged token in (RFC 8725 3.1)', async () => {
    const security = chain();
    const attacker = newKey('ES256', 'key-1');
    const names = fc.constantFrom('alg', 'typ', 'kid', 'jwk', 'jku', 'x5c', 'x5u', 'crit', 'b64', 'enc', 'zip', 'cty');
    const values = fc.oneof(JSON_VALUES, fc.constantFrom<unknown>('none', 'HS256', 'ES256', 'at+jwt', attacker.jwk));
    await fc.assert(
      fc.asyncProperty(fc.dictionary(names, values, { maxKeys: 5 }), async (changes) => {
        const header = JSON.stringify({ alg: 'ES256', typ: 'at+jwt', kid: EC.kid, ...changes });
        const token = tokenOf(header, JSON.stringify(CLAIMS), 'ES256', attacker.privateKey);
        expect(outcomeOf(await security.decide(bearerRequest(token)))).toMatch(/^401 /);
      }),
      RUNS,
    );
  });
});
