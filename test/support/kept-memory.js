// Prints how many bytes of heap a cache keeps for each principal. Run with --expose-gc.
import { randomUUID } from 'node:crypto';
import { authenticated, createPrincipal } from '@sallyport/core';
import { SecurityRequest, VerdictCache } from '@sallyport/core/extend';

const TOKENS = 50_000;
const VIA = Object.freeze([Object.freeze({ handler: 'introspection', scheme: 'bearer' })]);
const [, , others = '0'] = process.argv;

/** The claims that introspection usually brings, and so many more; parsed, because V8 keeps joined texts in pieces. */
function claimsOf(index) {
  const more = Array.from({ length: Number(others) }, (_, at) => [`claim_${at}`, at]);
  const claims = {
    active: true,
    iss: 'https://as.example.com',
    sub: `user-${index}`,
    aud: 'https://api.example.com',
    client_id: 'web-shop',
    scope: 'orders:read orders:write',
    exp: 2_000_000_000,
    iat: 1_763_996_400,
    jti: randomUUID(),
    ...Object.fromEntries(more),
  };
  return JSON.parse(JSON.stringify(claims));
}

function verdictOf(index) {
  const claims = claimsOf(index);
  const { iss: issuer, sub: subject, client_id: clientId, exp: expiresAt, iat: issuedAt } = claims;
  const [scopes, audience] = [claims.scope.split(' '), [claims.aud]];
  const init = { issuer, subject, clientId, scopes, audience, claims, expiresAt, issuedAt, via: VIA };
  return authenticated(createPrincipal(init));
}

function usedBytes() {
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

const cache = new VerdictCache({ namespace: 'test', maxEntries: 2 * TOKENS, maxBytes: 2 ** 40 });
const keep = async (first, end) => {
  for (let index = first; index < end; index += 1) {
    const request = new SecurityRequest({ method: 'GET', target: '/', rawHeaders: [] });
    await cache.resolve(`token ${index}`, request, () => verdictOf(index));
  }
};
// What is allocated once has its place then, and what has a bound of its own is full.
await keep(0, TOKENS);
const before = usedBytes();
await keep(TOKENS, 2 * TOKENS);
const bytes = (usedBytes() - before) / TOKENS;
if (cache.statistics.entries !== 2 * TOKENS) throw new Error('not all of them were kept');
console.log(Math.round(bytes));
