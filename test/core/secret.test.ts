import crypto from 'node:crypto';
import { afterEach, expect, jest, test } from '@jest/globals';
import { constantTimeEqual } from '@sallyport/core/extend';

afterEach(() => void jest.restoreAllMocks());

test.each([
  ['equal texts', 'secret', 'secret', true],
  ['texts that differ at the end', 'secret', 'secres', false],
  ['texts that differ at the beginning', 'secret', 'tecret', false],
  ['texts of different lengths', 'secret', 'secret and more', false],
  ['nothing and something', '', 'secret', false],
])('secrets are compared in constant time, as hashes of one length: %s (CWE-208)', (_what, left, right, isEqual) => {
  const compare = jest.spyOn(crypto, 'timingSafeEqual');
  expect(constantTimeEqual(left, right)).toBe(isEqual);
  expect(compare.mock.calls.map(([one, other]) => [one.byteLength, other.byteLength])).toEqual([[32, 32]]);
});
