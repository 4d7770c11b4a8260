import { expect, test } from '@jest/globals';
import { denied } from '@sallyport/core';
import { buildRequest } from '@sallyport/core/testing';
import { heldBytes } from '../../support/held-memory.js';
import { isNightly } from '../../support/nightly.js';
import { aRequest, CacheUnderTest, principalOf } from './cache-fixture.js';

const SENT = isNightly ? 1_000_000 : 200_000;
const SIZE = isNightly ? '1 000 000' : '200 000 (1 000 000 with SALLYPORT_NIGHTLY=1)';
/** What the heap may differ by between two collections. An entry that stays takes 100 bytes at least, so 20,000 of them show. */
const NOISE_BYTES = 2_000_000;

test(`${SIZE} distinct bad tokens leave memory bounded and every good entry in place (CWE-770)`, async () => {
  const { cache } = new CacheUnderTest({ maxEntries: 1_000, maxNegativeEntries: 500 });
  const goodTokens = Array.from({ length: 1_000 }, (_, index) => `good ${index}`);
  for (const token of goodTokens) await cache.resolve(token, aRequest(), async () => principalOf());
  const refusal = denied('token_inactive');
  const refuse = () => Promise.resolve(refusal);
  const flood = async (from: number, to: number) => {
    for (let sent = from; sent < to; sent += 8) {
      const request = aRequest();
      await Promise.all([0, 1, 2, 3, 4, 5, 6, 7].map((index) => cache.resolve(`bad ${sent + index}`, request, refuse)));
    }
  };
  const warmUp = SENT / 5;
  await flood(0, warmUp);
  const before = await heldBytes();
  await flood(warmUp, SENT);
  expect((await heldBytes(before + NOISE_BYTES)) - before).toBeLessThanOrEqual(NOISE_BYTES);
  expect(goodTokens.filter((token) => cache.find(token, buildRequest('/')) === undefined)).toEqual([]);
  expect(cache.statistics).toMatchObject({
    misses: SENT + 1_000,
    entries: 1_000,
    evictions: 0,
    negativeEntries: 500,
    negativeEvictions: SENT - 500,
    flights: 0,
  });
}, 900_000);
