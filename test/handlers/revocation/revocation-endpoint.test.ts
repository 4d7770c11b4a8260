import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  anonymous,
  createPrincipal,
  headerHandler,
  type Requirement,
  Revocations,
  requireScopes,
  SecurityChain,
} from '@sallyport/core';
import type { RevocationBus } from '@sallyport/core/extend';
import { ManualClock } from '@sallyport/core/testing';
import { BasicHandler, InMemoryUserStore } from '@sallyport/handlers/basic';
import { onRevocationEvent, RevocationEndpoint, type RevocationEvent } from '@sallyport/handlers/revocation';
import { accountOf } from '../basic/basic-fixture.js';
import { newKey, tokenOf } from '../jwt/signing.js';
import { FORM } from './logout-fixture.js';

const clock = new ManualClock();
const told: RevocationEvent[] = [];
let stop: () => void;

beforeEach(() => {
  told.length = 0;
  stop = onRevocationEvent((event) => told.push(event));
});

afterEach(() => stop());

const servers = headerHandler({
  name: 'servers',
  header: 'x-server',
  verify: (key) => createPrincipal({ subject: key, scopes: key === 'as' ? ['revoke'] : [] }),
});

function endpointOf(requirement: Requirement = servers, revocations = new Revocations({}, { clock })) {
  const decider = new SecurityChain({ requirement, guards: [requireScopes('revoke')] }, { clock });
  const endpoint = new RevocationEndpoint({}, { decider, revocations });
  const send = (body: string | object, headers: readonly string[] = ['X-Server', 'as'], method = 'POST') =>
    endpoint.receive({ method, rawHeaders: [...FORM, ...headers], body });
  const isRevoked = (token: string) => revocations.refuses(token);
  return { send, isRevoked, revocations, endpoint };
}

const key = newKey('ES256');
const jwt = () =>
  tokenOf('{"alg":"ES256"}', `{"iss":"https://as.example","sub":"alice","exp":${4e9}}`, 'ES256', key.privateKey);

describe('a revocation (RFC 7009 2.1)', () => {
  test.each([
    ['an opaque token', 'token=opaque-1', 'opaque-1'],
    ['one with a hint', 'token=opaque-1&token_type_hint=access_token', 'opaque-1'],
    ['one with a hint that nobody knows', 'token=opaque-1&token_type_hint=pat', 'opaque-1'],
    ['one with characters that are encoded', 'token=a%2Bb%2F%3D', 'a+b/='],
  ])('of %s is 200 with Cache-Control: no-store', async (_what, body, token) => {
    const { send, isRevoked } = endpointOf();
    expect(await send(body)).toEqual({ status: 200, headers: [['Cache-Control', 'no-store']], body: '' });
    expect([isRevoked(token), isRevoked('another')]).toEqual([true, false]);
    expect(told).toEqual([{ kind: 'token_revoked', issuer: undefined, subject: 'as', clientId: undefined }]);
  });

  test('of a signed token ends it under every signature', async () => {
    const { send, isRevoked } = endpointOf();
    const [one, other] = [jwt(), jwt()];
    expect(one).not.toBe(other);
    expect((await send({ token: one })).status).toBe(200);
    expect(isRevoked(other)).toBe(true);
  });

  test('of what is no token at all is 200 (RFC 7009 2.2)', async () => {
    const { send } = endpointOf();
    for (const token of ['a.b.c', '..', ' ', '\u0000', '%F0%9F']) {
      expect((await send({ token })).status).toBe(200);
    }
  });
});

