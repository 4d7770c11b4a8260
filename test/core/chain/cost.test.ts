import { hash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  anyOf,
  createPrincipal,
  headerHandler,
  type Requirement,
  requireScopes,
  SecurityChain,
  type SecurityHandler,
} from '@sallyport/core';
import { type SecurityRequest, systemClock } from '@sallyport/core/extend';
import { AuthorizationServer, buildRequest, type RequestParts } from '@sallyport/core/testing';
import { IntrospectionHandler } from '@sallyport/handlers/introspection';
import { JwtHandler } from '@sallyport/handlers/jwt';
import type { OutboundOptions } from '@sallyport/handlers/outbound';
import type { Dispatcher } from 'undici';
import { type Costs, costsOf } from './costs.js';

const DECISIONS = 100;
const NOTHING: Costs = { promises: 0, deferrals: 0, hashes: 0, parses: 0, collections: 0 };
const ALICE = createPrincipal({ subject: 'alice', scopes: ['read'] });

/** Nothing here is about time, and the machine may be busy. */
const LOOPBACK = { allowInsecureLoopback: true, timeoutMs: 25_000 };

let server: AuthorizationServer;
beforeAll(async () => {
  server = await AuthorizationServer.start();
});
afterAll(() => server.close());

function ofHeader(verify: () => unknown): SecurityHandler {
  return headerHandler({ name: 'key', header: 'X-Key', verify: verify as () => typeof ALICE });
}

function introspecting(outbound: OutboundOptions = LOOPBACK): SecurityHandler {
  const { introspectionEndpoint: endpoint, clientId, clientSecret } = server;
  const clientAuthentication = { method: 'client_secret_basic', clientId, clientSecret } as const;
  return new IntrospectionHandler({ realm: 'test', endpoint, clientAuthentication, outbound });
}

function verifying({ issuer }: { readonly issuer: string } = server): SecurityHandler {
  const { audience, jwksUri } = server;
  const issuers = [{ issuer, audience, algorithms: 'ES256' as const, keys: { jwksUri, outbound: LOOPBACK } }];
  return new JwtHandler({ name: `jwt of ${issuer}`, realm: 'test', issuers });
}

/** What later decisions cost about a request that was decided once: one hundred together. */
async function costsAgain(requirement: Requirement, parts: RequestParts): Promise<Costs> {
  const chain = new SecurityChain({ requirement, guards: [requireScopes('read')], deadlineMs: 60_000 });
  try {
    expect(await chain.decide(buildRequest('/', parts))).toMatchObject({ kind: 'granted' });
    const requests: readonly SecurityRequest[] = Array.from({ length: DECISIONS }, () => buildRequest('/', parts));
    const costs = costsOf(() => {
      for (const request of requests) void chain.decide(request);
    });
    return costs;
  } finally {
    await chain.close();
  }
}

describe('a decision that needs no I/O', () => {
  test('of a header costs nothing of all that', async () => {
    expect(
      await costsAgain(
        ofHeader(() => ALICE),
        { headers: { 'X-Key': 'k' } },
      ),
    ).toEqual(NOTHING);
  });

  test('of a token that an introspection answered costs one hash', async () => {
    const parts = await server.as(ALICE, { opaque: true });
    expect(await costsAgain(introspecting(), parts)).toEqual({ ...NOTHING, hashes: DECISIONS });
  });

  test('of a JWT never seen before, whose key is known, makes no promise and no timer', async () => {
    const handler = verifying();
    const chain = new SecurityChain({ requirement: handler, guards: [requireScopes('read')], deadlineMs: 60_000 });
    await chain.start();
    await chain.decide(buildRequest('/', await server.as(ALICE)));
    const request = buildRequest('/', await server.as(createPrincipal({ subject: 'bob', scopes: ['read'] })));
    await new Promise((resolve) => setImmediate(resolve));
    // Node counts the signature itself, and the next turn of the event loop sets back how many were checked in this one.
    expect(costsOf(() => void chain.decide(request))).toMatchObject({ promises: 0, deferrals: 2 });
    await chain.close();
  });

  test('of a JWT that was verified costs one hash', async () => {
    const parts = await server.as(ALICE);
    expect(await costsAgain(verifying(), parts)).toEqual({ ...NOTHING, hashes: DECISIONS });
  });

  test('of a JWT that the last of twenty handlers takes costs one hash as well', async () => {
    const strangers = Array.from({ length: 19 }, (_, index) => verifying({ issuer: `https://other-${index}.example` }));
    const parts = await server.as(ALICE);
    const costs = await costsAgain(anyOf(...strangers, verifying()), parts);
    expect(costs).toEqual({ ...NOTHING, hashes: DECISIONS });
  });
});

test('a token that has to be asked about makes nine promises at most, one hash, and no timer of its own', async () => {
  const calls: Dispatcher.DispatchHandler[] = [];
  const dispatcher = { dispatch: (_call: unknown, handler: Dispatcher.DispatchHandler) => calls.push(handler) > 0 };
  const handler = introspecting({
    ...LOOPBACK,
    maxConcurrent: 10 * DECISIONS,
    dispatcher: dispatcher as unknown as Dispatcher,
  });
  const chain = new SecurityChain({ requirement: handler, guards: [requireScopes('read')], deadlineMs: 60_000 });
  const decide = (token: string) => chain.decide(buildRequest('/', { bearer: token }));
  const answer = () => {
    for (const call of calls.splice(0)) {
      call.onRequestStart?.({} as never, undefined);
      call.onResponseStart?.({} as never, 200, { 'content-type': 'application/json' });
      call.onResponseData?.({} as never, Buffer.from('{"active":true,"sub":"alice","scope":"read"}'));
      call.onResponseEnd?.({} as never, {});
    }
  };
  const warm = decide('first');
  await new Promise((resolve) => setImmediate(resolve));
  answer();
  expect(await warm).toMatchObject({ kind: 'granted' });
  const decisions: unknown[] = [];
  const costs = costsOf(() => {
    for (let index = 0; index < DECISIONS; index += 1) decisions.push(decide(`token-${index}`));
  });
  expect(calls.length).toBe(DECISIONS);
  expect(costs).toMatchObject({ hashes: DECISIONS, parses: 0 });
  expect(costs.promises).toBeLessThanOrEqual(9 * DECISIONS);
  expect(costs.deferrals).toBeLessThan(3);
  expect(costs.collections).toBeLessThan(10);
  while (calls.length > 0) answer();
  expect(await Promise.all(decisions)).toMatchObject(decisions.map(() => ({ kind: 'granted' })));
  await chain.close();
});

describe('the counting itself notices', () => {
  const rows: readonly (readonly [string, keyof Costs, () => unknown])[] = [
    ['a promise', 'promises', async () => ALICE],
    ['a timer', 'deferrals', () => systemClock.schedule(0, () => {})],
    ['a tick', 'deferrals', () => process.nextTick(() => {})],
    ['a hash', 'hashes', () => hash('sha256', 'text')],
    ['a parsed text', 'parses', () => JSON.parse('{}')],
    ['a set', 'collections', () => new Set()],
  ];

  test.each(rows)('%s', async (_what, kind, fault) => {
    const verify = () => {
      const returned = fault();
      return returned instanceof Promise ? returned : ALICE;
    };
    const costs = await costsAgain(ofHeader(verify), { headers: { 'X-Key': 'k' } });
    expect(costs[kind]).toBeGreaterThanOrEqual(DECISIONS);
  });
});
