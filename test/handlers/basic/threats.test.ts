import crypto from 'node:crypto';
import { inspect } from 'node:util';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import {
  anyOf,
  attempt,
  createPrincipal,
  type Decision,
  type DecisionEvent,
  headerHandler,
  onDecision,
  optional,
  type Requirement,
  denied as refused,
  requireScopes,
  SecurityChain,
} from '@sallyport/core';
import { buildRequest } from '@sallyport/core/testing';
import { BasicHandler, type HashingOptions, hashPassword, InMemoryUserStore } from '@sallyport/handlers/basic';
import { argon2id } from '../../../packages/handlers/src/basic/passwords/argon2id.js';
import { readHash } from '../../../packages/handlers/src/basic/passwords/password-hash.js';
import { accountOf, BasicUnderTest, basic, CHEAP, denied, granted, headerOf, requestWith } from './basic-fixture.js';

afterEach(() => {
  jest.restoreAllMocks();
});

const FORMATS: readonly (readonly [string, HashingOptions])[] = [
  ['argon2id', { algorithm: 'argon2id', memoryKiB: 65_536 }],
  ['scrypt', { algorithm: 'scrypt', logCost: 15 }],
  ['bcrypt', { algorithm: 'bcrypt', cost: 10 }],
];

describe('password hashing does not stop the server (CWE-400)', () => {
  test.each(FORMATS)('the event loop turns while %s works', async (_, hashing) => {
    const hash = await hashPassword('pass', hashing);
    let isDone = false;
    let turns = 0;
    const checking = readHash(hash)?.format.verify(hash, Buffer.from('pass'));
    const done = checking?.finally(() => {
      isDone = true;
    });
    while (!isDone) {
      await new Promise(setImmediate);
      turns += 1;
    }
    expect(await done).toBe(true);
    // Hashed on this thread, it would be done before the first turn.
    expect(turns).toBeGreaterThan(2);
  });

  test('of 500 wrong logins at once, no more are hashed at a time than there are threads, the others get 503', async () => {
    const names = Array.from({ length: 500 }, (_, index) => `user ${index}`);
    const under = new BasicUnderTest(new InMemoryUserStore(), {
      queue: { maxConcurrent: 2, maxWaiting: 30 },
      failures: { perNetwork: 1_000 },
    });
    const { verify } = argon2id;
    let atOnce = 0;
    let most = 0;
    const hashed = jest.spyOn(argon2id, 'verify').mockImplementation(async (hash, password) => {
      atOnce += 1;
      most = Math.max(most, atOnce);
      const matches = await verify(hash, password);
      atOnce -= 1;
      return matches;
    });
    const statuses = await Promise.all(names.map((name) => under.status(name, 'wrong')));
    expect(most).toBe(2);
    expect(hashed).toHaveBeenCalledTimes(32);
    expect(statuses.filter((status) => status === 401)).toHaveLength(32);
    expect(statuses.filter((status) => status === 503)).toHaveLength(468);
  });

  test('1 000 first uses of one credential at once are hashed once', async () => {
    const under = await BasicUnderTest.with([['alice', 'pass']]);
    const hashed = jest.spyOn(argon2id, 'verify');
    const statuses = await Promise.all(Array.from({ length: 1_000 }, () => under.status('alice', 'pass')));
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(hashed).toHaveBeenCalledTimes(1);
  });

  test('a password of more than 1 024 bytes is refused before anybody looks for the user', async () => {
    const find = jest.fn(() => undefined);
    const hashed = jest.spyOn(argon2id, 'verify');
    const under = new BasicUnderTest({ find });
    expect(await under.status('alice', 'x'.repeat(1_025))).toBe(401);
    expect(await under.status('alice', '\u00fc'.repeat(513))).toBe(401);
    expect(find).not.toHaveBeenCalled();
    expect(hashed).not.toHaveBeenCalled();
  });

  test('a stored hash that asks for more than a login may cost is 503 at no cost', async () => {
    const hash = `$argon2id$v=19$m=4194304,t=64,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`;
    const hashed = jest.spyOn(argon2id, 'verify');
    const under = new BasicUnderTest({ find: () => ({ name: 'alice', hash }) });
    expect(denied(await under.ask('alice', 'pass'))).toMatchObject({
      status: 503,
      reason: 'password_hash_unsupported',
    });
    expect(hashed).not.toHaveBeenCalled();
  });
});

