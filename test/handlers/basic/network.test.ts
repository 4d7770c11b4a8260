import { describe, expect, test } from '@jest/globals';
import { networkOf } from '../../../packages/handlers/src/basic/network.js';
import vectors from '../../vectors/basic/networks.json' with { type: 'json' };

describe('every spelling of an address counts as one source, and so does a /64', () => {
  test.each(vectors)('$address is $network ($ref)', ({ address, network }) => {
    expect(networkOf(address)).toBe(network);
  });

  test('requests without an address are one source', () => {
    expect(networkOf(undefined)).toBe('unknown');
  });
});
