import { beforeEach, describe, expect, test } from '@jest/globals';
import {
  allOf,
  anonymous,
  anyOf,
  attempt,
  type Decision,
  denied,
  type GrantedDecision,
  guard,
  optional,
  requireScopes,
  route,
  routes,
  SecurityChain,
  type SecurityHandler,
  type Verdict,
} from '@sallyport/core';
import { buildRequest, type RequestParts } from '@sallyport/core/testing';
import { heldOf } from '../../support/held-memory.js';
import { alice, apiKey, bearer, plain, type ScriptedHandler } from './scripted-handlers.js';

let tokens: ScriptedHandler;
let keys: ScriptedHandler;

beforeEach(() => {
  tokens = bearer(alice({ issuer: 'https://issuer.example' }));
  keys = apiKey(alice({ subject: 'robot', scopes: ['orders:read'] }));
});

const TOKEN: RequestParts = { bearer: 't' };
const KEY: RequestParts = { headers: { 'X-Key': 'k' } };
const BOTH: RequestParts = { ...TOKEN, ...KEY };

/** What is decided at once; a promise fails the test. */
function now(decision: Decision | Promise<Decision>): Decision {
  if (decision instanceof Promise) throw new Error('the decision came later');
  return decision;
}

function shown(decision: Decision): string {
  return decision.kind === 'granted' ? decision.principal.subject || 'nobody' : `${decision.status} ${decision.reason}`;
}

/** Grants, or fails the test. */
function granted(decision: Decision | Promise<Decision>): GrantedDecision {
  const made = now(decision);
  if (made.kind !== 'granted') throw new Error(`refused: ${made.reason}`);
  return made;
}

describe('a route with a requirement of its own', () => {
  const chainOf = (options: object = {}) => new SecurityChain({ requirement: tokens, ...options });
  const decided = (chain: SecurityChain, own: Parameters<SecurityChain['requiring']>[0], parts: RequestParts = {}) =>
    shown(now(chain.requiring(own).decide(buildRequest('GET /orders', parts))));

  test.each<[string, () => Parameters<SecurityChain['requiring']>[0], RequestParts, string]>([
    ['optional, nothing sent', () => optional(tokens), {}, 'nobody'],
    ['optional, a credential', () => optional(tokens), TOKEN, 'alice'],
    ['optional, one that nobody takes', () => optional(tokens), { bearer: 'foreign' }, '401 credentials_unrecognised'],
    ['anyOf, the other one', () => anyOf(tokens, keys), KEY, 'robot'],
    ['anyOf, none', () => anyOf(tokens, keys), {}, '401 credentials_missing'],
    ['another handler', () => keys, KEY, 'robot'],
    ["another handler, the chain's credential", () => keys, TOKEN, '401 credentials_unrecognised'],
    ['anonymous', () => anonymous(), TOKEN, 'nobody'],
  ])("has it in the place of the chain's: %s", (_title, own, parts, outcome) => {
    expect(decided(chainOf(), own(), parts)).toBe(outcome);
  });

  test('keeps the guards of the chain, asked once for each request', () => {
    let asked = 0;
    const counting = guard('counting', ({ subject }) => {
      asked += 1;
      return subject !== 'robot';
    });
    const chain = chainOf({ guards: [counting] });
    expect(decided(chain, keys, KEY)).toBe('403 policy_refused');
    const request = buildRequest('GET /orders', TOKEN);
    const earlier = granted(chain.decide(request));
    asked = 0;
    expect(shown(now(chain.requiring(optional(keys)).decide(request, earlier)))).toBe('alice');
    expect(asked).toBe(0);
  });

  test('keeps the firewall of the chain (RFC 9112 3.2)', () => {
    const decision = now(chainOf().requiring(anonymous()).decide(buildRequest('GET /a/../b')));
    expect(decision).toMatchObject({ kind: 'denied', status: 400 });
  });

  test('is compiled once: the same requirement is the same decider', () => {
    const own = optional(tokens);
    const chain = chainOf();
    expect(chain.requiring(own)).toBe(chain.requiring(own));
    expect(chain.requiring(own)).not.toBe(chain.requiring(optional(tokens)));
  });

  test('brings its handlers into the chain', () => {
    const chain = chainOf();
    chain.requiring(anyOf(tokens, keys));
    expect(chain.handlers).toEqual([tokens, keys]);
  });

  test('names the handler whose proof lacks a scope (RFC 6750 3.1)', async () => {
    const chain = new SecurityChain({ requirement: keys });
    const own = chain.requiring(tokens);
    const request = buildRequest('GET /orders', TOKEN);
    const refused = await own.authorize(granted(own.decide(request)), requireScopes('orders:write'), request);
    const line = refused.headers.find(([name]) => name === 'WWW-Authenticate');
    expect(line?.[1]).toMatch(/^Bearer .*error="insufficient_scope".*scope="orders:write"/);
  });

  test('is refused when it is declared, if it is none or has a second handler of a name of the chain', () => {
    const chain = chainOf();
    expect(() => chain.requiring({} as SecurityHandler)).toThrow(/takes handlers/);
    expect(() => chain.requiring(bearer())).toThrow('two handlers are called "bearer"; give one of them another name');
    expect(chain.handlers).toEqual([tokens]);
  });
});