describe('digests are compared in constant time (CWE-208, CVE-2022-31142)', () => {
  test('scrypt compares whole digests of one length, wherever they differ', async () => {
    const compared = jest.spyOn(crypto, 'timingSafeEqual');
    const hash = await hashPassword('pass', { algorithm: 'scrypt', logCost: 14 });
    const digest = Buffer.from(hash.split('$').at(-1) as string, 'base64');
    for (const index of [0, digest.length - 1]) {
      const other = Buffer.from(digest);
      other[index] = (other[index] as number) ^ 1;
      const changed = hash.replace(/[^$]+$/, other.toString('base64').replaceAll('=', ''));
      expect(await readHash(changed)?.format.verify(changed, Buffer.from('pass'))).toBe(false);
    }
    expect(compared).toHaveBeenCalledTimes(2);
    for (const [left, right] of compared.mock.calls) expect([left.byteLength, right.byteLength]).toEqual([32, 32]);
  });
});

describe('requests do not get into each other (CWE-488)', () => {
  test('of 1 000 interleaved logins of 20 users each gets its own frozen principal', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `user ${index}`);
    const under = await BasicUnderTest.with(
      names.map((name) => [name, `pass of ${name}`, { roles: [name], claims: { own: name } }] as const),
      { failures: { perNetwork: 100_000, perAccountAndNetwork: 10_000, perAccount: 100_000 } },
    );
    const asked = Array.from({ length: 1_000 }, (_, index) => names[(index * 7) % 20] as string);
    const decisions = await Promise.all(
      asked.map(async (name, index) => {
        if (index % 10 === 0) under.handler.invalidate(name);
        return under.ask(name, `pass of ${name}`);
      }),
    );
    decisions.map(granted).forEach(({ principal }, index) => {
      const name = asked[index] as string;
      expect([principal.subject, principal.roles, principal.claims]).toEqual([name, [name], { own: name }]);
      expect(Object.isFrozen(principal) && Object.isFrozen(principal.roles) && Object.isFrozen(principal.claims)).toBe(
        true,
      );
    });
  });

  test('what a request does to an account’s roles and claims is refused, and nobody else sees it', async () => {
    const roles = ['admin'];
    const claims = { nested: { level: 1 } };
    const { hash } = await accountOf('alice', 'pass');
    const under = new BasicUnderTest({ find: () => ({ name: 'alice', hash, roles, claims }) });
    const { principal } = granted(await under.ask('alice', 'pass'));
    expect(() => (principal.roles as string[]).push('root')).toThrow(TypeError);
    expect(() => Object.assign(principal.claims['nested'] as object, { level: 9 })).toThrow(TypeError);
    expect([roles, claims]).toEqual([['admin'], { nested: { level: 1 } }]);
  });
});

describe('a bad Basic credential is final', () => {
  const key = headerHandler({
    name: 'key',
    header: 'X-Key',
    verify: (value) => (value === 'good' ? createPrincipal({ subject: 'machine' }) : refused('key_unknown')),
  });

  async function statusFor(wrap: (handler: BasicHandler) => Requirement, headers: Record<string, string>) {
    const users = new InMemoryUserStore([await accountOf('alice', 'pass')]);
    const handler = new BasicHandler({ realm: 'test', users, hashing: CHEAP });
    const decision = await new SecurityChain({ requirement: wrap(handler) }).decide(buildRequest('GET /', { headers }));
    return decision.kind === 'granted' ? `200 ${decision.principal.kind}` : String(decision.status);
  }

  test.each([
    ['nothing sent', undefined, '200 anonymous'],
    ['a right password', basic('alice', 'pass'), '200 user'],
    ['a wrong password', basic('alice', 'wrong'), '401'],
    ['an unknown user', basic('nobody', 'pass'), '401'],
    ['broken base64', 'Basic !!!', '401'],
    ['another scheme', 'Bearer abc', '401'],
  ])('where it is optional: %s', async (_, authorization, expected) => {
    expect(await statusFor(optional, authorization === undefined ? {} : { authorization })).toBe(expected);
  });

  test('beside a good key: no weaker handler rescues it', async () => {
    const either = (handler: BasicHandler) => anyOf(handler, key);
    expect(await statusFor(either, { 'x-key': 'good' })).toBe('200 user');
    expect(await statusFor(either, { 'x-key': 'good', authorization: basic('alice', 'wrong') })).toBe('401');
    expect(await statusFor(either, { 'x-key': 'good', authorization: 'Basic !!!' })).toBe('401');
  });

  test('unless attempt() lets it go on as anonymous, by name', async () => {
    expect(await statusFor(attempt, { authorization: basic('alice', 'wrong') })).toBe('200 anonymous');
  });
});

