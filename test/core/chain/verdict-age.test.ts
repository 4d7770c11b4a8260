import { describe, expect, test } from '@jest/globals';
import {
  allOf,
  anyOf,
  attempt,
  authenticated,
  createPrincipal,
  type Decision,
  type GrantedDecision,
  guard,
  headerHandler,
  optional,
  type Requirement,
  route,
  routes,
  SecurityChain,
  type SecurityChainOptions,
  type SecurityHandler,
  type Verdict,
} from '@sallyport/core';
import { bearerChallenge, type Operation, type SecurityRequest, VerdictCache } from '@sallyport/core/extend';
import { ask, buildRequest, ManualClock } from '@sallyport/core/testing';

const TOKEN = { bearer: 'token' };

/** A handler of the reader that remembers its verdicts by a `VerdictCache`. */
class Remembering implements SecurityHandler<string> {
  readonly name: string;
  readonly challenges = [bearerChallenge('api')];
  readonly #cache: VerdictCache;
  lookups = 0;

  constructor(clock: ManualClock, name = 'remembering') {
    this.name = name;
    this.#cache = new VerdictCache({ namespace: name, ttlSeconds: 3_600 }, { clock });
  }

  extract({ authorization }: SecurityRequest): string | undefined {
    return authorization.kind === 'credentials' ? authorization.value : undefined;
  }

  verify(token: string, request: SecurityRequest): Verdict | Promise<Verdict> {
    return this.#cache.resolve(token, request, async () => {
      this.lookups += 1;
      const via = [{ handler: this.name, scheme: 'bearer' }];
      return authenticated(createPrincipal({ subject: `alice ${this.lookups}`, via }));
    });
  }
}

function scene(options: (handler: Remembering) => SecurityChainOptions) {
  const clock = new ManualClock();
  const handler = new Remembering(clock);
  return { clock, handler, chain: new SecurityChain(options(handler), { clock }) };
}

async function granted(decision: Decision | Promise<Decision>): Promise<GrantedDecision> {
  const made = await decision;
  if (made.kind !== 'granted') throw new Error(`refused: ${made.reason}`);
  return made;
}

