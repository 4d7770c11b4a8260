import { expect, test } from '@jest/globals';
import { denied } from '@sallyport/core';
import { aRequest, CacheUnderTest, principalOf } from './cache-fixture.js';

test('1 000 000 distinct bad tokens leave memory bounded and every good entry in place (CWE-770)', async () => {
  const { cache } = new CacheUnderTest({ maxEntries: 1_000, maxNegativeEntries: 500 });
  const goodTokens = Array.from({ length: 1_000 }, (_, index) => `good ${index}`);
  for (const token of goodTokens) await cache.resolve(token, aRequest(), async () => principalOf());
  const refuse = () => Promise.resolve(denied('token_inactive'));
  for (let sent = 0; sent < 1_000_000; sent += 8) {
    const request = aRequest();
    await Promise.all([0, 1, 2, 3, 4, 5, 6, 7].map((index) => cache.resolve(`bad ${sent + index}`, request, refuse)));
  }
  expect(goodTokens.filter((token) => cache.find(token) === undefined)).toEqual([]);
  expect(cache.statistics).toMatchObject({
    misses: 1_001_000,
    entries: 1_000,
    evictions: 0,
    negativeEntries: 500,
    negativeEvictions: 999_500,
    flights: 0,
  });
}, 60_000);
