import { describe, expect, test } from '@jest/globals';
import {
  allOf,
  anonymous,
  anyOf,
  createPrincipal,
  denied,
  forbidden,
  type GuardLike,
  guard,
  headerHandler,
  type Requirement,
  requireRoles,
  requireScopes,
  SecurityChain,
  type SecurityHandler,
  unavailable,
} from '@sallyport/core';
import { challenge, RequiredScopes, scoped } from '@sallyport/core/extend';
import { ask, buildRequest } from '@sallyport/core/testing';

const ALICE = { kind: 'user', issuer: undefined, subject: 'alice', clientId: 'shop' };

function proving(name: string, scopes: readonly string[]): SecurityHandler {
  const principal = createPrincipal({ subject: 'alice', clientId: 'shop', scopes });
  return headerHandler({ name, header: `X-${name}`, verify: () => principal });
}

const key = proving('key', ['read']);
const second = proving('second', ['write']);
const all = { match: 'all', strategy: 'exact', of: undefined } as const;
const needing = (member: Requirement, ...scopes: string[]) => scoped(member, new RequiredScopes(scopes, all));

async function eventOf(requirement: Requirement, ...guards: GuardLike[]) {
  const headers = { 'X-key': 'k', 'X-second': 's' };
  return (await ask(new SecurityChain({ requirement, guards }), '/', { headers })).event;
}

describe('a proved caller who is refused', () => {
  test.each<[string, Requirement, readonly GuardLike[], number, object | undefined]>([
    [
      'lacks scopes',
      key,
      [requireScopes(['read', 'write', 'admin'])],
      403,
      { scopes: ['write', 'admin'], match: 'all' },
    ],
    [
      'lacks each of several',
      key,
      [requireScopes(['a', 'b'], { match: 'any' })],
      403,
      { scopes: ['a', 'b'], match: 'any' },
    ],
    [
      'lacks scopes of one proof',
      allOf(key, second),
      [requireScopes(['read', 'write'], { of: key })],
      403,
      { scopes: ['write'], match: 'all' },
    ],
    [
      'lacks what no broader scope covers',
      key,
      [requireScopes(['read.all', 'write'], { strategy: 'hierarchic' })],
      403,
      { scopes: ['write'], match: 'all' },
    ],
    ['lacks scopes of a contract', needing(key, 'read', 'write'), [], 403, { scopes: ['write'], match: 'all' }],
    [
      'lacks scopes of each alternative',
      anyOf(needing(key, 'x'), needing(second, 'y')),
      [],
      403,
      { scopes: ['x'], match: 'all' },
    ],
    [
      'lacks what a guard of the application names',
      key,
      [() => forbidden('insufficient_scope', { scopes: ['read', 'pay'] })],
      403,
      { scopes: ['pay'], match: 'all' },
    ],
    ['lacks a role', key, [requireRoles('admin')], 403, undefined],
    ['meets a guard that cannot ask', key, [() => unavailable('db_down')], 503, undefined],
    [
      'meets a guard with a bug',
      key,
      [
        guard('broken', () => {
          throw new Error('no');
        }),
      ],
      500,
      undefined,
    ],
  ])('who %s is named', async (_case, requirement, guards, status, missing) => {
    const event = await eventOf(requirement, ...guards);
    expect(event).toMatchObject({ outcome: 'denied', status, principal: ALICE });
    expect(event.missing).toEqual(missing);
    expect(Object.isFrozen(event.missing?.scopes ?? event)).toBe(true);
  });

  test('is named by the guard of a route, too', async () => {
    const chain = new SecurityChain({ requirement: key });
    const request = buildRequest('/', { headers: { 'X-key': 'k' } });
    const granted = await chain.decide(request);
    if (granted.kind !== 'granted') throw new Error('not granted');
    const events: unknown[] = [];
    const listening = new SecurityChain({ requirement: key }, { listeners: [(event) => events.push(event)] });
    await listening.authorize(granted, requireScopes('write'), request);
    expect(events).toMatchObject([{ status: 403, principal: ALICE, missing: { scopes: ['write'] } }]);
  });
});

test('an anonymous caller who is refused is nobody, and a granted one lacks nothing', async () => {
  expect(await eventOf(anonymous(), requireScopes('read'))).toMatchObject({
    status: 403,
    principal: undefined,
    missing: undefined,
  });
  const granted = await eventOf(anyOf(needing(key, 'x'), needing(second, 'write')));
  expect(granted).toMatchObject({ outcome: 'granted', principal: ALICE, missing: undefined });
});

describe('a caller whose credential was not found', () => {
  const told = async (requirement: Requirement, headers: Readonly<Record<string, string>>) => {
    const { reason, event } = await ask(new SecurityChain({ requirement }), '/', { headers });
    return `${reason}: ${event.detail}`;
  };
  const authorization: SecurityHandler = {
    name: 'token',
    challenges: [challenge('Bearer', { realm: 'shop' })],
    extract: () => undefined,
    verify: () => denied('never_asked'),
  };

  test.each<[string, Requirement, Readonly<Record<string, string>>, string]>([
    ['one place', key, {}, 'credentials_missing: nothing at header:x-key (key)'],
    [
      'several places',
      anyOf(key, second),
      {},
      'credentials_missing: nothing at header:x-key (key), header:x-second (second)',
    ],
    [
      'what is missing beside what came',
      allOf(key, second),
      { 'X-key': 'k' },
      'credentials_missing: nothing at header:x-second (second); found at header:x-key (key)',
    ],
    [
      'a scheme that nobody takes',
      authorization,
      { Authorization: 'Token abc' },
      'credentials_unrecognised: the scheme is "token", expected authorization:bearer (token)',
    ],
  ])('is told where it was looked for: %s', async (_what, requirement, headers, expected) => {
    expect(await told(requirement, headers)).toBe(expected);
  });

  test('is not told what stands in place of a scheme, unless it is a word: it may be the credential (CWE-532)', async () => {
    for (const scheme of ['s3cr3t', 'correct-horse-battery', 'eyJhbGciOiJFUzI1NiJ9.e30.c2ln']) {
      const detail = await told(authorization, { Authorization: `${scheme} x` });
      expect(detail).toBe('credentials_unrecognised: the scheme is another one, expected authorization:bearer (token)');
    }
  });
});