describe('a request that the chain has granted, at a route with a requirement of its own', () => {
  const chainOf = (requirement: Parameters<SecurityChain['requiring']>[0] = tokens) =>
    new SecurityChain({ requirement });

  /** Asks as the adapters do: in front, and then at the route. */
  function both(chain: SecurityChain, own: Parameters<SecurityChain['requiring']>[0], parts: RequestParts): string {
    const request = buildRequest('GET /orders', parts);
    const first = now(chain.decide(request));
    return first.kind === 'denied' ? shown(first) : shown(now(chain.requiring(own).decide(request, first)));
  }

  test('needs what both require', () => {
    expect(both(chainOf(), keys, {})).toBe('401 credentials_missing');
    expect(both(chainOf(), keys, KEY)).toBe('401 credentials_missing');
    expect(both(chainOf(), keys, TOKEN)).toBe('401 credentials_missing');
    expect(both(chainOf(), keys, BOTH)).toBe('alice');
    expect(both(chainOf(), optional(tokens), {})).toBe('401 credentials_missing');
    expect(both(chainOf(optional(tokens)), tokens, {})).toBe('401 credentials_missing');
    expect(both(chainOf(optional(tokens)), tokens, TOKEN)).toBe('alice');
  });

  test('keeps its caller where the route asks for nobody, or for somebody else as well', () => {
    expect(both(chainOf(), anonymous(), TOKEN)).toBe('alice');
    const request = buildRequest('GET /orders', BOTH);
    const chain = chainOf();
    const { principal } = granted(chain.requiring(keys).decide(request, granted(chain.decide(request))));
    expect([principal.subject, principal.scopes, principal.via.map(({ handler }) => handler)]).toEqual([
      'alice',
      ['orders:read'],
      ['bearer', 'key'],
    ]);
  });

  test('is proved once by each handler', () => {
    expect(both(chainOf(), anyOf(tokens, keys), TOKEN)).toBe('alice');
    expect(both(chainOf(), allOf(keys, optional(tokens)), BOTH)).toBe('alice');
    expect([tokens.asked, keys.asked]).toEqual([2, 1]);
  });

  test('has the guards of the chain asked once, however many requirements follow', () => {
    let asked = 0;
    const counting = guard('counting', () => {
      asked += 1;
      return true;
    });
    const chain = new SecurityChain({ requirement: optional(tokens), guards: [counting] });
    const request = buildRequest('GET /orders', BOTH);
    const deciders = [chain, chain.requiring(keys), chain.requiring(allOf(tokens, keys)), chain];
    let last: ReturnType<typeof granted> | undefined;
    for (const decider of deciders) last = granted(decider.decide(request, last));
    expect([asked, last?.principal.via.length]).toEqual([1, 2]);
  });

  test('is refused what an attempt let pass in front', () => {
    tokens = bearer(denied('token_expired'));
    expect(both(chainOf(attempt(tokens)), tokens, TOKEN)).toBe('401 token_expired');
  });

  test('is asked about once more where a proof no longer holds (RFC 7009 2.2)', () => {
    let says: Verdict | undefined;
    const revocable = Object.assign(plain('token'), {
      extract: (request: { header(name: string): string | undefined }) => request.header('x-token'),
      verify: () => alice(),
      recheck: () => says,
    }) as SecurityHandler;
    const chain = chainOf(revocable);
    const request = buildRequest('GET /orders', { headers: { 'X-Token': 't' } });
    const earlier = granted(chain.decide(request));
    const own = chain.requiring(optional(revocable));
    expect(shown(now(own.decide(request, earlier)))).toBe('alice');
    says = denied('token_revoked');
    expect(shown(now(own.decide(request, earlier)))).toBe('401 token_revoked');
  });

  test('has nothing of the grant of another chain', () => {
    const request = buildRequest('GET /orders', KEY);
    const other = granted(new SecurityChain({ requirement: keys }).decide(request));
    const chain = chainOf();
    expect(shown(now(chain.requiring(optional(keys)).decide(request, other)))).toBe('robot');
    expect(shown(now(chain.decide(request, other)))).toBe('401 credentials_missing');
    expect(keys.asked).toBe(2);
  });

  test('covers that request alone', () => {
    const chain = chainOf();
    const [optionally, keyed] = [chain.requiring(optional(tokens)), chain.requiring(keys)];
    const request = buildRequest('GET /orders', BOTH);
    const first = granted(chain.decide(request));
    const second = granted(keyed.decide(request, first));
    expect([keyed.covers(second, request), optionally.covers(second, request), chain.covers(second, request)]).toEqual([
      true,
      false,
      false,
    ]);
    expect(keyed.covers(first, request)).toBe(false);
  });

  test('is a fault, and not let in, where both take the same credentials (CWE-636)', async () => {
    const chain = chainOf();
    const other = chain.requiring(bearer(alice(), 'other'));
    const request = buildRequest('GET /orders', TOKEN);
    const earlier = granted(chain.decide(request));
    const refused = now(other.decide(request, earlier));
    expect(shown(refused)).toBe('500 chain_failed');
    expect(shown(now(other.decide(request, earlier)))).toBe('500 chain_failed');
    expect(shown(now(other.decide(request)))).toBe('alice');
  });
});

