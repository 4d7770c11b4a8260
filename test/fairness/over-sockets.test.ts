import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { systemClock } from '@sallyport/core/extend';
import { isNightly } from '../support/nightly.js';
import { ALL_RESOURCES } from './all-resources.js';
import { floodOverSockets } from './flood-over-sockets.js';

const everyNight = isNightly ? test : test.skip;
/** How many requests of the flood have to find no place. */
const MANY = 1_000;

beforeEach(() => {
  jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
});
afterEach(() => {
  jest.restoreAllMocks();
});

describe('over sockets, while one network floods for 30 s at full speed', () => {
  everyNight.each(ALL_RESOURCES)('$name: shares and memory (every night, on the real clock)', async (row) => {
    const pause = () => new Promise((resolve) => setTimeout(resolve, 100));
    const resource = await row.open({ clock: systemClock, pause });
    try {
      const flooded = await floodOverSockets(resource, { seconds: 30 });
      const { good, newcomers, answers, turnedAway, grownBytes } = flooded;
      expect(turnedAway).toBeGreaterThan(MANY);
      expect(answers.get(200)).toBeUndefined();
      expect(good.share).toBeGreaterThanOrEqual(0.99);
      expect(newcomers.share).toBeGreaterThanOrEqual(0.95);
      expect(Math.min(good.asked, newcomers.asked)).toBeGreaterThan(20);
      expect(grownBytes).toBeLessThan(20_000_000);
    } finally {
      await resource.close();
    }
  });
});
