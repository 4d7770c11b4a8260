import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { KeyFormat } from '../../../packages/handlers/src/api-key/form/key-format.js';
import { cases } from '../../support/random-cases.js';
import { KeysUnderTest } from './api-key-fixture.js';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const prefixes = fc.stringMatching(/^[a-z](?:_?[a-z0-9]){1,11}$/);

describe('the form of a key', () => {
  test('is its prefix, an underscore and 61 letters and digits', () => {
    const { id, text } = new KeyFormat('acme').issue();
    expect(text).toMatch(/^acme_[0-9A-Za-z]{61}$/);
    expect(text.slice(5, 17)).toBe(id);
  });

  test('has a checksum as in this vector: CRC-32 of all before it, in base 62 (ITU-T V.42)', () => {
    const body = `acme_${'0'.repeat(12)}${'A'.repeat(43)}`;
    // python3 -c "import zlib; print(zlib.crc32(b'acme_' + b'0' * 12 + b'A' * 43))", written in base 62
    expect(new KeyFormat('acme').flawOf(`${body}0L643B`)).toBeUndefined();
  });

  test('survives the round trip, whatever the prefix: what is issued is a key, and has its id', () => {
    fc.assert(
      fc.property(prefixes, (prefix) => {
        const format = new KeyFormat(prefix);
        const { id, text } = format.issue();
        expect([format.flawOf(text), format.idOf(text)]).toEqual([undefined, id]);
        expect(new RegExp(format.pattern).exec(`key="${text}";`)?.[0]).toBe(text);
      }),
      cases(200),
    );
  });

  test('is lost by any change of a single character', () => {
    const format = new KeyFormat('acme');
    const { text } = format.issue();
    for (let index = 0; index < text.length; index += 1) {
      for (const character of [...ALPHABET, '_', '-', ' ', 'é']) {
        if (character === text[index]) continue;
        const changed = text.slice(0, index) + character + text.slice(index + 1);
        expect([index, character, format.flawOf(changed)]).not.toContain(undefined);
      }
    }
  });

  test('is lost by swapped neighbours, a lost and a doubled character', () => {
    const format = new KeyFormat('acme');
    const { text } = format.issue();
    for (let index = 0; index < text.length - 1; index += 1) {
      const [first = '', second = ''] = text.slice(index, index + 2);
      const around = (middle: string) => text.slice(0, index) + middle + text.slice(index + 2);
      for (const middle of [second + first, first, first + first + second]) {
        if (around(middle) !== text) expect(format.flawOf(around(middle))).toBeDefined();
      }
    }
  });

  test('uses every letter and digit about equally often', () => {
    const counts = new Map<string, number>();
    const format = new KeyFormat('acme');
    for (let round = 0; round < 400; round += 1) {
      const secret = format.issue().text.slice(5, 60);
      for (const character of secret) counts.set(character, (counts.get(character) ?? 0) + 1);
    }
    const expected = (400 * 55) / 62;
    expect(counts.size).toBe(62);
    for (const count of counts.values()) expect(Math.abs(count - expected)).toBeLessThan(8 * Math.sqrt(expected));
  });
});

describe('the pattern for scanners', () => {
  test('finds keys in code, URLs and logs, and no longer or shorter word', async () => {
    const { handler } = new KeysUnderTest();
    const pattern = new RegExp(handler.keys.pattern, 'g');
    const text = (await handler.keys.create({ subject: 'web-shop' })).key.reveal();
    for (const around of [`"${text}"`, `?key=${text}&x`, `KEY=${text}\n`, `curl -u ${text}: x`]) {
      expect(around.match(pattern)).toEqual([text]);
    }
    for (const other of [`${text}x`, text.slice(0, -1), `x${text}`]) expect(other.match(pattern)).toBeNull();
  });
});

describe('a prefix', () => {
  test.each(['a', 'Acme', '1acme', 'acme_', '_acme', 'ac__me', 'ac-me', `a${'b'.repeat(24)}`])(
    'is not %j',
    (prefix) => {
      expect(() => new KeysUnderTest({ prefix })).toThrow(
        'ApiKeyHandlerOptions.prefix must be 2 to 24 small letters and digits with single _ between them, a letter first',
      );
    },
  );

  test.each(['ac', 'acme', 'acme_live', 'a1', 'acme_v2_test'])('may be %j', async (prefix) => {
    const keys = new KeysUnderTest({ prefix });
    expect(await keys.send((await keys.issue()).text)).toBe('200');
  });
});
