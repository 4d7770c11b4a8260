import { describe, expect, test } from '@jest/globals';
import { withoutCredentials } from '@sallyport/core/extend';
import fc from 'fast-check';

const TOKEN = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl+/==';

describe('a text without credentials', () => {
  test.each<[string, string, readonly string[], string]>([
    ['has nothing cut out where nothing was sent', 'no pool', [], 'no pool'],
    ['stays as it is where it tells none', 'no pool', [TOKEN], 'no pool'],
    ['has a token cut out, each time', `${TOKEN} and ${TOKEN}.`, [TOKEN], '(cut out) and (cut out).'],
    ['has an encoded token cut out', `?t=${encodeURIComponent(TOKEN)}`, [TOKEN], '?t=(cut out)'],
    [
      'has every credential cut out',
      'alice:pässword at alice',
      ['pässword', 'alice'],
      '(cut out):(cut out) at (cut out)',
    ],
    ['has the longer of two cut out as a whole', 'secret-2', ['secret', 'secret-2'], '(cut out)'],
    ['has a part of 8 characters cut out', 'bad eyJhbGci', [TOKEN], 'bad (cut out)'],
    ['keeps a part of 7 characters', 'bad eyJhbGc', [TOKEN], 'bad eyJhbGc'],
    ['is not shown at all where a credential is too short to be found', 'at a', ['a'], '(cut out)'],
    ['is shown where a short one is not in it', 'no pool', ['x'], 'no pool'],
    ['ignores an empty credential', 'no pool', [''], 'no pool'],
    ['is one line of printable characters (CWE-117)', 'a\nb\u2028c\u001b', [], 'a?b?c?'],
  ])('%s', (_rule, text, credentials, expected) => {
    expect(withoutCredentials(text, credentials)).toBe(expected);
  });

  test('has at most 500 characters', () => {
    expect(withoutCredentials('a '.repeat(1_000), [])).toHaveLength(500);
  });

  test('has a credential cut out before it is shortened: its beginning does not stay', () => {
    const text = withoutCredentials(`${'a '.repeat(245)}${TOKEN}`, [TOKEN]);
    expect(text).not.toContain('eyJ');
  });

  test('takes no longer for a hostile text than for another', () => {
    expect(withoutCredentials('e'.repeat(100_000), ['e'.repeat(65_536)])).toContain('(cut out)');
  });

  test('breaks on no text that is no Unicode', () => {
    expect(withoutCredentials('\ud800 x', ['\ud800abcd'])).toBe('? x');
  });
});

describe('each spelling of a credential is cut out, whole, in halves and from the middle', () => {
  const credentials = [
    TOKEN,
    'pä55-wörd "x" /+?',
    'short',
    'ABCDefgh12345678',
    '\u00ff\u00fe\u00fd\u00fc\u00fb\u00fa\u00f9',
  ];
  const bytesOf = (text: string) => Buffer.from(text);
  const hexOf = (byte: number) => byte.toString(16).padStart(2, '0');
  const spellings: Readonly<Record<string, (text: string) => string>> = {
    'as it is': (text) => text,
    'in capitals': (text) => text.replace(/[a-z]/g, (letter) => letter.toUpperCase()),
    'in JSON': (text) => JSON.stringify(text).slice(1, -1),
    base64: (text) => bytesOf(text).toString('base64'),
    'base64 behind one byte': (text) => bytesOf(`:${text}`).toString('base64'),
    'base64 behind two bytes': (text) => bytesOf(`a:${text}`).toString('base64'),
    'base64 before others': (text) =>
      bytesOf(`${text}:more`)
        .toString('base64')
        .slice(0, Math.floor((bytesOf(text).length * 8) / 6)),
    base64url: (text) => bytesOf(text).toString('base64url'),
    'base64url behind one byte': (text) => bytesOf(`:${text}`).toString('base64url'),
    hex: (text) => bytesOf(text).toString('hex'),
    'hex in capitals': (text) => bytesOf(text).toString('hex').toUpperCase(),
    'hex with blanks, as Buffer is inspected': (text) => [...bytesOf(text)].map(hexOf).join(' '),
    'hex with colons': (text) => [...bytesOf(text)].map(hexOf).join(':'),
    'numbers, as in JSON': (text) => bytesOf(text).join(','),
    'numbers with blanks': (text) => bytesOf(text).join(', '),
    'percent-encoded': encodeURIComponent,
    'percent-encoded, but reserved characters': encodeURI,
    'percent-encoded in lower case': (text) => encodeURIComponent(text).toLowerCase(),
    'percent-encoded, all of it': (text) => [...bytesOf(text)].map((byte) => `%${hexOf(byte)}`).join(''),
    'a form': (text) => new URLSearchParams({ q: text }).toString().slice(2),
  };

  test.each(Object.entries(spellings))('%s', (_name, spell) => {
    for (const credential of credentials) {
      const text = spell(credential);
      const half = Math.ceil(text.length / 2);
      const pieces = [text, text.slice(0, half), text.slice(half), text.slice(2, -2)];
      for (const piece of pieces) {
        const told = withoutCredentials(`so: ${piece} `, [credential]);
        for (let start = 0; start + 8 <= piece.length; start += 1) {
          expect(told).not.toContain(piece.slice(start, start + 8));
        }
      }
      expect(withoutCredentials(`so: ${text} `, [credential])).toContain('(cut out)');
    }
  });

  test('a message that has nothing of it stays, whatever the credential', () => {
    const message = 'connect ECONNREFUSED 10.0.0.7:5432: relation "users" does not exist (42P01)';
    const fold = (text: string) => text.toLowerCase();
    const isIn = (piece: string) => fold(message).includes(fold(piece));
    fc.assert(
      fc.property(fc.string({ minLength: 9 }), (credential) => {
        fc.pre(
          !Array.from(credential, (_, at) => credential.slice(at, at + 8)).some(
            (piece) => piece.length === 8 && isIn(piece),
          ),
        );
        expect(withoutCredentials(message, [credential])).toBe(message);
      }),
      { numRuns: 50 },
    );
  });
});
