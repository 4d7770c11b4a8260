import { describe, expect, test } from '@jest/globals';
import { parseStrictJson } from '@sallyport/core/extend';
import fc from 'fast-check';
import { cases } from '../../support/random-cases.js';

const parse = (text: string) => parseStrictJson(Buffer.from(text));
const nested = (levels: number) => `${'{"a":'.repeat(levels - 1)}{}${'}'.repeat(levels - 1)}`;
const wide = (members: number) =>
  JSON.stringify(Object.fromEntries(Array.from({ length: members }, (_, index) => [`m${index}`, index])));

function expectNothingInherited(object: unknown): void {
  const prototype: object = Object.getPrototypeOf(object);
  expect(Reflect.ownKeys(prototype)).toEqual([]);
  expect(Object.getPrototypeOf(prototype)).toBeNull();
  expect(Object.isFrozen(prototype)).toBe(true);
}

describe('strict JSON (RFC 8259, RFC 7493)', () => {
  test('reads every object that JSON.parse reads to the same value', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 }), { maxKeys: 20 }), (object) => {
        const text = JSON.stringify(object);
        const read = parse(text);
        expect(JSON.stringify(read)).toBe(JSON.stringify(JSON.parse(text)));
      }),
      cases(500),
    );
  });

  test('refuses what JSON.parse refuses', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((text) => `{"a":${text}}`),
        ),
        (text) => {
          let isObject = false;
          try {
            const value = JSON.parse(text);
            isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
          } catch {}
          if (!isObject) expect(parse(text)).toBeUndefined();
        },
      ),
      cases(500),
    );
  });

  test('refuses any object in which one member is repeated, wherever it stands', () => {
    const object = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }), { minKeys: 1, maxKeys: 8 });
    fc.assert(
      fc.property(object, fc.nat(), fc.nat({ max: 3 }), (source, choice, levels) => {
        const names = Object.keys(source);
        const name = JSON.stringify(names[choice % names.length]);
        const doubled = `${JSON.stringify(source).slice(0, -1)},${name}:0}`;
        expect(parse(`${'{"x":['.repeat(levels)}${doubled}${']}'.repeat(levels)}`)).toBeUndefined();
      }),
      cases(500),
    );
  });

  test.each([
    ['the same spelling', '{"a":1,"a":1}'],
    ['an escaped spelling', String.raw`{"exp":1,"\u0065xp":2}`],
    ['an escaped solidus', String.raw`{"a/b":1,"a\/b":2}`],
    ['in a nested object', '{"a":{"b":1,"b":2}}'],
    ['in an object in an array', '{"a":[{"b":1,"b":2}]}'],
    ['in a value that the second one hides', '{"a":{"x":1},"a":{"y":1}}'],
    ['of the empty name', '{"":1,"":2}'],
    ['of __proto__', '{"__proto__":1,"__proto__":2}'],
  ])('refuses a member that comes twice: %s (RFC 7519 4)', (_title, text) => {
    expect(parse(text)).toBeUndefined();
  });

  test.each([
    ['colons, quotes and backslashes in strings', String.raw`{"a:b":":\":\\","c":[":"]}`],
    ['a name that ends in a backslash', String.raw`{"a\\":1,"b":2}`],
    ['equal names in different objects', '{"a":{"a":1},"b":{"a":1}}'],
  ])('is not misled by %s', (_title, text) => {
    expect(JSON.stringify(parse(text))).toBe(JSON.stringify(JSON.parse(text)));
  });

  test.each([
    ['nothing', ''],
    ['null', 'null'],
    ['an array', '[]'],
    ['a string', '"a"'],
    ['a number', '1'],
    ['a second object', '{}{}'],
    ['a trailing comma', '{"a":1,}'],
    ['a comment', '{/**/}'],
    ['NaN', '{"a":NaN}'],
    ['single quotes', "{'a':1}"],
    ['a leading zero', '{"a":01}'],
    ['a line feed in a string', '{"a":"\n"}'],
    ['a no-break space', '\u00a0{}'],
    ['a byte order mark', '\ufeff{}'],
  ])('refuses %s', (_title, text) => {
    expect(parse(text)).toBeUndefined();
  });

  test.each([
    ['a lone continuation byte', [0x7b, 0x22, 0x80, 0x22, 0x3a, 0x31, 0x7d]],
    ['an overlong slash', [0x7b, 0x22, 0xc0, 0xaf, 0x22, 0x3a, 0x31, 0x7d]],
    ['an encoded surrogate', [0x7b, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x3a, 0x31, 0x7d]],
    ['a cut-off sequence', [0x7b, 0x22, 0xe2, 0x82, 0x22, 0x3a, 0x31, 0x7d]],
    ['UTF-16', [0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00]],
  ])('refuses bytes that are not UTF-8: %s', (_title, bytes) => {
    expect(parseStrictJson(Uint8Array.from(bytes))).toBeUndefined();
  });

  test('takes 32 levels and no more', () => {
    expect(JSON.stringify(parse(nested(32)))).toBe(nested(32));
    expect(parse(nested(33))).toBeUndefined();
    const lists = `{"a":${'['.repeat(31)}${']'.repeat(31)}}`;
    expect(JSON.stringify(parse(lists))).toBe(lists);
    expect(parse(`{"a":${'['.repeat(32)}${']'.repeat(32)}}`)).toBeUndefined();
    expect(parse(`{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`)).toBeUndefined();
  });

  test('takes 256 members in an object and no more', () => {
    expect(JSON.stringify(parse(wide(256)))).toBe(wide(256));
    expect(parse(wide(257))).toBeUndefined();
    expect(parse(`{"a":${wide(257)}}`)).toBeUndefined();
  });

  test('a member called __proto__ or constructor is data, and nothing is inherited (CWE-1321)', () => {
    const read = parse('{"__proto__":{"admin":true},"constructor":1,"a":{"toString":2}}') as Record<string, unknown>;
    expectNothingInherited(read);
    expect(Object.keys(read)).toEqual(['__proto__', 'constructor', 'a']);
    expectNothingInherited(read['a']);
    expect(read['admin']).toBeUndefined();
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined();
  });
});
