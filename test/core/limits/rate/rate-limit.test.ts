import { describe, expect, test } from '@jest/globals';
import {
  anonymous,
  anyOf,
  createPrincipal,
  type Decision,
  type DecisionEvent,
  guard,
  headerHandler,
  type LimitKeyPart,
  MemoryCounterStore,
  optional,
  type Principal,
  type RateLimitOptions,
  rateLimit,
  route,
  routes,
  SecurityChain,
} from '@sallyport/core';
import { ANONYMOUS, type IncomingRequest, SecurityRequest } from '@sallyport/core/extend';
import { buildRequest, ManualClock } from '@sallyport/core/testing';

const MINUTE: RateLimitOptions = { name: 'minute', limit: 3, windowSeconds: 60, by: 'network' };

const keys = headerHandler({
  name: 'keys',
  header: 'x-key',
  verify: (key) => createPrincipal({ subject: key, clientId: `client of ${key}`, claims: { tenant: 'acme' } }),
});

function opened(given: Partial<RateLimitOptions> = {}) {
  const clock = new ManualClock();
  const limit = rateLimit({ ...MINUTE, ...given }, { clock });
  const chain = new SecurityChain({ requirement: anonymous(), limits: [limit] }, { clock });
  const ask = (remoteAddress = '192.0.2.1') => chain.decide(buildRequest('/', { remoteAddress })) as Decision;
  return { clock, chain, ask, pass: (seconds: number) => clock.pass(seconds) };
}

const fieldsOf = ({ ...decision }: Decision) =>
  Object.fromEntries(decision.headers.filter(([name]) => /^(ratelimit|retry)/i.test(name)));

