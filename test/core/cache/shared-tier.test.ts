import { isDeepStrictEqual } from 'node:util';
import { describe, expect, jest, test } from '@jest/globals';
import {
  type Authenticated,
  authenticated,
  type CacheEvent,
  denied,
  onCacheEvent,
  type PrincipalInit,
  Revocations,
  unavailable,
} from '@sallyport/core';
import { type CacheStore, FoundedVerdict, isPrincipal, isVerdict, VerdictCache } from '@sallyport/core/extend';
import { buildRequest, ManualClock } from '@sallyport/core/testing';
import { CacheUnderTest, NOON, principalOf } from './cache-fixture.js';

const SECRET = 'a secret that all instances share, 1';
const TOKEN = 'a-token-that-nobody-else-may-see';

/** A store that everybody can read and write, as a thief or a fault would. */
class OpenStore implements CacheStore {
  readonly values = new Map<string, string>();
  readonly ttlsMs: number[] = [];

  get(key: string): string | undefined {
    return this.values.get(key);
  }

  set(key: string, value: string, ttlMs: number): void {
    this.values.set(key, value);
    this.ttlsMs.push(ttlMs);
  }

  delete(key: string): void {
    this.values.delete(key);
  }

  get only(): readonly [key: string, value: string] {
    return [...this.values][0] as [string, string];
  }
}

/** What verdicts rest on. */
function basis(name: string | undefined, isThere = true) {
  return {
    name,
    isThere,
    stands() {
      return this.isThere;
    },
  };
}

function instances(
  store: CacheStore,
  options = {},
): { clock: ManualClock; writer: CacheUnderTest; reader: CacheUnderTest } {
  const clock = new ManualClock();
  const open = () => new CacheUnderTest({ secret: SECRET, ...options }, { clock, store });
  return { clock, writer: open(), reader: open() };
}

const RICH = authenticated(
  principalOf({
    kind: 'client',
    issuer: 'https://as.example',
    subject: 'svc',
    clientId: 'shop',
    scopes: ['read', 'write'],
    roles: ['admin'],
    audience: ['https://api.example'],
    claims: {
      sub: 'svc',
      nested: { list: [1, -2.5, null, true, 'ünï \u2028 \ud800'] },
      ['__proto__']: { polluted: 1 },
    },
    expiresAt: NOON + 3_600,
    issuedAt: NOON,
    authenticatedAt: NOON - 1.5,
    acr: 'gold',
    amr: ['pwd', 'otp'],
    confirmation: { jkt: 'thumb', 'x5t#S256': 'print' },
  }).principal,
  { headers: [['DPoP-Nonce', 'n']] },
);