describe('what is refused', () => {
  const rows: readonly (readonly [
    string,
    Parameters<ReturnType<typeof endpointOf>['send']>,
    number,
    string,
    string,
  ])[] = [
    ['no token', ['token_type_hint=access_token'], 400, 'invalid_request', 'token_missing'],
    ['an empty token', ['token='], 400, 'invalid_request', 'token_missing'],
    ['two tokens', ['token=a&token=b'], 400, 'invalid_request', 'token_doubled'],
    [
      'a refresh token',
      ['token=a&token_type_hint=refresh_token'],
      400,
      'unsupported_token_type',
      'refresh_token_unsupported',
    ],
    ['a large body', [`token=${'a'.repeat(20_000)}`], 413, 'invalid_request', 'body_too_large'],
    ['another method', ['token=a', ['X-Server', 'as'], 'PUT'], 405, 'invalid_request', 'method_not_allowed'],
  ];

  test.each(rows)('%s (RFC 7009 2.2.1)', async (_what, request, status, error, reason) => {
    const { send, revocations } = endpointOf();
    const answer = await send(...request);
    expect([answer.status, JSON.parse(answer.body).error]).toEqual([status, error]);
    expect(told).toEqual([{ kind: 'revocation_refused', reason, subject: 'as' }]);
    expect(revocations.size).toBe(0);
  });

  test('whoever does not meet the requirement, before anything of the body is looked at', async () => {
    const { send, revocations } = endpointOf();
    const body = 'token=a';
    expect((await send(body, [])).status).toBe(401);
    expect((await send(body, ['X-Server', 'another'])).status).toBe(403);
    expect((await send('', [])).status).toBe(401);
    expect(revocations.size).toBe(0);
    expect(told.map((event) => event.kind)).toEqual(Array.from({ length: 3 }, () => 'revocation_refused'));
  });

  test('everybody, where the chain lets anonymous callers in: it is never open', async () => {
    const revocations = new Revocations();
    const decider = new SecurityChain({ requirement: anonymous() });
    const endpoint = new RevocationEndpoint({}, { decider, revocations });
    const answer = await endpoint.receive({ method: 'POST', rawHeaders: FORM, body: 'token=a' });
    expect([answer.status, revocations.size]).toEqual([401, 0]);
    expect(told).toMatchObject([{ reason: 'caller_anonymous' }]);
  });

  test('what no chain decided is a bug: 500, told, and the process goes on', async () => {
    const decider = { decide: () => ({ kind: 'granted', principal: createPrincipal({ subject: 'x' }) }) };
    const endpoint = new RevocationEndpoint({}, { decider: decider as never, revocations: new Revocations() });
    const request = new Request('http://localhost/revoke', {
      method: 'POST',
      body: new URLSearchParams({ token: 'a' }),
    });
    expect((await endpoint.fetch(request)).status).toBe(500);
    expect(told).toEqual([{ kind: 'endpoint_threw', name: 'TypeError', code: undefined }]);
  });
});

test('a client of the authorization server authenticates with Basic (RFC 7009 2.1)', async () => {
  const users = new InMemoryUserStore([await accountOf('as', 'a secret of the server', { roles: ['server'] })]);
  const handler = new BasicHandler({ realm: 'revocation', users, scopesOfRoles: { server: 'revoke' } }, { clock });
  const { send, isRevoked } = endpointOf(handler);
  const basic = (password: string) => ['Authorization', `Basic ${btoa(`as:${password}`)}`];
  expect((await send('token=a', basic('a guess'))).status).toBe(401);
  expect(isRevoked('a')).toBe(false);
  expect((await send('token=a', basic('a secret of the server'))).status).toBe(200);
  expect(isRevoked('a')).toBe(true);
});

test('a revocation that other instances could not be told of is 503, and takes effect here', async () => {
  const bus: RevocationBus = {
    publish: async () => false,
    receive: async () => ({ notices: [], isComplete: true }),
    listen: async () => {},
    close: async () => {},
  };
  const revocations = new Revocations({ secret: 's'.repeat(32) }, { bus, clock });
  const { send, isRevoked } = endpointOf(servers, revocations);
  const { status, headers } = await send('token=a');
  expect(status).toBe(503);
  expect(headers).toContainEqual(['Retry-After', '1']);
  expect(isRevoked('a')).toBe(true);
  expect(told).toMatchObject([{ kind: 'revocation_failed', subject: 'as' }]);
});
