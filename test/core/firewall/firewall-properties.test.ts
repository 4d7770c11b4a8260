import { posix } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { SecurityRequest } from '@sallyport/core/extend';
import fc from 'fast-check';
import { type RequestFirewall, requestFirewall } from '../../../packages/core/src/request/firewall.js';
import { cases } from '../../support/random-cases.js';

/** What attackers put paths together from, and what honest clients do. */
const PIECES = [
  ...['/', '//', '.', '..', '...', ';', ';x=1', '\\', '#', '?', '%', '%2', ' ', '\t', '\n', '\0', '"', '|', '[', 'é'],
  ...['%2e', '%2E', '%2f', '%2F', '%5c', '%3b', '%00', '%0a', '%7f', '%25', '%252e', '%252f', '%61', '%7E', '%20'],
  ...['%c3%a9', '%c3', '%c0%af', '%e2%80%a8', '%c2%85', '%ff', '%u002f', '%zz', '@', ':', 'http://', 'host'],
  ...['a', 'b', 'admin', 'x.png', '.well-known', "!$&'()*+,="],
];
const target = fc.oneof(
  fc.array(fc.constantFrom(...PIECES), { maxLength: 8 }).map((pieces) => `/${pieces.join('')}`),
  fc.array(fc.constantFrom(...PIECES), { maxLength: 8 }).map((pieces) => pieces.join('')),
  fc.string({ unit: 'binary', maxLength: 24 }).map((text) => `/${text}`),
  fc.webPath(),
);

const STRICT = requestFirewall();

function lets(firewall: RequestFirewall, text: string): boolean {
  return firewall(new SecurityRequest({ method: 'GET', target: text, rawHeaders: [] })) === undefined;
}

const RELAXATIONS = [
  'allowEncodedSlash',
  'allowSemicolon',
  'allowDoubleSlash',
  'allowDoubleEncoding',
  'allowEncodedUnreserved',
  'allowBrowserCharacters',
] as const;
const relaxedFirewall = fc
  .subarray([...RELAXATIONS])
  .map((names) => requestFirewall(Object.fromEntries(names.map((name) => [name, true]))));

describe('every target that passes', () => {
  const passing = (check: (path: string, whole: string) => void, runs = 2_000) =>
    fc.assert(
      fc.property(target, (text) => {
        fc.pre(lets(STRICT, text));
        check(text.split('?', 1)[0] as string, text);
      }),
      { ...cases(runs), maxSkipsPerRun: 1_000 },
    );

  test('has the path that the URL Standard reads in it, to the character', () => {
    passing((path, whole) => expect(new URL(whole, 'http://host').pathname).toBe(path));
  });

  test('has as many segments after decoding as before, and none that a file system would resolve', () => {
    passing((path) => {
      const decoded = decodeURIComponent(path);
      expect(decoded.split(/[/\\]/)).toHaveLength(path.split('/').length);
      expect(posix.normalize(decoded)).toBe(decoded);
    });
  });

  test('means the same when it is decoded twice, or cannot be decoded twice', () => {
    passing((path) => {
      const once = decodeURIComponent(path);
      expect([once, 'not decodable']).toContain(decodedOr(once, 'not decodable'));
    });
  });

  test('holds nothing that ends a line', () => {
    passing((path) => expect(/^.*$/.test(decodeURIComponent(path))).toBe(true));
  });
});

describe('the firewall', () => {
  test('refuses no path that encodes what needs to be encoded and nothing else', () => {
    const segment = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
      .filter((text) => !/^\.{1,2}$|[\p{Cc}\p{Zl}\p{Zp}/\\;%]/u.test(text));
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 5 }), (segments) => {
        expect(lets(STRICT, `/${segments.map(encodeURIComponent).join('/')}`)).toBe(true);
      }),
      cases(2_000),
    );
  });

  test('with a relaxation lets everything pass that it lets pass without', () => {
    fc.assert(
      fc.property(target, relaxedFirewall, (text, relaxed) => {
        if (lets(STRICT, text)) expect(lets(relaxed, text)).toBe(true);
      }),
      cases(3_000),
    );
  });

  test('lets no dot segment pass under any relaxation', () => {
    fc.assert(
      fc.property(target, relaxedFirewall, (text, relaxed) => {
        fc.pre(lets(relaxed, text));
        const segments = decodedOr(text.split('?', 1)[0] as string, '').split(/[/\\]/);
        expect(segments.filter((segment) => /^\.{1,2}(?:;|$)/.test(segment))).toEqual([]);
      }),
      { ...cases(3_000), maxSkipsPerRun: 1_000 },
    );
  });

  test.each([
    ['letters and a percent sign', (length: number) => `/${'a'.repeat(length)}%`],
    ['letters and a line feed', (length: number) => `/${'a'.repeat(length)}\n`],
    ['dots', (length: number) => `/${'.'.repeat(length)}%`],
    ['names with dots', (length: number) => `/${'a.'.repeat(length / 2)}%`],
    ['slashes', (length: number) => `${'/'.repeat(length)}%`],
    ['segments', (length: number) => `${'/a'.repeat(length / 2)}\n`],
    ['encoded characters', (length: number) => `/${'%c3%a9'.repeat(length / 6)}%`],
    ['question marks', (length: number) => `/${'?'.repeat(length)}\n`],
    ['an authority', (length: number) => `http://${'a'.repeat(length)}`],
  ])('needs time in proportion to the length of the target: %s', (_case, make) => {
    const firewall = requestFirewall({ authorities: ['host'] });
    const request = new SecurityRequest({ method: 'GET', target: make(60_000), rawHeaders: [] });
    const started = performance.now();
    firewall(request);
    expect(performance.now() - started).toBeLessThan(100);
  });
});

function decodedOr(text: string, otherwise: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return otherwise;
  }
}