describe('nothing secret is put out (CWE-532, CWE-209)', () => {
  test('events of logins carry reasons and fingerprints, neither password nor encoding nor tried name', async () => {
    const events: DecisionEvent[] = [];
    const stop = onDecision((event) => events.push(event));
    const under = await BasicUnderTest.with([['alice', 'canary-right']]);
    const tries = [
      ['alice', 'canary-right'],
      ['alice', 'canary-wrong'],
      ['canary-name', 'x'],
      ['alice', 'canary-\n'],
    ] as const;
    for (const [name, password] of tries) await under.ask(name, password);
    stop();
    expect(events.map(({ status, reason }) => [status, reason])).toEqual([
      [undefined, undefined],
      [401, 'user_or_password_wrong'],
      [401, 'user_or_password_wrong'],
      [401, 'basic_control_character'],
    ]);
    const printed = JSON.stringify(events) + inspect(events, { depth: null });
    expect(printed).not.toContain('canary');
    for (const [name, password] of tries) expect(printed).not.toContain(basic(name, password).slice(6));
  });

  test('a handler that is printed shows neither hashes nor passwords', async () => {
    const under = await BasicUnderTest.with([['alice', 'canary-right']]);
    await under.ask('alice', 'canary-right');
    const printed = inspect(under, { depth: null, showHidden: true }) + JSON.stringify(under.handler);
    expect(printed).not.toMatch(/argon2id\$|canary/);
  });

  test('refusals are the same, byte by byte, whatever was wrong with the credential', async () => {
    const under = await BasicUnderTest.with([['alice', 'pass']]);
    const bad = [basic('alice', 'wrong'), basic('nobody', 'x'), basic('alice', ''), 'Basic', 'Basic !!!', 'Basic YQ=='];
    const refusals = await Promise.all(
      [...bad, basic('alice', 'x\n'), basic('', 'x'), basic('alice', 'x'.repeat(1_025))].map(async (authorization) => {
        const { status, headers, body } = denied(await under.chain.decide(requestWith(authorization)));
        return JSON.stringify({ status, headers, body });
      }),
    );
    expect(new Set(refusals).size).toBe(1);
  });

  test.each([400, 401, 403, 429, 503])('a refusal with %i is kept by no cache (RFC 9111 3.5)', async (status) => {
    const users = new InMemoryUserStore([await accountOf('alice', 'pass')]);
    const under = new BasicUnderTest(
      { find: (name) => (name === 'broken' ? Promise.reject(new Error('down')) : users.find(name)) },
      { failures: { perAccountAndNetwork: 1 } },
    );
    const forbidding = new SecurityChain({
      requirement: under.handler,
      guards: [requireScopes('admin')],
    });
    const decisions = {
      400: () => under.chain.decide(requestWith(`${basic('alice', 'pass')}, Bearer abc`)),
      401: () => under.ask('alice', 'wrong'),
      403: () => forbidding.decide(requestWith(basic('alice', 'pass'))),
      429: async () => [await under.ask('alice', 'wrong'), await under.ask('alice', 'wrong')][1] as never,
      503: () => under.ask('broken', 'pass'),
    };
    const decision = denied(await decisions[status as keyof typeof decisions]());
    expect(decision.status).toBe(status);
    expect(headerOf(decision, 'Cache-Control')).toBe('no-store');
  });
});

describe('a realm cannot break out of its challenge (RFC 9110 11.2, CWE-113)', () => {
  const users = new InMemoryUserStore();

  const challengeOf = (realm: string) => {
    const chain = new SecurityChain({ requirement: new BasicHandler({ realm, users }) });
    return headerOf(denied(chain.decide(requestWith(undefined)) as Decision), 'WWW-Authenticate');
  };
  const characters = Array.from({ length: 0x180 }, (_, code) => String.fromCharCode(code));

  test('printable ASCII is quoted', () => {
    const realm = characters.slice(0x20, 0x7f).join('');
    const [, quoted = ''] = /^Basic realm="((?:[^"\\]|\\.)*)", charset="UTF-8"$/.exec(challengeOf(realm) ?? '') ?? [];
    expect(quoted.replace(/\\(.)/g, '$1')).toBe(realm);
  });

  test('everything else is refused at construction', () => {
    for (const character of [
      ...characters.slice(0, 0x20),
      ...characters.slice(0x7f),
      '\u2028',
      '\u{1f511}',
      '\ud800',
    ]) {
      expect(() => challengeOf(`a${character}b`)).toThrow(
        expect.objectContaining({ code: 'ERR_SALLYPORT_OPTION_INVALID' }),
      );
    }
  });

  test('Host and forwarded headers have no part in it', async () => {
    const under = await BasicUnderTest.with([]);
    const headers = { Host: 'evil.example', 'X-Forwarded-Host': 'evil.example', Forwarded: 'host=evil.example' };
    const decision = denied(await under.chain.decide(buildRequest('GET /', { headers })));
    expect(headerOf(decision, 'WWW-Authenticate')).toBe('Basic realm="test", charset="UTF-8"');
  });
});