describe('what one instance found out', () => {
  test('answers the others without asking the handler, and comes back exactly as it was', async () => {
    const { writer, reader } = instances(new OpenStore());
    await writer.ask(TOKEN, RICH);
    const copy = (await reader.ask(TOKEN)) as Authenticated;
    expect(reader.loads).toBe(0);
    expect(reader.cache.statistics).toMatchObject({ misses: 1, sharedHits: 1, entries: 1 });
    expect(isVerdict(copy) && isPrincipal(copy.principal)).toBe(true);
    expect(isDeepStrictEqual({ ...copy.principal }, { ...RICH.principal })).toBe(true);
    expect(copy.headers).toEqual(RICH.headers);
    expect(Object.isFrozen(copy.principal) && Object.isFrozen(copy.principal.claims)).toBe(true);
    expect(copy.principal.claims['polluted']).toBeUndefined();
  });

  test.each([{ a: undefined }, { a: Number.NaN }, { a: [Number.POSITIVE_INFINITY] }, { a: { b: -0 } }])(
    'is not shared when JSON has no word for it: %p',
    async (claims) => {
      const store = new OpenStore();
      const { writer } = instances(store);
      await writer.ask(TOKEN, principalOf({ claims }));
      expect(store.values.size).toBe(0);
    },
  );

  test.each([denied('token_inactive'), unavailable('timeout')])(
    'is not shared when it is no good: %p',
    async (verdict) => {
      const store = new OpenStore();
      await instances(store).writer.ask(TOKEN, verdict);
      expect(store.values.size).toBe(0);
    },
  );

  test('is stored under its own lifetime, and nothing in the store shows the token', async () => {
    const store = new OpenStore();
    const { writer } = instances(store, { ttlSeconds: 30 });
    await writer.ask(TOKEN, principalOf({ expiresAt: NOON + 12 }));
    expect(store.ttlsMs).toEqual([12_000]);
    expect(JSON.stringify([...store.values])).not.toContain(TOKEN);
    expect(store.only[0]).toMatch(/^[\w-]{43}$/);
  });

  test.each<[string, string | undefined, ReturnType<typeof basis> | undefined, number]>([
    ['is believed where what it rests on stands, too', 'key 1', basis('key 1'), 1],
    ['is not believed where that has fallen', 'key 1', basis('key 1', false), 0],
    ['is not believed where that is unknown', 'key 1', undefined, 0],
    ['is not left where nobody could tell what it rests on', undefined, basis('key 1'), 0],
  ])('%s', async (_rule, name, known, sharedHits) => {
    const clock = new ManualClock();
    const store = new OpenStore();
    const basisNamed = (asked: string) => (known?.name === asked ? known : undefined);
    const open = () => new CacheUnderTest({ secret: SECRET }, { clock, store, basisNamed });
    const [writer, reader] = [open(), open()];
    await writer.ask(TOKEN, new FoundedVerdict(principalOf(), basis(name)));
    expect(store.values.size).toBe(name === undefined ? 0 : 1);
    await reader.ask(TOKEN);
    expect(reader.cache.statistics.sharedHits).toBe(sharedHits);
  });

  test('is not believed where it rests on nothing and has to', async () => {
    const clock = new ManualClock();
    const store = new OpenStore();
    await new CacheUnderTest({ secret: SECRET }, { clock, store }).ask(TOKEN);
    const reader = new CacheUnderTest({ secret: SECRET }, { clock, store, basisNamed: () => basis('key 1') });
    await reader.ask(TOKEN);
    expect(reader.cache.statistics.sharedHits).toBe(0);
  });

  test('falls at a reader with what it rests on', async () => {
    const clock = new ManualClock();
    const store = new OpenStore();
    const ground = basis('key 1');
    const open = () => new CacheUnderTest({ secret: SECRET }, { clock, store, basisNamed: () => ground });
    const [writer, reader] = [open(), open()];
    await writer.ask(TOKEN, new FoundedVerdict(principalOf(), ground));
    await reader.ask(TOKEN);
    expect(reader.cache.find(TOKEN, buildRequest('/'))).toMatchObject({ kind: 'authenticated' });
    ground.isThere = false;
    expect(reader.cache.find(TOKEN, buildRequest('/'))).toBeUndefined();
  });

  test('is copied for half of what is left of its lifetime, to the second', async () => {
    const store = new OpenStore();
    const { writer, reader, clock } = instances(store, { ttlSeconds: 30 });
    await writer.ask(TOKEN);
    clock.pass(10);
    await reader.ask(TOKEN);
    store.values.clear();
    clock.pass(9);
    expect(reader.cache.find(TOKEN, buildRequest('/'))).toMatchObject({ kind: 'authenticated' });
    clock.pass(1);
    expect(reader.cache.find(TOKEN, buildRequest('/'))).toBeUndefined();
  });

  test.each([
    ['its lifetime', 30, {}],
    ['the expiry of the credential', 20, { expiresAt: NOON + 20 }],
  ])('ends with %s even where the store keeps it for ever, to the second', async (_end, seconds, init) => {
    const { writer, reader, clock } = instances(new OpenStore(), { ttlSeconds: 30 });
    await writer.ask(TOKEN, principalOf(init));
    clock.pass(seconds - 1);
    await reader.ask(TOKEN);
    expect(reader.loads).toBe(0);
    clock.pass(1);
    await reader.ask(TOKEN);
    expect(reader.loads).toBe(1);
  });

  test('does not live longer at a reader whose clock is behind', async () => {
    const store = new OpenStore();
    const { writer } = instances(store, { ttlSeconds: 30 });
    await writer.ask(TOKEN);
    const reader = new CacheUnderTest({ secret: SECRET }, { store });
    reader.clock.set(-3_600);
    await reader.ask(TOKEN);
    reader.clock.pass(15);
    expect(reader.cache.find(TOKEN, buildRequest('/'))).toBeUndefined();
  });

  test('is forgotten in the store as well', async () => {
    const store = new OpenStore();
    const { writer } = instances(store);
    await writer.ask(TOKEN);
    writer.cache.forget(TOKEN);
    expect(store.values.size).toBe(0);
  });
});

