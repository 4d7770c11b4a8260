import { describe, expect, test } from '@jest/globals';
import { createPrincipal, forbidden, type Match, requireScopes, type ScopeStrategy } from '@sallyport/core';
import { PERMITTED } from '@sallyport/core/extend';
import { buildRequest } from '@sallyport/core/testing';
import rows from '../../vectors/guard/scopes.json' with { type: 'json' };

interface ScopeRow {
  readonly why: string;
  readonly strategy: ScopeStrategy;
  readonly match: Match;
  readonly granted: readonly string[];
  readonly required: readonly string[];
  readonly permitted: boolean;
}

const TABLE = rows as readonly ScopeRow[];

function check(guard: ReturnType<typeof requireScopes>, scopes: readonly string[]) {
  return guard.check(createPrincipal({ subject: 'alice', scopes }), buildRequest());
}

describe('requireScopes', () => {
  test.each(TABLE)('$strategy, $match: $granted for $required: $permitted, $why', (row) => {
    const { granted, required, match, strategy, permitted } = row;
    const verdict = check(requireScopes(required, { match, strategy }), granted);
    expect(verdict).toMatchObject({ kind: permitted ? 'permitted' : 'forbidden' });
  });

  test('is exact and wants all by default [RFC 6749 3.3]', () => {
    expect(check(requireScopes(['a', 'b']), ['a'])).toMatchObject({ kind: 'forbidden' });
    expect(check(requireScopes('a.b'), ['a'])).toMatchObject({ kind: 'forbidden' });
    expect(check(requireScopes('a'), ['a'])).toBe(PERMITTED);
  });

  test('names what would be enough: all of them, or the first where one is enough [RFC 6750 3.1]', () => {
    const refusal = forbidden('insufficient_scope', { scopes: ['a', 'b'] });
    expect(check(requireScopes(['a', 'b']), [])).toEqual(refusal);
    expect(check(requireScopes(['a', 'b'], { match: 'any' }), [])).toMatchObject({ scopes: ['a'] });
  });

  test('explicit undefined means the default', () => {
    expect(check(requireScopes('a', { match: undefined, strategy: undefined }), ['a'])).toBe(PERMITTED);
  });

  const wrong: readonly (readonly [string, () => unknown, string])[] = [
    ['no scope at all', () => requireScopes([]), 'ERR_SALLYPORT_OPTION_INVALID'],
    ['an empty scope', () => requireScopes(''), 'ERR_SALLYPORT_OPTION_INVALID'],
    ['two scopes in one text [RFC 6749 3.3]', () => requireScopes('a b'), 'ERR_SALLYPORT_OPTION_INVALID'],
    ['a quote [RFC 6749 3.3]', () => requireScopes('a"'), 'ERR_SALLYPORT_OPTION_INVALID'],
    ['a backslash [RFC 6749 3.3]', () => requireScopes('a\\'), 'ERR_SALLYPORT_OPTION_INVALID'],
    ['more than ASCII [RFC 6749 3.3]', () => requireScopes('ä'), 'ERR_SALLYPORT_OPTION_INVALID'],
    ['a line end', () => requireScopes('a\r\nb'), 'ERR_SALLYPORT_OPTION_INVALID'],
    [
      'an unknown strategy',
      () => requireScopes('a', JSON.parse('{"strategy":"fuzzy"}')),
      'ERR_SALLYPORT_OPTION_INVALID',
    ],
    ['an unknown match', () => requireScopes('a', JSON.parse('{"match":"some"}')), 'ERR_SALLYPORT_OPTION_INVALID'],
    ['an unknown option', () => requireScopes('a', JSON.parse('{"mode":"any"}')), 'ERR_SALLYPORT_OPTION_UNKNOWN'],
  ];

  test.each(wrong)('refuses %s when it is made', (_what, make, code) => {
    expect(make).toThrow(expect.objectContaining({ code }));
  });
});
