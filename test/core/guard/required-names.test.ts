import { describe, expect, test } from '@jest/globals';
import { createPrincipal, type Guard, type PrincipalInit, requireAudience, requireRoles } from '@sallyport/core';
import { PERMITTED } from '@sallyport/core/extend';
import { buildRequest } from '@sallyport/core/testing';

function check({ check }: Guard, init: Partial<PrincipalInit>) {
  return check(createPrincipal({ subject: 'alice', ...init }), buildRequest());
}

describe('requireRoles', () => {
  const rows: readonly (readonly [string, readonly string[], readonly string[], 'all' | 'any', boolean])[] = [
    ['has it', ['admin'], ['admin'], 'all', true],
    ['has it among others', ['user', 'admin'], ['admin'], 'all', true],
    ['has none', [], ['admin'], 'all', false],
    ['case matters', ['Admin'], ['admin'], 'all', false],
    ['a prefix is no role', ['administrator'], ['admin'], 'all', false],
    ['all: one is missing', ['a'], ['a', 'b'], 'all', false],
    ['all: has both', ['b', 'a'], ['a', 'b'], 'all', true],
    ['any: has one', ['b'], ['a', 'b'], 'any', true],
    ['any: has neither', ['c'], ['a', 'b'], 'any', false],
  ];

  test.each(rows)('%s', (_why, roles, required, match, permitted) => {
    const verdict = check(requireRoles(required, { match }), { roles });
    if (permitted) expect(verdict).toBe(PERMITTED);
    else expect(verdict).toMatchObject({ kind: 'forbidden', reason: 'role_missing', scopes: undefined });
  });

  test('scopes are no roles', () => {
    expect(check(requireRoles('admin'), { scopes: ['admin'] })).toMatchObject({ kind: 'forbidden', scopes: undefined });
  });
});

describe('requireAudience [RFC 7519 4.1.3]', () => {
  const rows: readonly (readonly [string, readonly string[], string | readonly string[], boolean])[] = [
    ['is the one', ['api'], 'api', true],
    ['is among several', ['other', 'api'], 'api', true],
    ['one of several accepted', ['b'], ['a', 'b'], true],
    ['is for somebody else', ['other'], 'api', false],
    ['is for nobody', [], 'api', false],
    ['case matters', ['API'], 'api', false],
    ['a prefix is somebody else', ['api.example'], 'api', false],
    ['a trailing slash is somebody else', ['https://api.example/'], 'https://api.example', false],
  ];

  test.each(rows)('%s', (_why, audience, accepted, permitted) => {
    const verdict = check(requireAudience(accepted), { audience });
    if (permitted) expect(verdict).toBe(PERMITTED);
    else expect(verdict).toMatchObject({ kind: 'denied', reason: 'audience_mismatch' });
  });
});
