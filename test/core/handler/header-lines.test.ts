import { describe, expect, test } from '@jest/globals';
import { SecurityRequest } from '@sallyport/core/extend';

/** Every character that a field name may have (RFC 9110 5.6.2). */
const NAMES = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-.^_`|~";

const sent = (...rawHeaders: readonly string[]) => new SecurityRequest({ method: 'GET', target: '/', rawHeaders });

describe('lines of a header field', () => {
  test('are found by its name in any case of ASCII, and of nothing else [RFC 9110 5.1]', () => {
    for (const one of NAMES) {
      for (const other of `${NAMES}@[\\]{}\u007f\u00c0\u00e0`) {
        const lines = sent(`x-${one}`, 'v').headerLines(`X-${other}`);
        const isSame = one === other || (/[a-z]/i.test(one) && one.toLowerCase() === other.toLowerCase());
        expect([one, other, lines]).toEqual([one, other, isSame ? ['v'] : []]);
      }
    }
    expect(sent('X-\u212aey', 'v').headerLines('x-key')).toEqual([]);
  });

  test('are all lines in their order, and none of a longer or shorter name', () => {
    const request = sent('X-Key', '1', 'X-Keys', '2', 'x-KEY', '', 'X-Ke', '4', 'x-key', '5');
    expect(request.headerLines('X-Key')).toEqual(['1', '', '5']);
    expect(request.header('x-key')).toBe('1, , 5');
    expect(request.headerLines('x-other')).toEqual([]);
    expect(request.header('x-other')).toBeUndefined();
  });

  test('are a list of one’s own', () => {
    const request = sent('X-Key', '1');
    request.headerLines('x-key').push('2');
    expect(request.headerLines('x-key')).toEqual(['1']);
  });
});
