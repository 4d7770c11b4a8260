import { describe, expect, test } from '@jest/globals';
import { anyOf, Revocations, SecurityChain } from '@sallyport/core';
import { ManualClock } from '@sallyport/core/testing';
import { JwtHandler, type JwtHandlerCollaborators, type JwtHandlerOptions, onJwtEvent } from '@sallyport/handlers/jwt';
import { costsOf } from '../../core/chain/costs.js';
import { bearerRequest, ISSUER, outcomeOf, tokenBy, trusted } from './jwt-fixture.js';
import { newKey } from './signing.js';

const EC = newKey('ES256', 'key-1');
const ELSEWHERE = 'https://elsewhere.example.com';
const clock = new ManualClock();

function handlerOf(
  issuer: string,
  options: Partial<JwtHandlerOptions> = {},
  collaborators: JwtHandlerCollaborators = {},
): JwtHandler {
  const issuers = [trusted({ jwks: { keys: [EC.jwk] } }, { issuer })];
  return new JwtHandler({ name: `of ${issuer}`, realm: 'test', issuers, ...options }, { clock, ...collaborators });
}

function chainOf(...handlers: readonly JwtHandler[]): SecurityChain {
  return new SecurityChain({ requirement: anyOf(...handlers) }, { clock });
}

async function outcome(chain: SecurityChain, token: string): Promise<string> {
  return outcomeOf(await chain.decide(bearerRequest(token)));
}

/** How often JSON was parsed for one decision. */
async function parsedFor(chain: SecurityChain, token: string): Promise<number> {
  let decision: unknown;
  const { parses } = costsOf(() => {
    decision = chain.decide(bearerRequest(token));
  });
  await decision;
  return parses;
}

describe('a token of another issuer', () => {
  test('is read once: a known one passes the handlers in front of its own without being read again', async () => {
    const chain = chainOf(handlerOf(ELSEWHERE), handlerOf('https://third.example.com'), handlerOf(ISSUER));
    const token = tokenBy(EC, { jti: 'read once' });
    expect(await parsedFor(chain, token)).toBeGreaterThan(0);
    expect(await parsedFor(chain, token)).toBe(0);
    expect(await outcome(chain, token)).toBe('granted');
  });

  test('is read each time where the issuer that it names is too long to be kept', async () => {
    const long = `https://${'a'.repeat(260)}.example.com`;
    const chain = chainOf(handlerOf(ELSEWHERE), handlerOf(long));
    const token = tokenBy(EC, { iss: long });
    expect(await outcome(chain, token)).toBe('granted');
    expect(await parsedFor(chain, token)).toBeGreaterThan(0);
  });

  test('is taken by every handler that trusts its issuer, also when others have left it before', async () => {
    const token = tokenBy(EC, { jti: 'left before' });
    expect(await outcome(chainOf(handlerOf(ELSEWHERE)), token)).toBe('401 credentials_unrecognised');
    expect(await outcome(chainOf(handlerOf(ELSEWHERE)), token)).toBe('401 credentials_unrecognised');
    expect(await outcome(chainOf(handlerOf(ISSUER)), token)).toBe('granted');
    const forged = `${token.slice(0, token.lastIndexOf('.'))}.${'A'.repeat(86)}`;
    expect(await outcome(chainOf(handlerOf(ELSEWHERE)), forged)).toBe('401 credentials_unrecognised');
    expect(await outcome(chainOf(handlerOf(ISSUER)), forged)).toBe('401 signature_invalid');
  });

  test('is refused for its length by a handler that takes shorter ones only, also when others have left it before', async () => {
    const token = tokenBy(EC, { jti: 'j'.repeat(1_000) });
    const short = () => chainOf(handlerOf('https://third.example.com', { maxTokenBytes: 1_024 }), handlerOf(ISSUER));
    const first = await outcome(short(), token);
    expect(first).toBe('400 bearer_token_too_long');
    expect(await outcome(chainOf(handlerOf(ELSEWHERE), handlerOf(ISSUER)), token)).toBe('granted');
    expect(await outcome(short(), token)).toBe(first);
  });

  test('costs handlers in front of its own one hash together, and its own no second one, whatever came before', async () => {
    // With a secret, each handler has a hash of its own.
    const revocations = new Revocations({ secret: 'a secret that all instances share, 1' }, { clock });
    const [front, third, own] = [ELSEWHERE, 'https://third.example.com', ISSUER].map((issuer) =>
      handlerOf(issuer, {}, { revocations }),
    ) as [JwtHandler, JwtHandler, JwtHandler];
    const token = tokenBy(EC, { jti: 'hashed once' });
    const stray = tokenBy(EC, { iss: 'https://stray.example.com' });
    const hashesOf = async (chain: SecurityChain) => {
      for (const each of [token, stray, token, token]) await chain.decide(bearerRequest(each));
      const request = bearerRequest(token);
      return costsOf(() => void chain.decide(request)).hashes;
    };
    expect(await hashesOf(chainOf(front, third, own))).toBe(2);
    expect(await hashesOf(chainOf(own))).toBe(1);
  });

  test('is explained, and told where its issuer is nearly known, each time', async () => {
    const token = tokenBy(EC, { iss: `${ISSUER}/` });
    const chain = chainOf(handlerOf(ISSUER));
    const told: string[] = [];
    const stop = onJwtEvent(({ kind }) => told.push(kind));
    const first = await chain.explain(bearerRequest(token));
    const second = await chain.explain(bearerRequest(token));
    stop();
    expect(told).toEqual(['issuer_nearly_known', 'issuer_nearly_known']);
    expect(JSON.stringify(first)).toContain('issuer_misspelt');
    expect(second).toMatchObject({ decision: first.decision });
    expect(JSON.stringify(second)).toContain('issuer_misspelt');
  });
});