describe('a limit', () => {
  test('grants as many requests as it says in a window, and refuses others by 429 until the window ends', () => {
    const { ask, pass } = opened();
    expect([ask(), ask(), ask(), ask()].map(({ kind }) => kind)).toEqual(['granted', 'granted', 'granted', 'denied']);
    expect(ask()).toMatchObject({ status: 429, reason: 'rate_limited' });
    pass(59.9);
    expect(ask().kind).toBe('denied');
    pass(0.1);
    expect(ask().kind).toBe('granted');
  });

  test('tells a caller how it stands: r, t, q and w (draft-ietf-httpapi-ratelimit-headers-10)', () => {
    const { ask, pass } = opened();
    expect(fieldsOf(ask())).toEqual({ 'RateLimit-Policy': '"minute";q=3;w=60', RateLimit: '"minute";r=2;t=60' });
    ask();
    ask();
    pass(12.5);
    expect(fieldsOf(ask())).toEqual({
      'RateLimit-Policy': '"minute";q=3;w=60',
      RateLimit: '"minute";r=0;t=48',
      'Retry-After': '48',
    });
  });

  test('tells nothing with responseFields: false but when to come again', () => {
    const { ask } = opened({ responseFields: false });
    expect([ask(), ask(), ask(), ask()].map(fieldsOf)).toEqual([{}, {}, {}, { 'Retry-After': '60' }]);
  });

  test('counts each network by itself, and all addresses of an IPv6 /64 together', () => {
    const { ask } = opened({ limit: 1 });
    expect(ask('192.0.2.1').kind).toBe('granted');
    expect(ask('192.0.2.2').kind).toBe('granted');
    expect(ask('2001:db8::1').kind).toBe('granted');
    expect(ask('2001:db8::2').kind).toBe('denied');
  });

  test('takes a cost, and grants what still fits after it refused what did not', async () => {
    const clock = new ManualClock();
    const limit = rateLimit(
      { ...MINUTE, limit: 10, by: 'everybody', cost: (_principal, request) => Number(request.query) },
      { clock },
    );
    const ask = (cost: number) => limit.check(ANONYMOUS, buildRequest(`/?${cost}`));
    expect(ask(8)).toMatchObject({ kind: 'permitted' });
    expect(ask(3)).toMatchObject({ kind: 'limited' });
    expect(ask(2)).toMatchObject({ kind: 'permitted' });
    expect(ask(1)).toMatchObject({ kind: 'limited' });
    expect(ask(0)).toMatchObject({ kind: 'permitted' });
    expect(() => ask(0.5)).toThrow('the cost of a request is a whole number');
    expect(() => ask(-1)).toThrow('the cost of a request is a whole number');
  });

  test('counts a request once, however often it is decided about', () => {
    const { chain, ask } = opened({ limit: 2 });
    const source: IncomingRequest = { method: 'GET', target: '/', rawHeaders: [], remoteAddress: '192.0.2.1' };
    const again = (identity?: object) => chain.decide(new SecurityRequest({ ...source, identity })) as Decision;
    const one = {};
    expect([again(one), again(one), again(one)].map(({ kind }) => kind)).toEqual(['granted', 'granted', 'granted']);
    expect(ask().kind).toBe('granted');
    expect(ask().kind).toBe('denied');
  });

  test('stands before authentication: a refused request reaches no handler', () => {
    let verified = 0;
    const counting = headerHandler({
      name: 'counting',
      header: 'x-key',
      verify: (key) => {
        verified += 1;
        return createPrincipal({ subject: key });
      },
    });
    const clock = new ManualClock();
    const chain = new SecurityChain({ requirement: counting, limits: [rateLimit(MINUTE, { clock })] }, { clock });
    const ask = () => chain.decide(buildRequest('/', { headers: { 'x-key': 'alice' } })) as Decision;
    expect([ask(), ask(), ask(), ask(), ask()].map(({ kind }) => kind).join()).toBe(
      'granted,granted,granted,denied,denied',
    );
    expect(verified).toBe(3);
  });

  test('which counts by who calls is refused before authentication', () => {
    for (const by of ['principal', 'client', { claim: 'tenant' }] as const) {
      const limits = [rateLimit({ ...MINUTE, by: ['network', by] })];
      expect(() => new SecurityChain({ requirement: anonymous(), limits })).toThrow(
        'SecurityChainOptions.limits[0] counts by who calls, which is not known yet; put it among the guards',
      );
    }
    const limits = [guard('no limit', () => true)] as never;
    expect(() => new SecurityChain({ requirement: anonymous(), limits })).toThrow('must be a limit');
  });

  test('of several, each has its item in the one line of a field', () => {
    const clock = new ManualClock();
    const chain = new SecurityChain(
      {
        requirement: keys,
        limits: [rateLimit({ ...MINUTE, name: 'net' }, { clock })],
        guards: [rateLimit({ ...MINUTE, name: 'day', limit: 100, windowSeconds: 86_400, by: 'client' }, { clock })],
      },
      { clock },
    );
    const decision = chain.decide(buildRequest('/', { headers: { 'x-key': 'alice' } })) as Decision;
    expect(fieldsOf(decision)).toEqual({
      'RateLimit-Policy': '"net";q=3;w=60, "day";q=100;w=86400',
      RateLimit: '"net";r=2;t=60, "day";r=99;t=86400',
    });
  });

  test('refuses bad options by name', () => {
    expect(() => rateLimit({ ...MINUTE, name: 'a"b' })).toThrow('RateLimitOptions.name must be a letter');
    expect(() => rateLimit({ ...MINUTE, limit: 0 })).toThrow('RateLimitOptions.limit');
    expect(() => rateLimit({ ...MINUTE, by: [] })).toThrow('RateLimitOptions.by must not be empty');
    expect(() => rateLimit({ ...MINUTE, by: 'tenant' as never })).toThrow('RateLimitOptions.by must be principal');
  });
});

