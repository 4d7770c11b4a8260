import { describe, expect, test } from '@jest/globals';
import type { IssuerResolverOptions, TrustedIssuer } from '@sallyport/handlers/jwt';
import { type JwtUnderTest, jwtWith, keyServer, NOON, published, tokenBy, trusted } from './jwt-fixture.js';
import { newKey } from './signing.js';

const EC = newKey('ES256', 'key-1');
const OTHER_EC = newKey('ES256', 'key-1');
const ACME = 'https://acme.login.example.com';
const UMBRELLA = 'https://umbrella.login.example.com';

/** A directory of tenants that counts how often it was asked. */
class Directory {
  readonly tenants = new Map<string, TrustedIssuer>();
  readonly asked: string[] = [];

  readonly resolve = async (issuer: string): Promise<TrustedIssuer | undefined> => {
    this.asked.push(issuer);
    return this.tenants.get(issuer);
  };

  static of(...tenants: readonly TrustedIssuer[]): Directory {
    const directory = new Directory();
    for (const tenant of tenants) directory.tenants.set(tenant.issuer, tenant);
    return directory;
  }
}

function tenant(issuer: string, key = EC): TrustedIssuer {
  return trusted({ jwks: { keys: [key.jwk] } }, { issuer });
}

function resolving(resolve: IssuerResolverOptions['resolve'], more: Partial<IssuerResolverOptions> = {}): JwtUnderTest {
  const trusts = (issuer: string) => new URL(issuer).host.endsWith('.login.example.com');
  return jwtWith([], { issuerResolver: { trusts, resolve, ...more } });
}

/** A directory that answers only when the test says so. */
function held(directory: Directory, more: Partial<IssuerResolverOptions> = {}) {
  const pending: (() => void)[] = [];
  const jwt = resolving(async (issuer) => {
    await new Promise<void>((resolve) => pending.push(resolve));
    return directory.resolve(issuer);
  }, more);
  const release = () => {
    for (const answer of pending.splice(0)) answer();
  };
  return { jwt, release, underWay: () => pending.length };
}

const turns = () => new Promise(setImmediate);

/** Waits for an outcome, while everything that is looked up is answered. */
async function settle<Value>(outcome: Promise<Value>, release: () => void): Promise<Value> {
  let isSettled = false;
  void outcome.finally(() => {
    isSettled = true;
  });
  while (!isSettled) {
    release();
    await turns();
  }
  return outcome;
}

const ATTACKER = '203.0.113.9';
const CLEAN = '198.51.100.7';

function madeUp(index: number): string {
  return `https://made-up-${index}.login.example.com`;
}

let serial = 0;

/** A token that nobody has seen yet. */
function fresh(iss: string, key = EC): string {
  serial += 1;
  return tokenBy(key, { iss, jti: `token-${serial}`, exp: NOON + 90_000 });
}

