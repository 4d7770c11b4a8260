import { once } from 'node:events';
import { createServer } from 'node:http';
import { expect, jest, test } from '@jest/globals';
import { httpSecurity } from '@sallyport/adapters/http';
import {
  allOf,
  anonymous,
  type Decider,
  type Decision,
  denied,
  onDecision,
  type Requirement,
  requireScopes,
  route,
  routes,
  SecurityChain,
  type ShadowDifference,
  type ShadowedOutcome,
  shadow,
  unavailable,
} from '@sallyport/core';
import { SecurityRequest } from '@sallyport/core/extend';
import { buildRequest, type RequestParts } from '@sallyport/core/testing';
import { alice, apiKey, bearer, plain } from './scripted-handlers.js';

const TOKEN: RequestParts = { bearer: 't' };

function outcome({ status, reason, principal }: ShadowedOutcome): string {
  return principal === undefined ? `${status} ${reason}` : principal.subject || 'nobody';
}

function shadowed(first: SecurityChain, candidate: SecurityChain): { decider: Decider; told: ShadowDifference[] } {
  const told: ShadowDifference[] = [];
  return { decider: shadow(first, { candidate, onDifference: (difference) => told.push(difference) }), told };
}

/** Both have answered, also where that took some turns. */
async function settled(decision: Decision | Promise<Decision>): Promise<Decision> {
  const decided = await decision;
  await new Promise(setImmediate);
  return decided;
}

const tokens = () => bearer(alice({ issuer: 'https://issuer.example', scopes: ['a'] }));

test.each<[string, Requirement, Requirement, RequestParts, string | undefined]>([
  ['the same answer', tokens(), tokens(), TOKEN, undefined],
  ['the same refusal', bearer(denied('no')), bearer(denied('no')), TOKEN, undefined],
  ['nothing sent', tokens(), tokens(), {}, undefined],
  [
    'claims that differ',
    tokens(),
    bearer(alice({ issuer: 'https://issuer.example', scopes: ['a'], claims: { b: 1 } })),
    TOKEN,
    undefined,
  ],
  ['a candidate that refuses', tokens(), bearer(denied('token_expired')), TOKEN, 'alice, 401 token_expired'],
  ['a candidate that grants', bearer(denied('no')), tokens(), TOKEN, '401 no, alice'],
  ['a candidate that wants more', tokens(), allOf(tokens(), apiKey()), TOKEN, 'alice, 401 credentials_missing'],
  ['another reason', bearer(denied('one')), bearer(denied('other')), TOKEN, '401 one, 401 other'],
  ['another status', bearer(denied('no')), bearer(unavailable('no')), TOKEN, '401 no, 503 no'],
  ['somebody else', tokens(), bearer(alice({ issuer: 'https://other.example', scopes: ['a'] })), TOKEN, 'alice, alice'],
  ['other scopes', tokens(), bearer(alice({ issuer: 'https://issuer.example' })), TOKEN, 'alice, alice'],
  ['anonymous callers', anonymous(), tokens(), {}, 'nobody, 401 credentials_missing'],
])('tells differences alone: %s', async (_title, first, second, parts, expected) => {
  const chain = new SecurityChain({ requirement: first });
  const { decider, told } = shadowed(chain, new SecurityChain({ requirement: second }));
  const decision = await settled(decider.decide(buildRequest('GET /orders', parts)));
  const alone = await chain.decide(buildRequest('GET /orders', parts));
  expect(decision.kind).toBe(alone.kind);
  expect(told.map(({ answered, candidate }) => `${outcome(answered)}, ${outcome(candidate)}`)).toEqual(
    expected === undefined ? [] : [expected],
  );
});

test('names the operation, the method and why', async () => {
  const operations = routes([route('GET', '/orders/{id}', { id: 'readOrder', guards: [requireScopes('b')] })]);
  const candidate = new SecurityChain({ name: 'next', requirement: tokens(), operations });
  const { decider, told } = shadowed(new SecurityChain({ requirement: tokens() }), candidate);
  await settled(decider.decide(buildRequest('GET /orders/7', TOKEN)));
  expect(told).toMatchObject([
    {
      method: 'GET',
      operation: 'readOrder',
      event: { chain: 'next', missing: { scopes: ['b'] }, reason: 'insufficient_scope' },
    },
  ]);
  expect(Object.isFrozen(told[0])).toBe(true);
});

test('what is decided at once is still decided at once, and each handler is asked once', () => {
  const [first, second] = [tokens(), tokens()];
  const { decider } = shadowed(new SecurityChain({ requirement: first }), new SecurityChain({ requirement: second }));
  expect(decider.decide(buildRequest('GET /', TOKEN))).toMatchObject({ kind: 'granted' });
  expect([first.asked, second.asked]).toEqual([1, 1]);
});

