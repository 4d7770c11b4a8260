import { describe, expect, test } from '@jest/globals';
import {
  allOf,
  anonymous,
  anyOf,
  attempt,
  authenticated,
  createPrincipal,
  type Decision,
  denied,
  type GuardLike,
  optional,
  type Requirement,
  requireScopes,
  SecurityChain,
  type SecurityHandler,
  some,
} from '@sallyport/core';
import { ask, buildRequest, type RequestParts } from '@sallyport/core/testing';
import { alice, apiKey, bearer, dpop, plain } from '../chain/scripted-handlers.js';

const token = bearer(alice({ scopes: ['read'] }));
const key = apiKey(alice({ scopes: ['admin'] }));
const TOKEN: RequestParts = { bearer: 'token' };
const KEY: RequestParts = { headers: { 'X-Key': 'k' } };
const BOTH: RequestParts = { ...TOKEN, ...KEY };

function chainOf(requirement: Requirement, ...guards: readonly GuardLike[]): SecurityChain {
  return new SecurityChain({ requirement, guards });
}

describe('requireScopes of a handler asks the proof of that handler alone', () => {
  const admin = (of: SecurityHandler) => requireScopes('admin', { of });
  type Row = readonly [string, Requirement, GuardLike, RequestParts, number];
  const rows: readonly Row[] = [
    ['it has the scope', allOf(token, key), admin(key), BOTH, 200],
    ['another proof has it', allOf(token, key), admin(token), BOTH, 403],
    ['without a handler all proofs count together', allOf(token, key), requireScopes('admin'), BOTH, 200],
    ['in a tree', allOf(allOf(plain('device'), key), token), admin(key), withDevice(BOTH), 200],
    ['in a tree, another proof', allOf(allOf(plain('device'), key), token), admin(token), withDevice(BOTH), 403],
    ['it is the only proof', key, admin(key), KEY, 200],
    ['it proved nothing, since another alternative did', anyOf(token, key), admin(token), KEY, 403],
    ['it proved nothing, since it was optional', allOf(key, optional(token)), admin(token), KEY, 403],
    ['it was refused, and attempted', allOf(key, attempt(bearer(denied('no')))), admin(bearer()), BOTH, 403],
    ['it proved nothing, and nobody else did', optional(token), admin(token), {}, 401],
    ['nobody can prove anything', anonymous(), admin(token), {}, 403],
    ['one handler twice', allOf(token, token), requireScopes('read', { of: token }), TOKEN, 200],
    ['any scope is enough', allOf(token, key), requireScopes(['x', 'read'], { of: token, match: 'any' }), BOTH, 200],
    [
      'a hierarchy of scopes',
      allOf(token, key),
      requireScopes('admin.users', { of: key, strategy: 'hierarchic' }),
      BOTH,
      200,
    ],
    ['one of several handlers', anyOf(token, key), some(admin(token), admin(key)), KEY, 200],
  ];

  test.each(rows)('%s', async (_what, requirement, guard, sends, status) => {
    expect((await ask(chainOf(requirement, guard), '/', sends)).status).toBe(status);
  });

  test('the refusal carries the challenge of that handler, also where another one comes first', async () => {
    const proof = { ...plain('proof'), challenges: dpop().challenges };
    const guard = requireScopes('admin', { of: proof });
    const sends = { ...TOKEN, headers: { 'X-proof': 'p' } };
    const decision = await chainOf(allOf(token, proof), guard).decide(buildRequest('/', sends));
    expect(challengesOf(decision)).toEqual([expect.stringMatching(/^DPoP .*scope="admin"$/)]);
  });

  test('a handler that passes the principal of another chain on keeps its proofs apart', async () => {
    const inner = chainOf(allOf(token, key));
    const gateway: SecurityHandler<string> = {
      ...bearer(),
      name: 'gateway',
      extract: () => 'it',
      verify: async (_credential, request) => {
        const decision = await inner.decide(request);
        return decision.kind === 'granted' ? authenticated(decision.principal) : denied('inner');
      },
    };
    expect((await ask(chainOf(gateway, admin(token)), '/', BOTH)).status).toBe(403);
    expect((await ask(chainOf(gateway, admin(gateway)), '/', BOTH)).status).toBe(200);
  });

  test('a principal that no chain has seen was proved by nobody', () => {
    const check = () => admin(key).check(createPrincipal({ subject: 'a', scopes: ['admin'] }), buildRequest());
    expect(check()).toMatchObject({ kind: 'forbidden', reason: 'insufficient_scope' });
  });

  test.each([['"bearer"'], ['7'], ['{"name":"bearer"}'], ['null']])('%s is no handler', (json) => {
    expect(() => requireScopes('a', { of: JSON.parse(json) })).toThrow(
      expect.objectContaining({ code: 'ERR_SALLYPORT_OPTION_INVALID' }),
    );
  });
});

function withDevice(parts: RequestParts): RequestParts {
  return { ...parts, headers: { ...parts.headers, 'X-device': 'd' } };
}

function challengesOf(decision: Decision): readonly string[] {
  const lines = decision.kind === 'denied' ? decision.headers : [];
  return lines.filter(([name]) => name === 'WWW-Authenticate').map(([, value]) => value);
}
