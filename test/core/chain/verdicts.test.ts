import { describe, expect, test } from '@jest/globals';
import {
  authenticated,
  challenged,
  createPrincipal,
  denied,
  forbidden,
  limited,
  malformed,
  unavailable,
} from '@sallyport/core';
import { isPrincipal, isVerdict } from '@sallyport/core/extend';

const alice = createPrincipal({ subject: 'alice' });

describe('verdicts are made by their constructors alone (rule 12)', () => {
  const made = [
    authenticated(alice),
    denied('expired'),
    malformed('syntax'),
    forbidden('policy', { scopes: ['a'] }),
    challenged({ error: 'use_dpop_nonce' }, { headers: [['DPoP-Nonce', 'n']] }),
    limited({ retryAfterSeconds: 1 }),
    unavailable('down'),
  ];

  test.each(made)('$kind: a brand, and frozen', (verdict) => {
    expect(isVerdict(verdict)).toBe(true);
    expect(Object.isFrozen(verdict)).toBe(true);
    expect(isVerdict({ ...verdict })).toBe(false);
    expect(isVerdict(Object.create(verdict))).toBe(false);
    expect(isVerdict(new Proxy(verdict, {}))).toBe(false);
  });

  test.each([undefined, null, true, 'denied', 0, [], {}])('%p is none', (value) => {
    expect(isVerdict(value)).toBe(false);
    expect(isPrincipal(value)).toBe(false);
  });

  const wrong: readonly (readonly [string, () => unknown])[] = [
    ['a grant for a look-alike', () => authenticated(JSON.parse(JSON.stringify(alice)))],
    ['a grant for nobody', () => authenticated(JSON.parse('null'))],
    ['a reason that quotes a credential', () => denied('bad key sk_live_1')],
    ['an error that has no text', () => denied('bad', { error: 'invalid_proof' as never })],
    ['a reason in capitals', () => malformed('Syntax')],
    ['a reason without end', () => forbidden('a'.repeat(65))],
    ['no reason', () => denied('')],
    ['a list of no scopes', () => forbidden('policy', { scopes: [] })],
    ['a scope that would end the header line [RFC 6749 3.3]', () => forbidden('policy', { scopes: ['a\r\nb'] })],
    ['a scope that is two [RFC 6749 3.3]', () => forbidden('policy', { scopes: ['a b'] })],
    ['a header line that is two [RFC 9110 5.5]', () => authenticated(alice, { headers: [['A', 'a\r\nB: b']] })],
    ['a header name that is none [RFC 9110 5.1]', () => challenged({}, { headers: [['A B', 'a']] })],
    ['a challenge parameter beyond ASCII', () => challenged({ error: 'use_mfa', hint: 'é' })],
    ['a challenge parameter with a line end', () => challenged({ nonce: 'a\nb' })],
    ['no time at all', () => limited({ retryAfterSeconds: Number.NaN })],
    ['no end of time', () => unavailable('down', { retryAfterSeconds: Number.POSITIVE_INFINITY })],
  ];

  test.each(wrong)('%s is refused where it is made', (_what, make) => {
    expect(make).toThrow(TypeError);
    expect(make).toThrow(/^.+$/);
  });

  test.each([
    [-5, 1],
    [0, 1],
    [0.2, 1],
    [29.2, 30],
    [86_400, 86_400],
    [1e9, 86_400],
  ])('%p seconds to wait are %p: whole ones, from one second to one day [RFC 9110 10.2.3]', (given, kept) => {
    expect(limited({ retryAfterSeconds: given }).retryAfterSeconds).toBe(kept);
    expect(unavailable('down', { retryAfterSeconds: given }).retryAfterSeconds).toBe(kept);
  });

  test.each([
    ['a code', 'key_server_down', 'key_server_down'],
    ['an error with a code', Object.assign(new Error('secret'), { code: 'ECONNREFUSED' }), 'econnrefused'],
    ['an error without one', new Error('secret'), 'dependency_failed'],
    [
      'an error whose code is a sentence',
      Object.assign(new Error('x'), { code: 'no route to host' }),
      'dependency_failed',
    ],
    ['anything', 7, 'dependency_failed'],
    ['nothing', undefined, 'dependency_failed'],
  ])('unavailable keeps the code of its cause and no message: %s', (_what, cause, reason) => {
    expect(unavailable(cause).reason).toBe(reason);
  });
});
