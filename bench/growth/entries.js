import { measure } from '../measure.js';
import { bytesOf, cacheOf } from '../parts/principals.js';
import { requestOf, tokenOf } from '../parts/requests.js';
import { atMost, IS_QUICK, median } from '../report.js';
import { dearestStep } from './fit.js';

const SIZES = IS_QUICK ? [100, 400] : [1_000, 10_000, 100_000, 1_000_000];
const EACH = 'memory each, bytes';

/** Small caches take less than the noise of the heap: of several, the median counts. */
const ROUNDS = 5;
const MOST_IN_ROUNDS = 10_000;

async function bytesFor(size) {
  const totals = [];
  for (let round = 0; round < (size > MOST_IN_ROUNDS ? 1 : ROUNDS); round += 1) {
    totals.push((await bytesOf(() => cacheOf(size))).bytes);
  }
  return median(totals);
}

/** A hit in a cache of so many principals, each as likely as the next, so that big ones leave the processor's caches. */
export async function entries() {
  const rows = [];
  for (const size of SIZES) {
    const bytes = await bytesFor(size);
    const cache = await cacheOf(size);
    const request = requestOf('Bearer bench');
    // A prime that divides no size: neighbours in time are no neighbours in memory.
    const figures = measure([['hit', (call) => tokenOf((call * 7_919) % size), (token) => cache.find(token, request)]]);
    if (cache.find(tokenOf(size - 1), request) === undefined) throw new Error('forgotten');
    rows.push({ 'entries of a cache': size, 'hit, ns': figures.get('hit').ns, [EACH]: bytes / size });
  }
  const totals = SIZES.map((size, index) => [size, rows[index][EACH] * size]);
  return {
    rows,
    each: [EACH],
    goals: [
      atMost(10, `each more of up to ${SIZES.at(-1)} principals, the dearest`, dearestStep(totals), 500, 'bytes'),
    ],
  };
}