describe('maxVerdictAgeSeconds', () => {
  const operations = routes([
    route('GET', '/orders'),
    route('POST', '/orders', { maxVerdictAgeSeconds: 30 }),
    route('DELETE', '/orders/{id}', { maxVerdictAgeSeconds: 0 }),
  ]);

  test('of an operation counts for its own requests alone', async () => {
    const { clock, chain, handler } = scene((requirement) => ({ requirement, operations }));
    const lookupsBy = async (line: string) => {
      expect(await ask(chain, line, TOKEN)).toMatchObject({ status: 200 });
      return handler.lookups;
    };
    expect(await lookupsBy('GET /orders')).toBe(1);
    expect(await lookupsBy('POST /orders')).toBe(1);
    expect(await lookupsBy('DELETE /orders/1')).toBe(2);
    expect(await lookupsBy('DELETE /orders/1')).toBe(3);
    clock.pass(29);
    expect(await lookupsBy('POST /orders')).toBe(3);
    clock.pass(1);
    expect(await lookupsBy('POST /orders')).toBe(4);
    clock.pass(1_000);
    expect(await lookupsBy('GET /orders')).toBe(4);
  });

  test('a hit that is new enough is decided in the same tick', async () => {
    const { chain } = scene((requirement) => ({ requirement, operations }));
    await chain.decide(buildRequest('GET /orders', TOKEN));
    expect(chain.decide(buildRequest('POST /orders', TOKEN))).not.toBeInstanceOf(Promise);
  });

  test.each<[string, Partial<SecurityChainOptions>, string, number]>([
    ['of the chain, for what is no operation', { maxVerdictAgeSeconds: 0 }, 'GET /else', 2],
    ['of the chain, for an operation that says nothing', { maxVerdictAgeSeconds: 0, operations }, 'GET /orders', 2],
    ['of the chain, which an operation cannot loosen', { maxVerdictAgeSeconds: 0, operations }, 'POST /orders', 2],
    ['of the operation, which is stricter', { maxVerdictAgeSeconds: 30, operations }, 'DELETE /orders/1', 2],
    ['of none of both', { operations }, 'GET /orders', 1],
  ])('the strictest counts: %s', async (_whose, options, line, lookups) => {
    const { chain, handler } = scene((requirement) => ({ requirement, ...options }));
    for (const _time of [1, 2]) expect((await ask(chain, line, TOKEN)).status).toBe(200);
    expect(handler.lookups).toBe(lookups);
  });

  test.each<[string, readonly Operation<never>[], string]>([
    [
      'HEAD, where GET is stricter',
      [route('HEAD', '/orders', { maxVerdictAgeSeconds: 30 }), route('GET', '/orders', { maxVerdictAgeSeconds: 0 })],
      'HEAD /orders',
    ],
    [
      'a path of two operations, of which one is stricter',
      [route('GET', '/{tenant}/admin', { maxVerdictAgeSeconds: 0 }), route('GET', '/public/{page}')],
      'GET /public/admin',
    ],
  ])('the strictest of several operations counts: %s', async (_what, rivals, line) => {
    const { chain, handler } = scene((requirement) => ({ requirement, operations: routes(rivals) }));
    for (const _time of [1, 2]) expect((await ask(chain, line, TOKEN)).status).toBe(200);
    expect(handler.lookups).toBe(2);
  });

  test('paths that differ in case alone must say the same', () => {
    const rows = [route('GET', '/a', { maxVerdictAgeSeconds: 0 }), route('GET', '/A')];
    expect(() => routes(rows)).toThrow(expect.objectContaining({ code: 'ERR_SALLYPORT_CONTRACT_INVALID' }));
  });

  test.each<[string, (key: SecurityHandler, handler: SecurityHandler) => Requirement]>([
    ['anyOf', (key, handler) => anyOf(allOf(key, handler), key)],
    ['allOf', (key, handler) => allOf(key, handler)],
    ['optional', (key, handler) => allOf(key, optional(handler))],
    ['attempt', (key, handler) => allOf(key, attempt(handler))],
  ])('counts for every handler of the requirement: %s', async (_operator, requirementOf) => {
    const key = headerHandler({ name: 'key', header: 'X-Key', verify: () => createPrincipal({ subject: 'robot' }) });
    const { chain, handler } = scene((one) => ({ requirement: requirementOf(key, one), maxVerdictAgeSeconds: 0 }));
    for (const _time of [1, 2]) await ask(chain, '/', { ...TOKEN, headers: { 'X-Key': 'k' } });
    expect(handler.lookups).toBe(2);
  });

  test('what was proved under a laxer operation of the same request is proved anew', async () => {
    const { chain, handler } = scene((requirement) => ({ requirement, operations }));
    await ask(chain, 'GET /orders', TOKEN);
    const earlier = await granted(chain.decide(buildRequest('GET /orders', TOKEN)));
    expect(handler.lookups).toBe(1);
    const rewritten = await granted(chain.decide(buildRequest('DELETE /orders/1', TOKEN), earlier));
    expect(handler.lookups).toBe(2);
    expect(rewritten.principal.subject).toBe('alice 2');
  });

  test('what was proved under one that is as strict is not', async () => {
    const { chain, handler } = scene((requirement) => ({ requirement, operations }));
    const earlier = await granted(chain.decide(buildRequest('DELETE /orders/1', TOKEN)));
    for (const line of ['POST /orders', 'GET /orders', 'DELETE /orders/2']) {
      await granted(chain.decide(buildRequest(line, TOKEN), earlier));
    }
    expect(handler.lookups).toBe(1);
  });

  test('counts at a route with a requirement of its own, too', async () => {
    const { clock, chain, handler } = scene((requirement) => ({ requirement, operations }));
    const other = new Remembering(clock, 'other');
    const own = chain.requiring(anyOf(handler));
    for (const _time of [1, 2]) await granted(own.decide(buildRequest('DELETE /orders/1', TOKEN)));
    expect([handler.lookups, other.lookups]).toEqual([2, 0]);
  });

  test('guards, and handlers of the reader, can see it', async () => {
    const seen: unknown[] = [];
    const sees = guard('sees', (_principal, { maxVerdictAgeSeconds }) => seen.push(maxVerdictAgeSeconds) > 0);
    const { chain } = scene((requirement) => ({ requirement, operations, guards: [sees] }));
    for (const line of ['GET /orders', 'POST /orders', 'DELETE /orders/1']) await ask(chain, line, TOKEN);
    expect(seen).toEqual([undefined, 30, 0]);
  });

  test.each([-1, 86_401, Number.NaN, '30', null])('%j is refused, wherever it stands', (maxVerdictAgeSeconds) => {
    const given = { maxVerdictAgeSeconds } as { maxVerdictAgeSeconds: number };
    const handler = new Remembering(new ManualClock());
    expect(() => route('GET', '/', given)).toThrow(/RouteDefinition.maxVerdictAgeSeconds must be a number from 0/);
    expect(() => new SecurityChain({ requirement: handler, ...given })).toThrow(
      /SecurityChainOptions.maxVerdictAgeSeconds must be a number from 0/,
    );
  });
});