describe('an issuer that is resolved at run time', () => {
  test('is held to its own keys and rules, like any other', async () => {
    const directory = Directory.of(tenant(ACME), { ...tenant(UMBRELLA, OTHER_EC), audience: 'urn:umbrella' });
    const jwt = resolving(directory.resolve);
    expect(await jwt.decide(fresh(ACME))).toMatchObject({ principal: { issuer: ACME } });
    expect(await jwt.outcome(fresh(UMBRELLA))).toBe('401 signature_invalid');
    expect(await jwt.outcome(fresh(UMBRELLA, OTHER_EC))).toBe('401 audience_mismatch');
    expect(await jwt.outcome(fresh(ACME, OTHER_EC))).toBe('401 signature_invalid');
  });

  test.each<[string, IssuerResolverOptions['trusts']]>([
    ['a list', [ACME]],
    ['a function', (issuer) => issuer === ACME],
    ['a function that answers with anything but true', (issuer) => (issuer === ACME ? true : (1 as never))],
  ])('is asked for only where %s allows it: nobody looks a stranger up', async (_, trusts) => {
    const directory = Directory.of(tenant(ACME), tenant(UMBRELLA));
    const jwt = resolving(directory.resolve, { trusts });
    expect(await jwt.outcome(fresh(ACME))).toBe('granted');
    expect(await jwt.outcome(fresh(UMBRELLA))).toBe('401 credentials_unrecognised');
    expect(directory.asked).toEqual([ACME]);
  });

  test('stands besides configured ones, which are never looked up', async () => {
    const directory = Directory.of(tenant(ACME, OTHER_EC));
    const jwt = jwtWith([tenant(ACME)], { issuerResolver: { trusts: [ACME, UMBRELLA], resolve: directory.resolve } });
    expect(await jwt.outcome(fresh(ACME))).toBe('granted');
    expect(directory.asked).toEqual([]);
  });

  test('is looked up once for a thousand tokens at once, and once in eight minutes', async () => {
    const directory = Directory.of(tenant(ACME));
    const jwt = resolving(directory.resolve);
    const outcomes = await Promise.all(Array.from({ length: 1_000 }, () => jwt.outcome(fresh(ACME))));
    expect(new Set(outcomes)).toEqual(new Set(['granted']));
    jwt.clock.pass(479.999);
    await jwt.decide(fresh(ACME));
    expect(directory.asked).toHaveLength(1);
    jwt.clock.pass(0.001);
    await jwt.decide(fresh(ACME));
    expect(directory.asked).toHaveLength(2);
  });

  test('keeps its keys as long as its options stay the same', async () => {
    const server = await keyServer(EC.jwk);
    const jwt = resolving(async (issuer) => trusted(published(server), { issuer }), { ttlSeconds: 10 });
    await jwt.decide(fresh(ACME));
    jwt.clock.pass(10);
    expect(await jwt.outcome(fresh(ACME))).toBe('granted');
    expect(server.fetches).toBe(1);
  });

  test('whose options have changed is judged by the new ones, for tokens that are remembered as well', async () => {
    const directory = Directory.of(tenant(ACME));
    const jwt = resolving(directory.resolve, { ttlSeconds: 10 });
    const token = fresh(ACME);
    await jwt.decide(token);
    directory.tenants.set(ACME, { ...tenant(ACME), audience: 'urn:moved' });
    jwt.clock.pass(10);
    expect(await jwt.outcome(fresh(ACME))).toBe('401 audience_mismatch');
    expect(await jwt.outcome(token)).toBe('401 audience_mismatch');
  });

  describe('may have several entries,', () => {
    const both = (): TrustedIssuer[] => [tenant(ACME), { ...tenant(ACME, OTHER_EC), audience: 'urn:acme' }];

    test('each with keys and rules of its own', async () => {
      const jwt = resolving(async () => both());
      expect(await jwt.outcome(fresh(ACME))).toBe('granted');
      expect(await jwt.outcome(fresh(ACME, OTHER_EC))).toBe('401 audience_mismatch');
      const other = tokenBy(OTHER_EC, { iss: ACME, aud: 'urn:acme' });
      expect(await jwt.outcome(other)).toBe('granted');
      expect(await jwt.outcome(tokenBy(EC, { iss: ACME, aud: 'urn:acme' }))).toBe('401 audience_mismatch');
    });

    test('that are looked up at once, remembered, and judged anew when one has changed', async () => {
      let asked = 0;
      let entries = both();
      const resolve = async () => {
        asked += 1;
        return entries;
      };
      const jwt = resolving(resolve, { ttlSeconds: 10 });
      const [first, second] = [fresh(ACME), tokenBy(OTHER_EC, { iss: ACME, aud: 'urn:acme' })];
      expect([await jwt.outcome(first), await jwt.outcome(second)]).toEqual(['granted', 'granted']);
      expect(asked).toBe(1);
      entries = both();
      jwt.clock.pass(10);
      expect([await jwt.outcome(first), await jwt.outcome(second)]).toEqual(['granted', 'granted']);
      entries = both().slice(0, 1);
      jwt.clock.pass(10);
      expect([await jwt.outcome(first), await jwt.outcome(second)]).toEqual(['granted', '401 signature_invalid']);
    });

    test('and has none where the list is empty', async () => {
      expect(await resolving(async () => []).outcome(fresh(ACME))).toBe('401 issuer_unknown');
    });

    test.each<[string, readonly unknown[]]>([
      ['17 entries', Array.from({ length: 17 }, () => tenant(ACME))],
      ['an entry of another issuer among them', [tenant(ACME), tenant(UMBRELLA)]],
      ['an entry that is missing', [tenant(ACME), undefined]],
      ['an entry without an audience', [tenant(ACME), { ...tenant(ACME), audience: undefined }]],
      ['an entry for tokens without an issuer', [tenant(ACME), { ...tenant(ACME), allowMissingIssuer: true }]],
    ])('but not %s: a bug, 500', async (_what, entries) => {
      expect(await resolving(async () => entries as TrustedIssuer[]).outcome(fresh(ACME))).toBe('500 handler_threw');
    });

    test('sixteen at most', async () => {
      const entries = Array.from({ length: 16 }, () => tenant(ACME));
      expect(await resolving(async () => entries).outcome(fresh(ACME))).toBe('granted');
    });

    test('whose keys all end with it', async () => {
      const servers = [await keyServer(EC.jwk), await keyServer(OTHER_EC.jwk)];
      let entries = servers.map((server) => trusted(published(server), { issuer: ACME }));
      const jwt = resolving(async () => entries, { ttlSeconds: 10 });
      expect(await jwt.outcome(fresh(ACME, OTHER_EC))).toBe('granted');
      const token = fresh(ACME);
      expect(await jwt.outcome(token)).toBe('granted');
      entries = [];
      jwt.clock.pass(10);
      expect(await jwt.outcome(token)).toBe('401 issuer_unknown');
    });
  });

  test('that is gone takes its tokens along', async () => {
    const directory = Directory.of(tenant(ACME));
    const jwt = resolving(directory.resolve, { ttlSeconds: 10 });
    const token = fresh(ACME);
    await jwt.decide(token);
    directory.tenants.clear();
    jwt.clock.pass(10);
    expect(await jwt.outcome(fresh(ACME))).toBe('401 issuer_unknown');
    expect(await jwt.outcome(token)).toBe('401 issuer_unknown');
  });

  test('that does not exist is asked for once in 30 s', async () => {
    const directory = Directory.of();
    const jwt = resolving(directory.resolve);
    expect(await jwt.outcome(fresh(ACME))).toBe('401 issuer_unknown');
    jwt.clock.pass(29.999);
    expect(await jwt.outcome(fresh(ACME))).toBe('401 issuer_unknown');
    expect(directory.asked).toHaveLength(1);
    directory.tenants.set(ACME, tenant(ACME));
    jwt.clock.pass(0.001);
    expect(await jwt.outcome(fresh(ACME))).toBe('granted');
  });

  test('is forgotten when others are used more often, and then looked up again', async () => {
    const names = ['a', 'b', 'c'].map((name) => `https://${name}.login.example.com`);
    const directory = Directory.of(...names.map((name) => tenant(name)));
    const jwt = resolving(directory.resolve, { maxIssuers: 2 });
    for (const name of names) await jwt.decide(fresh(name));
    expect(await jwt.outcome(fresh(names[0] as string))).toBe('granted');
    expect(directory.asked).toHaveLength(4);
  });
});

