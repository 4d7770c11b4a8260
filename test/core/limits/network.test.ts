import { describe, expect, test } from '@jest/globals';
import { networkOf, networksOf } from '../../../packages/core/src/limits/network.js';
import vectors from '../../vectors/limits/networks.json' with { type: 'json' };

describe('every spelling of an address counts as one source, and so does a /64', () => {
  test.each(vectors)('$address is $network ($ref)', ({ address, network }) => {
    expect(networkOf(address)).toBe(network);
  });

  test('requests without an address are one source', () => {
    expect(networkOf(undefined)).toBe('unknown');
  });
});

describe('every network lies in wider ones', () => {
  test.each([
    ['192.0.2.77', ['192.0.2.0/24', '192.0.2.77']],
    ['::ffff:192.0.2.77', ['192.0.2.0/24', '192.0.2.77']],
    ['::ffff:c000:24d', ['192.0.2.0/24', '192.0.2.77']],
    ['2001:DB8:1:2::3%eth0', ['2001:db8::/32', '2001:db8:1::/48', '2001:db8:1:2::/64']],
    ['::1', ['0:0::/32', '0:0:0::/48', '0:0:0:0::/64']],
    ['not an address', ['unknown']],
    [undefined, ['unknown']],
    // Of an adapter without types.
    [null as never, ['unknown']],
  ])('%s', (address, networks) => {
    expect(networksOf(address)).toEqual(networks);
  });

  test('what counts as one source is the narrowest', () => {
    for (const { address } of vectors) expect(networksOf(address).at(-1)).toBe(networkOf(address));
  });
});