describe('what a limit counts by', () => {
  const alice = createPrincipal({
    subject: 'alice',
    issuer: 'https://a',
    clientId: 'app',
    claims: { tenant: 'acme', other: null },
  });
  const others: Readonly<Record<string, Principal>> = {
    bob: createPrincipal({ subject: 'bob', issuer: 'https://a', clientId: 'app', claims: { tenant: 'acme' } }),
    'alice of another issuer': createPrincipal({ subject: 'alice', issuer: 'https://b', clientId: 'app' }),
    'alice without a client': createPrincipal({ subject: 'alice', issuer: 'https://a' }),
    'the anonymous caller': ANONYMOUS,
  };
  const rows: readonly (readonly [by: LimitKeyPart | readonly LimitKeyPart[], shared: readonly string[]])[] = [
    ['principal', ['alice without a client']],
    ['client', ['bob']],
    ['network', Object.keys(others)],
    ['everybody', Object.keys(others)],
    [{ claim: 'tenant' }, ['bob']],
    [{ claim: 'other' }, ['alice without a client']],
    [['client', 'network'], ['bob']],
    [(principal) => principal.issuer, ['bob', 'alice without a client']],
    [() => undefined, ['alice without a client']],
  ];

  test.each(rows)('%j: who shares a count with alice', (by, shared) => {
    const sharing = Object.entries(others).filter(([, other]) => {
      const limit = rateLimit({ ...MINUTE, limit: 1, by });
      limit.check(alice, buildRequest('/'));
      return (limit.check(other, buildRequest('/')) as { kind: string }).kind === 'limited';
    });
    expect(sharing.map(([name]) => name)).toEqual(shared);
  });

  test.each<[LimitKeyPart]>([['principal'], ['client'], [{ claim: 'tenant' }]])(
    '%j: without an issuer, callers of one name are counted apart by the handler that proved them',
    (by) => {
      const clock = new ManualClock();
      const named = (name: string, issuer?: string) =>
        headerHandler({
          name,
          header: `x-${name}`,
          verify: (shop) =>
            createPrincipal({ subject: shop, clientId: shop, claims: { tenant: shop }, ...(issuer && { issuer }) }),
        });
      const requirement = anyOf(
        named('users'),
        named('keys'),
        named('first', 'https://a'),
        named('other', 'https://a'),
      );
      const guards = [rateLimit({ ...MINUTE, limit: 1, by }, { clock })];
      const chain = new SecurityChain({ requirement, guards }, { clock });
      const kinds = ['users', 'keys', 'users', 'keys', 'first', 'other'].map((name) => {
        const decision = chain.decide(buildRequest('/', { headers: { [`x-${name}`]: 'web-shop' } }));
        return (decision as Decision).kind;
      });
      expect(kinds).toEqual(['granted', 'granted', 'denied', 'denied', 'granted', 'denied']);
    },
  );

  test('operation: each operation of the chain by itself, before authentication and after', () => {
    const clock = new ManualClock();
    for (const place of ['limits', 'guards'] as const) {
      const limit = rateLimit({ ...MINUTE, limit: 1, by: 'operation' }, { clock });
      const operations = routes([
        route('GET', '/a', { requirement: anonymous() }),
        route('GET', '/b/{id}', { requirement: anonymous() }),
      ]);
      const chain = new SecurityChain({ operations, requirement: anonymous(), [place]: [limit] }, { clock });
      const kinds = ['/a', '/b/1', '/b/2', '/c', '/d'].map(
        (path) => (chain.decide(buildRequest(path)) as Decision).kind,
      );
      expect(kinds).toEqual(['granted', 'granted', 'denied', 'granted', 'denied']);
    }
  });
});

describe('the operator is told', () => {
  test('how each limit stands in the event and in the line, by the kind of its key and never by the key', async () => {
    const clock = new ManualClock();
    const events: DecisionEvent[] = [];
    const lines: string[] = [];
    const chain = new SecurityChain(
      { requirement: optional(keys), guards: [rateLimit({ ...MINUTE, limit: 1, by: 'client' }, { clock })] },
      { clock, listeners: [(event) => void events.push(event)], debug: (line) => void lines.push(line) },
    );
    const ask = () => chain.decide(buildRequest('/', { headers: { 'x-key': 'alice' } }));
    await ask();
    await ask();
    const use = { limit: 'minute', by: 'client', most: 1, cost: 1, isLocal: false, used: 1 };
    expect(events.map(({ limits }) => limits)).toEqual([[{ ...use, refused: false }], [{ ...use, refused: true }]]);
    expect(events[1]).toMatchObject({ status: 429, reason: 'rate_limited', refusedBy: 'rateLimit(minute)' });
    expect(events[1]?.detail).toBe('minute: 1 of 1 used in 60 s, counted by client');
    expect(lines[0]).toContain('limit minute: 1 of 1 by client');
    expect(lines[1]).toContain('denied 429 rate_limited by rateLimit(minute)');
    expect(JSON.stringify(events.map(({ limits }) => limits))).not.toContain('alice');
  });
});

describe('a store of others', () => {
  test('is asked by hashes, and not at all for a caller that is known to be at its limit', () => {
    const clock = new ManualClock();
    const asked: string[] = [];
    const store = new MemoryCounterStore({}, { clock });
    const counterStore = {
      get: (key: string) => store.get(key),
      add: (key: string, windowSeconds: number, amount?: number, most?: number) => {
        asked.push(key);
        return store.add(key, windowSeconds, amount, most);
      },
      reset: (key: string) => store.reset(key),
    };
    const limit = rateLimit({ ...MINUTE, by: 'principal' }, { clock, counterStore });
    const alice = createPrincipal({ subject: 'alice' });
    const kinds = Array.from({ length: 6 }, () => (limit.check(alice, buildRequest('/')) as { kind: string }).kind);
    expect(kinds.filter((kind) => kind === 'permitted')).toHaveLength(3);
    expect(asked).toHaveLength(3);
    expect(asked.join()).not.toContain('alice');
  });
});