describe('a store is trusted with nothing', () => {
  test('no byte of a value can be changed', async () => {
    const store = new OpenStore();
    const { writer, clock } = instances(store);
    await writer.ask(TOKEN, RICH);
    const [key, value] = store.only;
    const bytes = Buffer.from(value);
    for (let index = 0; index < bytes.length; index += 1) {
      for (const bit of [1, 128]) {
        const flipped = Buffer.from(bytes);
        flipped[index] = (flipped[index] as number) ^ bit;
        store.values.set(key, flipped.toString());
        const reader = new CacheUnderTest({ secret: SECRET }, { clock, store });
        expect(await reader.ask(TOKEN, denied('asked'))).toMatchObject({ reason: 'asked' });
        expect(reader.cache.statistics).toMatchObject({ forged: 1, sharedHits: 0 });
      }
    }
  });

  test('a value cannot be moved to another key', async () => {
    const store = new OpenStore();
    const { writer, reader } = instances(store);
    await writer.ask('mine', principalOf({ subject: 'admin' }));
    const [, admin] = store.only;
    await writer.ask('yours');
    for (const key of store.values.keys()) store.values.set(key, admin);
    expect(await reader.ask('yours', denied('asked'))).toMatchObject({ reason: 'asked' });
    expect(reader.cache.statistics.forged).toBe(1);
  });

  test('a value of another secret or another handler is none of ours', async () => {
    const store = new OpenStore();
    const { reader } = instances(store);
    for (const options of [{ secret: `${SECRET}!` }, { secret: SECRET, namespace: 'other' }]) {
      const stranger = new OpenStore();
      await new CacheUnderTest(options, { store: stranger }).ask(TOKEN);
      const [, value] = stranger.only;
      const any: CacheStore = { get: () => value, set: () => {}, delete: () => {} };
      const victim = new CacheUnderTest({ secret: SECRET }, { store: any, clock: reader.clock });
      expect(await victim.ask(TOKEN, denied('asked'))).toMatchObject({ reason: 'asked' });
    }
  });

  test('while a secret is replaced, instances with either order of both read what the other wrote', async () => {
    const next = 'a secret that all instances share, 2';
    const store = new OpenStore();
    const open = (...secret: readonly string[]) => new CacheUnderTest({ secret }, { store });
    await open(SECRET).ask('of the old', principalOf());
    await open(SECRET, next).ask('of the first', principalOf());
    await open(next, SECRET).ask('of the second', principalOf());
    const answersOf = async (reader: CacheUnderTest) => {
      for (const token of ['of the old', 'of the first', 'of the second']) await reader.ask(token, denied('asked'));
      return [reader.cache.statistics.sharedHits, reader.cache.statistics.forged];
    };
    expect(await answersOf(open(SECRET, next))).toEqual([3, 0]);
    expect(await answersOf(open(next, SECRET))).toEqual([3, 0]);
    expect(await answersOf(open(next))).toEqual([1, 0]);
    open(next, SECRET).cache.forget('of the old');
    expect(store.values.size).toBe(2);
  });

  test('a value that another version wrote is a miss, and is told', async () => {
    const events: CacheEvent[] = [];
    const stop = onCacheEvent((event) => events.push(event));
    const store = new OpenStore();
    const { writer, reader } = instances(store);
    const { stringify } = JSON;
    const spy = jest.spyOn(JSON, 'stringify');
    spy.mockImplementationOnce((value) => stringify({ ...(value as object), schema: 1 }));
    await writer.ask(TOKEN);
    spy.mockRestore();
    expect(store.values.size).toBe(1);
    expect(await reader.ask(TOKEN, denied('asked'))).toMatchObject({ reason: 'asked' });
    stop();
    expect(events).toEqual([{ kind: 'shared_value_unreadable', namespace: 'test' }]);
  });

  test('a forged value raises an event that names the cache and nothing else', async () => {
    const events: CacheEvent[] = [];
    const stop = onCacheEvent((event) => events.push(event));
    const store: CacheStore = { get: () => 'rubbish', set: () => {}, delete: () => {} };
    await new CacheUnderTest({ secret: SECRET }, { store }).ask(TOKEN);
    stop();
    expect(events).toEqual([{ kind: 'shared_value_forged', namespace: 'test' }]);
  });

  const faults: readonly (readonly [string, () => unknown])[] = [
    [
      'throws',
      () => {
        throw new Error('down');
      },
    ],
    ['rejects', () => Promise.reject(new Error('down'))],
    ['returns null', () => null],
    ['returns a number', () => 42],
    ['returns an object', () => ({ value: 'x' })],
    ['returns an empty text', () => ''],
    ['returns a bare dot', () => '.'],
  ];

  test.each(faults)('a store that %s is a miss, and nobody notices', async (_what, fault) => {
    const store = { get: fault, set: fault, delete: fault } as unknown as CacheStore;
    const subject = new CacheUnderTest({ secret: SECRET }, { store });
    expect(await subject.ask(TOKEN)).toMatchObject({ kind: 'authenticated' });
    expect(subject.loads).toBe(1);
    subject.cache.forget(TOKEN);
  });

  test('needs a secret of its own', () => {
    expect(() => new VerdictCache({ namespace: 'test' }, { store: new OpenStore() })).toThrow(
      expect.objectContaining({ code: 'ERR_SALLYPORT_OPTION_INVALID' }),
    );
  });
});

describe('revocations hold for what others found out', () => {
  const rows: readonly (readonly [string, Partial<PrincipalInit>, (revocations: Revocations) => void, string])[] = [
    ['a revoked token is refused', {}, (known) => void known.revokeToken(TOKEN), 'token_revoked'],
    [
      'a token issued before is refused',
      { issuedAt: NOON },
      (known) => void known.revokeSubject('alice'),
      'token_revoked',
    ],
    ['an undated one is asked for again', {}, (known) => void known.revokeSubject('alice'), 'asked'],
    ['others are not concerned', {}, (known) => void known.revokeSubject('bob'), 'shared'],
  ];

  test.each(rows)('%s', async (_rule, init, revoke, outcome) => {
    const store = new OpenStore();
    const { writer, clock } = instances(store);
    await writer.ask(TOKEN, principalOf(init));
    const revocations = new Revocations({}, { clock });
    revoke(revocations);
    const reader = new CacheUnderTest({ secret: SECRET }, { clock, store, revocations });
    const verdict = await reader.ask(TOKEN, denied('asked'));
    expect(verdict.kind === 'denied' ? verdict.reason : 'shared').toBe(outcome);
  });
});
