import { describe, expect, test } from '@jest/globals';
import {
  allOf,
  anonymous,
  anyOf,
  attempt,
  type Decision,
  denied,
  every,
  type GuardLike,
  guard,
  optional,
  type Requirement,
  requireRoles,
  requireScopes,
  SecurityChain,
  some,
} from '@sallyport/core';
import { RequiredScopes, scoped } from '@sallyport/core/extend';
import { buildRequest, type RequestParts } from '@sallyport/core/testing';
import { alice, apiKey, bearer, dpop } from './scripted-handlers.js';

const TOKEN: RequestParts = { bearer: 'token' };
const jwt = bearer(alice({ scopes: ['read'] }), 'jwt');
const other = dpop();
const needing = (requirement: Requirement, scopes: readonly string[], match: 'all' | 'any' = 'all') =>
  scoped(requirement, new RequiredScopes(scopes, { match, strategy: 'exact', of: undefined }));

async function challengesOf(
  requirement: Requirement,
  guards: readonly GuardLike[],
  parts: RequestParts,
): Promise<readonly string[]> {
  const decision: Decision = await new SecurityChain({ requirement, guards }).decide(buildRequest('/', parts));
  const lines = decision.kind === 'denied' ? decision.headers : [];
  return lines.filter(([name]) => name === 'WWW-Authenticate').map(([, value]) => value);
}

async function scopesIn(...asked: Parameters<typeof challengesOf>): Promise<readonly (string | undefined)[]> {
  return (await challengesOf(...asked)).map((line) => / scope="([^"]*)"/.exec(line)?.[1]);
}

describe('a 401 names the scopes that a client should ask for (RFC 6750 3)', () => {
  type Row = readonly [string, Requirement, readonly GuardLike[], readonly (string | undefined)[]];
  const rows: readonly Row[] = [
    ['none are needed', jwt, [], [undefined]],
    ['those of the contract', needing(jwt, ['a', 'b']), [], ['a b']],
    ['those of guards', jwt, [requireScopes('c'), requireScopes(['d', 'c'])], ['c d']],
    ['those of both', needing(jwt, ['a']), [requireScopes('c')], ['a c']],
    ['one of several is enough', needing(jwt, ['a', 'b'], 'any'), [], ['a']],
    ['all of allOf', allOf(needing(jwt, ['a']), needing(jwt, ['b'])), [], ['a b']],
    ['the first of anyOf', anyOf(needing(jwt, ['a']), needing(jwt, ['b'])), [], ['a']],
    ['each scheme its own', allOf(needing(jwt, ['a']), needing(other, ['b'])), [], ['a', 'b']],
    ['of one handler alone', allOf(jwt, other), [requireScopes('b', { of: other })], [undefined, 'b']],
    ['no scheme that has no scopes', anyOf(needing(apiKey(), ['a']), jwt), [], [undefined, undefined]],
    ['in every()', jwt, [every(requireScopes('a'), requireRoles('x'), requireScopes('b'))], ['a b']],
    ['the first of some()', jwt, [some(requireRoles('x'), requireScopes('a'), requireScopes('b'))], ['a']],
    ['in optional()', optional(needing(jwt, ['a'])), [requireScopes('b')], ['a b']],
    ['in attempt()', attempt(needing(jwt, ['a'])), [requireScopes('b')], ['a b']],
    [
      'of a function that tells them',
      jwt,
      [guard('own', () => true, { needs: [{ asked: ['o'], known: ['o'] }] })],
      ['o'],
    ],
  ];
  test.each(rows)('%s', async (_, requirement, guards, expected) => {
    expect(await scopesIn(requirement, guards, {})).toEqual(expected);
  });

  test('also where a token was refused', async () => {
    const line = await challengesOf(needing(bearer(denied('no')), ['a']), [], TOKEN);
    expect(line).toEqual([expect.stringMatching(/^Bearer realm="api", error="invalid_token", .*, scope="a"$/)]);
  });
});

describe('a 403 names all scopes that the operation needs, so that one more token is enough (RFC 6750 3.1)', () => {
  type Row = readonly [string, Requirement, readonly GuardLike[], readonly (string | undefined)[]];
  const rows: readonly Row[] = [
    ['the contract refuses', needing(jwt, ['w']), [requireScopes('c')], ['w c']],
    ['a guard refuses', needing(jwt, ['read']), [requireScopes('c')], ['read c']],
    ['the second of two guards refuses', jwt, [requireScopes('read'), requireScopes('c')], ['read c']],
    [
      'another alternative than the first names its own',
      anyOf(allOf(apiKey(), needing(jwt, ['a'])), needing(jwt, ['b'])),
      [],
      ['b'],
    ],
  ];
  test.each(rows)('%s', async (_, requirement, guards, expected) => {
    expect(await scopesIn(requirement, guards, TOKEN)).toEqual(expected);
  });

  test('a guard of a route adds its own', async () => {
    const chain = new SecurityChain({ requirement: jwt, guards: [requireScopes('read')] });
    const request = buildRequest('/', TOKEN);
    const granted = await chain.decide(request);
    if (granted.kind !== 'granted') throw new Error('refused');
    const decision = await chain.authorize(granted, requireScopes('w'), request);
    expect(decision).toMatchObject({ status: 403 });
    expect(JSON.stringify(decision)).toContain('scope=\\"read w\\"');
  });
});

test('what a guard says to need are scopes: they stand in a header line (RFC 6749 3.3)', () => {
  const needs = [{ asked: ['a\r\nX: y'], known: [] }];
  for (const guards of [[guard('odd', () => true, { needs })], [guard('odd', () => true, { needs }), () => true]]) {
    expect(() => new SecurityChain({ requirement: anonymous(), guards })).toThrow('scope-tokens of RFC 6749 3.3');
  }
});