describe('a directory that cannot answer means 503, and is asked again', () => {
  test.each<[string, IssuerResolverOptions['resolve']]>([
    ['a rejection', () => Promise.reject(new Error('secret-password in a message'))],
    [
      'an error',
      () => {
        throw new Error('secret-password in a message');
      },
    ],
  ])('%s', async (_, fail) => {
    const directory = Directory.of(tenant(ACME));
    let isBroken = true;
    const jwt = resolving((issuer, lookup) => (isBroken ? fail(issuer, lookup) : directory.resolve(issuer)));
    const token = fresh(ACME);
    const { decision, event } = await jwt.explain(token);
    expect(decision).toMatchObject({ status: 503, reason: 'err_sallyport_upstream_unreachable' });
    expect(JSON.stringify([decision, event])).not.toContain('secret-password');
    isBroken = false;
    expect(await jwt.outcome(token)).toBe('granted');
  });

  test('silence, after 2 s', async () => {
    const jwt = resolving(() => new Promise(() => {}));
    const asking = jwt.outcome(fresh(ACME));
    // The deadlines of decision and lookup.
    while (jwt.clock.waiting < 2) await new Promise(setImmediate);
    jwt.clock.pass(2);
    expect(await asking).toBe('503 err_sallyport_upstream_timeout');
  });
});

