import crypto from 'node:crypto';
import { inspect } from 'node:util';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { constantTimeEqual, parseAuthorization, printsAs, Secret, SecurityRequest } from '@sallyport/core/extend';

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

class ApiKey {
  readonly text = 'hunter2';

  static {
    printsAs(this, () => '[API key]');
  }
}

const HEADERS = ['Authorization', 'Bearer hunter2'];

describe.each([
  ['a secret', new Secret('hunter2'), /^\[secret [0-9a-f]{8}\]$/],
  ['an Authorization header', parseAuthorization(HEADERS), /^\[credentials\]$/],
  [
    'a request',
    new SecurityRequest({ method: 'GET', target: '/?key=hunter2', rawHeaders: HEADERS }),
    /^SecurityRequest \{ GET \[target\] \}$/,
  ],
  ["an object of an author's class", new ApiKey(), /^\[API key\]$/],
])('%s prints one text and nothing it holds (CWE-532)', (_what, value, expected) => {
  test.each([
    ['in inspection', inspect(value, { depth: null, showHidden: true })],
    ['in JSON', JSON.parse(JSON.stringify(value))],
    ['in a template string', `${value}`],
  ])('%s', (_where, printed) => {
    expect(printed).toMatch(expected);
  });
});
