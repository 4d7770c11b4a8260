import { describe, expect, test } from '@jest/globals';
import { type Authorization, parseAuthorization } from '@sallyport/core/extend';
import fc from 'fast-check';
import { cases } from '../../support/random-cases.js';

const TCHAR = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const textOf = (characters: string, minLength = 1) =>
  fc.array(fc.constantFrom(...characters), { minLength, maxLength: 8 }).map((list) => list.join(''));

// The grammar of credentials, written down once more (RFC 9110 11.2, 11.4, 5.6.4).
const token = textOf(TCHAR);
const token68 = fc
  .tuple(textOf(`${TCHAR.replace(/[^A-Za-z0-9\-._~+]/g, '')}/`), fc.constantFrom('', '=', '=='))
  .map((parts) => parts.join(''));
const quoted = textOf('ab ,="\\ BasicBearer', 0).map((text) => `"${text.replace(/[\\"]/g, '\\$&')}"`);
const bws = fc.constantFrom('', '', ' ', '\t', ' \t ');
const parameter = fc
  .tuple(token, bws, bws, fc.oneof(token, quoted))
  .map(([name, a, b, value]) => `${name}${a}=${b}${value}`);
const parameters = fc
  .array(parameter, { minLength: 1, maxLength: 4 })
  .chain((list) => fc.constantFrom(',', ', ', ' ,', '\t,\t').map((comma) => list.join(comma)));
const space = fc.constantFrom(' ', '  ', '     ');
const withToken68 = fc.tuple(token, space, token68);
const withParameters = fc.tuple(token, space, parameters);
const credentials = fc.oneof(withToken68, withParameters);
const ows = fc.constantFrom('', ' ', '\t', ' \t');

function parsed(...lines: string[]): Authorization {
  return parseAuthorization(lines.flatMap((line) => ['Authorization', line]));
}

describe('whatever the grammar calls credentials (RFC 9110 11.4)', () => {
  test('is split into scheme and value, whatever the case and the space around', () => {
    fc.assert(
      fc.property(credentials, ows, ows, ([scheme, gap, value], before, after) => {
        const authorization = parsed(`${before}${scheme}${gap}${value}${after}`);
        if (authorization.kind !== 'credentials') throw new Error(authorization.kind);
        expect([authorization.scheme, authorization.value]).toEqual([scheme.toLowerCase(), value.trimEnd()]);
      }),
      cases(5_000),
    );
  });

  test('is refused when other credentials follow behind a comma', () => {
    const another = fc.oneof(
      credentials.map((parts) => parts.join('')),
      token,
    );
    fc.assert(
      fc.property(credentials, bws, bws, another, ([scheme, gap, value], before, after, second) => {
        expect(parsed(`${scheme}${gap}${value}${before},${after}${second}`).kind).toBe('invalid');
      }),
      cases(5_000),
    );
  });

  test('is refused when it comes twice, on lines in any place', () => {
    fc.assert(
      fc.property(credentials, fc.array(fc.string()), ([scheme, gap, value], between) => {
        const line = `${scheme}${gap}${value}`;
        const others = between.flatMap((text) => ['X-Other', text]);
        const raw = ['Authorization', line, ...others, 'authorization', line];
        expect(parseAuthorization(raw)).toEqual({ kind: 'invalid', reason: 'duplicate_authorization' });
      }),
      cases(500),
    );
  });
});

describe('any text at all', () => {
  test('is absent, invalid, or a token and a value that were sent', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), textOf('Bearer Basic,="\\\t\u00e9\0')), (line) => {
        const authorization = parsed(line);
        if (authorization.kind === 'absent') expect(line.replace(/[ \t]/g, '')).toBe('');
        if (authorization.kind !== 'credentials') return;
        expect(authorization.scheme).toMatch(/^[!#$%&'*+.^_`|~0-9a-z-]+$/);
        expect(line.toLowerCase()).toContain(authorization.scheme);
        expect(line).toContain(authorization.value);
        expect(authorization.value.startsWith(' ')).toBe(false);
      }),
      cases(5_000),
    );
  });

  test.each([
    ['spaces', (length: number) => `Digest a${' '.repeat(length)}=b, c${' '.repeat(length)}=`],
    ['quotes', (length: number) => `Digest a=${'"'.repeat(length + 1)},`],
    ['escaped quotes', (length: number) => `Digest a="${'\\"'.repeat(length / 2)},`],
    ['backslashes', (length: number) => `Digest a="${'\\'.repeat(length)},`],
    ['commas', (length: number) => `Digest a=b${','.repeat(length)}=`],
    ['names behind commas', (length: number) => `Digest ${',a'.repeat(length / 2)}=`],
    ['a long name behind a comma', (length: number) => `Digest a=b,${'a'.repeat(length)}=`],
    ['token68 characters', (length: number) => `Bearer ${'a'.repeat(length)}" ,`],
    ['a scheme', (length: number) => `${'a'.repeat(length)}"`],
    ['edge space', (length: number) => `${' \t'.repeat(length / 2)}x${' '.repeat(length)}`],
  ])('needs time in proportion to its length: %s', (_case, make) => {
    const line = make(60_000);
    const started = performance.now();
    parsed(line);
    expect(performance.now() - started).toBeLessThan(100);
  });
});