describe('an issuer that is known', () => {
  test('serves on while it is looked up again, and then by what the answer says', async () => {
    const directory = Directory.of(tenant(ACME));
    const { jwt, release } = held(directory, { ttlSeconds: 10 });
    expect(await settle(jwt.outcome(fresh(ACME)), release)).toBe('granted');
    jwt.clock.pass(8);
    expect(await Promise.all([jwt.outcome(fresh(ACME)), jwt.outcome(fresh(ACME))])).toEqual(['granted', 'granted']);
    directory.tenants.clear();
    release();
    await turns();
    expect(directory.asked).toHaveLength(2);
    expect(await jwt.outcome(fresh(ACME))).toBe('401 issuer_unknown');
  });

  test('is not used for longer than was said: then its tokens wait for the answer', async () => {
    const directory = Directory.of(tenant(ACME));
    const { jwt, release } = held(directory, { ttlSeconds: 10 });
    expect(await settle(jwt.outcome(fresh(ACME)), release)).toBe('granted');
    jwt.clock.pass(8.5);
    expect(await jwt.outcome(fresh(ACME))).toBe('granted');
    jwt.clock.pass(1.5);
    directory.tenants.clear();
    expect(await settle(jwt.outcome(fresh(ACME)), release)).toBe('401 issuer_unknown');
  });

  test('is asked for again only now and then while the directory fails, and goes on until its time is over', async () => {
    const directory = Directory.of(tenant(ACME));
    let isBroken = false;
    const jwt = resolving(async (issuer) => {
      const answer = await directory.resolve(issuer);
      if (isBroken) throw new Error('down');
      return answer;
    });
    expect(await jwt.outcome(fresh(ACME))).toBe('granted');
    isBroken = true;
    jwt.clock.pass(480);
    for (let token = 0; token < 10; token += 1) expect(await jwt.outcome(fresh(ACME))).toBe('granted');
    expect(directory.asked).toHaveLength(2);
    jwt.clock.pass(2);
    for (let token = 0; token < 10; token += 1) expect(await jwt.outcome(fresh(ACME))).toBe('granted');
    expect(directory.asked).toHaveLength(3);
    jwt.clock.pass(118);
    expect(await jwt.outcome(fresh(ACME))).toBe('503 err_sallyport_upstream_unreachable');
    isBroken = false;
    expect(await jwt.outcome(fresh(ACME))).toBe('granted');
  });
});

describe('made-up names', () => {
  test('of one network take no more than its part of 64 lookups and 64 places to wait', async () => {
    const { jwt, release, underWay } = held(Directory.of(tenant(ACME)));
    const flood = Array.from({ length: 200 }, (_, index) => jwt.outcome(fresh(madeUp(index)), ATTACKER));
    await turns();
    expect(underWay()).toBe(48);
    const outcomes = await settle(Promise.all(flood), release);
    expect(outcomes.filter((outcome) => outcome === '401 issuer_unknown')).toHaveLength(112);
    expect(outcomes.filter((outcome) => outcome === '503 err_sallyport_upstream_overloaded')).toHaveLength(88);
  });

  test('take no place from whoever names the same issuer from another network', async () => {
    const directory = Directory.of(tenant(ACME), ...Array.from({ length: 200 }, (_, index) => tenant(madeUp(index))));
    const { jwt, release } = held(directory);
    const flood = Array.from({ length: 200 }, (_, index) => jwt.outcome(fresh(madeUp(index), OTHER_EC), ATTACKER));
    await turns();
    const good = Array.from({ length: 40 }, (_, index) => jwt.outcome(fresh(madeUp(index * 5)), CLEAN));
    expect(new Set(await settle(Promise.all(good), release))).toEqual(new Set(['granted']));
    await settle(Promise.all(flood), release);
    expect(new Set(directory.asked).size).toBe(directory.asked.length);
  });

  test('that will be there soon are hidden from nobody else', async () => {
    const directory = Directory.of();
    const jwt = resolving(directory.resolve);
    expect(await jwt.outcome(fresh(ACME), ATTACKER)).toBe('401 issuer_unknown');
    directory.tenants.set(ACME, tenant(ACME));
    expect(await jwt.outcome(fresh(ACME), CLEAN)).toBe('granted');
  });

  test('that were good before are worth half of the places to one network', async () => {
    const known = Array.from({ length: 200 }, (_, index) => tenant(madeUp(index)));
    const { jwt, release } = held(Directory.of(tenant(ACME), ...known), { ttlSeconds: 10 });
    for (const { issuer } of known) await settle(jwt.outcome(fresh(issuer), CLEAN), release);
    jwt.clock.pass(60);
    const flood = known.map(({ issuer }) => jwt.outcome(fresh(issuer, OTHER_EC), ATTACKER));
    await turns();
    const good = [jwt.outcome(fresh(madeUp(199)), CLEAN), jwt.outcome(fresh(ACME), '192.0.2.99')];
    expect(await settle(Promise.all(good), release)).toEqual(['granted', 'granted']);
    await settle(Promise.all(flood), release);
  });

  test('leave room for the first token of a new tenant from another network', async () => {
    const { jwt, release } = held(Directory.of(tenant(ACME)));
    const flood = Array.from({ length: 200 }, (_, index) => jwt.outcome(fresh(madeUp(index)), ATTACKER));
    await turns();
    const first = jwt.outcome(fresh(ACME), CLEAN);
    expect(await settle(first, release)).toBe('granted');
    await settle(Promise.all(flood), release);
  });

  test.each([
    ['more networks than there are places', (index: number) => `203.${index >> 8}.${index & 0xff}.9`],
    ['a fresh /64 for each token', (index: number) => `2001:db8:1:${index.toString(16)}::1`],
  ])('of %s: issuers that were good before are looked up, and tokens of good networks served', async (_, address) => {
    const { jwt, release } = held(Directory.of(tenant(ACME), tenant(UMBRELLA)), { ttlSeconds: 10 });
    expect(await settle(jwt.outcome(fresh(ACME), CLEAN), release)).toBe('granted');
    jwt.clock.pass(60);
    const flood = Array.from({ length: 300 }, (_, index) => jwt.outcome(fresh(madeUp(index)), address(index)));
    await turns();
    const good = [jwt.outcome(fresh(ACME), '192.0.2.99'), jwt.outcome(fresh(UMBRELLA), CLEAN)];
    expect(await settle(Promise.all(good), release)).toEqual(['granted', 'granted']);
    await settle(Promise.all(flood), release);
  });
});

