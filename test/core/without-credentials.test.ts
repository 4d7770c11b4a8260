import { describe, expect, test } from '@jest/globals';
import { withoutCredentials } from '@sallyport/core/extend';

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
    ['has a part of 12 characters cut out', 'bad eyJhbGciOiJF', [TOKEN], 'bad (cut out)'],
    ['keeps a part of 11 characters', 'bad eyJhbGciOiJ', [TOKEN], 'bad eyJhbGciOiJ'],
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
