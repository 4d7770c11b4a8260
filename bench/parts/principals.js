import { randomUUID } from 'node:crypto';
import { authenticated, createPrincipal } from '@sallyport/core';
import { VerdictCache } from '@sallyport/core/extend';
import { requestOf, tokenOf } from './requests.js';

const VIA = Object.freeze([Object.freeze({ handler: 'introspection', scheme: 'bearer' })]);

/** What an authorization server answers about a token. */
export function claimsOf(index) {
  return JSON.stringify({
    active: true,
    iss: 'https://as.example.com',
    sub: `user-${100_000 + index}`,
    aud: 'https://api.example.com',
    client_id: 'web-shop',
    scope: 'orders:read orders:write',
    exp: 2_000_000_000 + (index % 3_600),
    iat: 1_763_996_400 + (index % 3_600),
    jti: randomUUID(),
  });
}

export function verdictOf(index) {
  const claims = JSON.parse(claimsOf(index));
  return authenticated(
    createPrincipal({
      issuer: claims.iss,
      subject: claims.sub,
      clientId: claims.client_id,
      scopes: claims.scope.split(' '),
      audience: [claims.aud],
      claims,
      expiresAt: claims.exp,
      issuedAt: claims.iat,
      via: VIA,
    }),
  );
}

/** A cache that remembers so many tokens. */
export async function cacheOf(count) {
  const options = { namespace: 'bench', ttlSeconds: 3_600, maxEntries: count, maxBytes: 2 ** 40 };
  const cache = new VerdictCache(options);
  const request = requestOf('Bearer bench');
  for (let index = 0; index < count; index += 1) {
    await cache.resolve(tokenOf(index), request, async () => verdictOf(index));
  }
  if (cache.statistics.entries !== count) throw new Error('not all of them were kept');
  return cache;
}

/** What `keep` returns, and how many bytes of memory it takes. */
export async function bytesOf(keep) {
  const before = usedBytes();
  const kept = await keep();
  return { kept, bytes: usedBytes() - before };
}

function usedBytes() {
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