describe('lookups whose callers have gone', () => {
  const AWAY = Array.from({ length: 110 }, (_, index) => index);

  /** Callers of as many networks, who will go away. */
  function callers(jwt: JwtUnderTest): { goAway(): Promise<unknown> } {
    const clients = AWAY.map(() => new AbortController());
    const outcomes = clients.map(({ signal }, index) => jwt.outcome(fresh(madeUp(index)), `203.0.${index}.9`, signal));
    return {
      goAway() {
        for (const client of clients) client.abort();
        return Promise.all(outcomes);
      },
    };
  }

  test('give back the places that they wait for, and those under way as soon as the directory heeds the signal', async () => {
    const given: AbortSignal[] = [];
    const jwt = resolving(async (issuer, { signal }) => {
      if (issuer === ACME) return tenant(ACME);
      given.push(signal);
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    });
    const dropped = callers(jwt);
    await turns();
    const late = jwt.outcome(fresh(ACME), CLEAN);
    expect(given).toHaveLength(56);
    await dropped.goAway();
    expect(await late).toBe('granted');
    expect(given.every(({ aborted }) => aborted)).toBe(true);
    expect(given).toHaveLength(56);
  });

  test('keep the place of a directory that goes on regardless, until its time is over', async () => {
    const { jwt, release, underWay } = held(Directory.of(tenant(ACME)));
    const dropped = callers(jwt);
    await turns();
    await dropped.goAway();
    const flood = AWAY.slice(0, 60).map((index) => jwt.outcome(fresh(madeUp(1_000 + index)), `198.18.${index}.9`));
    await turns();
    expect(underWay()).toBe(56);
    expect(await settle(jwt.outcome(fresh(ACME), CLEAN), release)).toBe('granted');
    await settle(Promise.all(flood), release);
  });

  test('go on for others who wait, of whatever network', async () => {
    const { jwt, release } = held(Directory.of(tenant(ACME)));
    const client = new AbortController();
    const dropped = jwt.outcome(fresh(ACME), ATTACKER, client.signal);
    const good = [jwt.outcome(fresh(ACME), ATTACKER), jwt.outcome(fresh(ACME), CLEAN)];
    await turns();
    client.abort();
    await dropped;
    expect(await settle(Promise.all(good), release)).toEqual(['granted', 'granted']);
  });

  test('are joined by nobody who comes later', async () => {
    const directory = Directory.of(tenant(ACME));
    const { jwt, release, underWay } = held(directory);
    const client = new AbortController();
    const dropped = jwt.outcome(fresh(ACME), CLEAN, client.signal);
    await turns();
    client.abort();
    await dropped;
    const later = jwt.outcome(fresh(ACME), CLEAN);
    await turns();
    expect(underWay()).toBe(2);
    expect(await settle(later, release)).toBe('granted');
  });
});

describe('a directory that is wrong is a bug: 500', () => {
  test.each<[string, unknown]>([
    ['another issuer than was asked for', tenant(UMBRELLA)],
    ['null', null],
    ['options that are refused', { ...tenant(ACME), algorithms: 'none' }],
  ])('%s', async (_, answer) => {
    const jwt = resolving(async () => answer as TrustedIssuer);
    expect(await jwt.outcome(fresh(ACME))).toBe('500 handler_threw');
  });

  test('a predicate that throws', async () => {
    const jwt = resolving(async () => tenant(ACME), { trusts: (issuer) => new URL(issuer).host === 'x' });
    expect(await jwt.outcome(fresh('no url'))).toBe('500 handler_threw');
  });
});