test('a candidate or listener that fails changes no answer, and the candidate publishes nothing', async () => {
  const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
  const events: string[] = [];
  const stop = onDecision(({ chain }) => events.push(chain));
  const broken = { ...plain('broken'), verify: () => Promise.reject(new Error('broken')) };
  const candidate = new SecurityChain({
    name: 'next',
    requirement: { ...broken, source: 'authorization:bearer', extract: () => 'x' },
  });
  const decider = shadow(new SecurityChain({ requirement: tokens() }), {
    candidate,
    onDifference: () => {
      throw new Error('mine');
    },
  });
  expect(await settled(decider.decide(buildRequest('GET /', TOKEN)))).toMatchObject({ kind: 'granted' });
  stop();
  expect(events).toEqual(['default']);
  expect(warn.mock.calls.map(([message]) => message)).toEqual(['a listener of shadow() failed with Error']);
  warn.mockRestore();
});

test('the body is for the decider; what the candidate would need it for is not compared', async () => {
  let reads = 0;
  const source = {
    method: 'POST',
    target: '/',
    rawHeaders: ['X-Signed', 's'],
    body: () => {
      reads += 1;
      return Buffer.from('hello');
    },
  };
  const signed = () => ({ ...plain('signed'), verifyBody: () => alice() });
  const refusing = { ...plain('signed'), verifyBody: () => denied('no') };
  const { decider, told } = shadowed(
    new SecurityChain({ requirement: signed() }),
    new SecurityChain({ requirement: refusing }),
  );
  expect(await settled(decider.decide(new SecurityRequest(source)))).toMatchObject({ kind: 'granted' });
  expect([reads, told]).toEqual([1, []]);
});

test('a client that goes away is no difference', async () => {
  let leave = () => {};
  const source = {
    method: 'GET',
    target: '/',
    rawHeaders: ['Authorization', 'Bearer t'],
    onClose: (listener: () => void) => (leave = listener),
  };
  const slow = {
    ...plain('slow', 'authorization:bearer'),
    extract: () => 'x',
    verify: () => new Promise<never>(() => {}),
  };
  const { decider, told } = shadowed(
    new SecurityChain({ requirement: slow }),
    new SecurityChain({ requirement: tokens() }),
  );
  const decision = decider.decide(new SecurityRequest(source));
  leave();
  expect(await settled(decision)).toMatchObject({ reason: 'client_gone' });
  expect(told).toEqual([]);
});

test('stands in front of a server, with the requirements and guards of routes', async () => {
  const chain = new SecurityChain({ requirement: tokens(), resource: { identifier: 'https://api.example' } });
  const { decider, told } = shadowed(chain, new SecurityChain({ requirement: bearer(denied('no')) }));
  const secure = httpSecurity(decider);
  const open = secure((_request, response) => response.end('open'), anonymous());
  const scoped = secure((_request, response) => response.end('scoped'), requireScopes('b'));
  const server = createServer((request, response) => (request.url === '/open' ? open : scoped)(request, response));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as { port: number };
  const statusOf = async (path: string) =>
    (await fetch(`http://127.0.0.1:${port}${path}`, { headers: { authorization: 'Bearer t' } })).status;
  try {
    expect(await statusOf('/open')).toBe(200);
    expect(await statusOf('/orders')).toBe(403);
    expect(await statusOf('/.well-known/oauth-protected-resource')).toBe(200);
    expect(told.map(({ candidate }) => candidate.reason)).toEqual(['no']);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test('has what the decider has, and no more', () => {
  const chain = new SecurityChain({ requirement: tokens() });
  const candidate = new SecurityChain({ requirement: tokens() });
  const bare: Decider = {
    decide: (request) => chain.decide(request),
    authorize: (granted, guard, request) => chain.authorize(granted, guard, request),
    covers: () => true,
  };
  const onDifference = () => {};
  expect(Object.keys(shadow(bare, { candidate, onDifference }))).toEqual(['decide', 'authorize', 'covers']);
  expect(shadow(chain, { candidate, onDifference }).readsBodies?.('POST')).toBe(false);
});

test.each<[string, () => unknown]>([
  [
    'no decider',
    () => shadow(undefined as never, { candidate: new SecurityChain({ requirement: tokens() }), onDifference() {} }),
  ],
  [
    'no chain as candidate',
    () => shadow(new SecurityChain({ requirement: tokens() }), { candidate: {} as never, onDifference() {} }),
  ],
  [
    'no listener',
    () =>
      shadow(new SecurityChain({ requirement: tokens() }), {
        candidate: new SecurityChain({ requirement: tokens() }),
      } as never),
  ],
])('refuses %s', (_title, make) => {
  expect(make).toThrow(expect.objectContaining({ code: 'ERR_SALLYPORT_OPTION_INVALID' }));
});