describe("a route with a requirement of its own, and the chain's operations", () => {
  const audited = guard('audited', (_principal, request) => request.header('x-audit') !== undefined);
  const operations = (requirement = tokens) =>
    routes([
      route('GET', '/orders', { requirement, guards: [audited] }),
      route('GET', '/health', { requirement: anonymous() }),
    ]);

  // The router of the operations is loaded with the first table.

  test('both hold, and the guards of the operation are asked', () => {
    const own = new SecurityChain({ operations: operations() }).requiring(keys);
    const ask = (target: string, parts: RequestParts) => shown(now(own.decide(buildRequest(`GET ${target}`, parts))));
    expect(ask('/orders', KEY)).toBe('401 credentials_missing');
    expect(ask('/orders', TOKEN)).toBe('401 credentials_missing');
    expect(ask('/orders', BOTH)).toBe('403 policy_refused');
    expect(ask('/orders', { ...BOTH, headers: { ...KEY.headers, 'X-Audit': '1' } })).toBe('alice');
    expect(ask('/health', {})).toBe('401 credentials_missing');
    expect(ask('/health', KEY)).toBe('robot');
  });

  test('elsewhere the route stands for itself, and an ambiguous path stays refused', () => {
    const own = new SecurityChain({ operations: operations() }).requiring(optional(keys));
    const ask = (target: string) => shown(now(own.decide(buildRequest(`GET ${target}`))));
    expect(ask('/metrics')).toBe('nobody');
    expect(ask('/Orders')).toBe('404 operation_undeclared');
    expect(ask('/orders')).toBe('401 credentials_missing');
  });
});

test('a requirement that nobody uses any more is not kept by its chain', async () => {
  const chain = new SecurityChain({ requirement: tokens });
  const request = buildRequest('GET /orders', TOKEN);
  const earlier = granted(chain.decide(request));
  const left = Array.from({ length: 10 }, () => {
    const requirement = optional(tokens);
    chain.requiring(requirement).decide(request, earlier);
    return new WeakRef(requirement);
  });
  expect(await heldOf(left)).toEqual([]);
});
