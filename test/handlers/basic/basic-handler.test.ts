import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { httpSecurity } from '@sallyport/adapters/http';
import { anyOf, guard, headerHandler, optional, requireScopes, SecurityChain } from '@sallyport/core';
import { ask, buildRequest } from '@sallyport/core/testing';
import {
  BasicHandler,
  type BasicHandlerOptions,
  hashPassword,
  InMemoryUserStore,
  type UserStore,
} from '@sallyport/handlers/basic';
import { accountOf, BasicUnderTest, basic, CHEAP, denied, granted, headerOf, requestWith } from './basic-fixture.js';

const CHALLENGE = 'Basic realm="test", charset="UTF-8"';

describe('a right password', () => {
  test('gives a principal with subject, roles and claims, and without the password (RFC 7617 2)', async () => {
    const { chain, clock } = await BasicUnderTest.with([
      ['alice', 's3cret-s3cret', { roles: ['admin'], claims: { department: 'sales' } }],
    ]);
    const decision = granted(await chain.decide(requestWith(basic('alice', 's3cret-s3cret'))));
    expect(decision.principal).toMatchObject({
      kind: 'user',
      subject: 'alice',
      roles: ['admin'],
      scopes: [],
      amr: ['pwd'],
      authenticatedAt: clock.now() / 1_000,
      via: [{ handler: 'basic', scheme: 'basic' }],
    });
    expect(decision.principal.claims).toEqual({ department: 'sales' });
    expect(JSON.stringify(decision)).not.toContain('s3cret');
  });

  test.each([
    ['colons', 'a:b::c:'],
    ['spaces at its edges', '  pass  '],
    ['letters beyond ASCII', 'пароль-密码-🔑'],
    ['1 024 bytes', 'x'.repeat(1_024)],
  ])('may have %s (RFC 7617 2)', async (_, password) => {
    const under = await BasicUnderTest.with([['alice', password]]);
    expect(await under.status('alice', password)).toBe(200);
    expect(await under.status('alice', password.trim().slice(0, -1))).toBe(401);
  });

  test('is compared in NFC on both sides (RFC 7617 2.1)', async () => {
    const under = await BasicUnderTest.with([['zoe\u0308', 'pa\u0308ss']]);
    expect(await under.status('zoë', 'päss')).toBe(200);
    expect(await under.status('zoe\u0308', 'pa\u0308ss')).toBe(200);
    expect(await under.status('zoe', 'pass')).toBe(401);
  });

  test('that is remembered is answered in the same tick', async () => {
    const { chain } = await BasicUnderTest.with([['alice', 'pass']]);
    await chain.decide(requestWith(basic('alice', 'pass')));
    expect(chain.decide(requestWith(basic('alice', 'pass')))).toMatchObject({ kind: 'granted' });
  });
});

describe('either half of a credential may be empty (RFC 7617 2)', () => {
  test('an API key may be the user name, with the empty password that its account has', async () => {
    const users = new InMemoryUserStore([{ name: 'key-1', hash: await hashPassword('', CHEAP) }]);
    const under = new BasicUnderTest(users);
    expect(await under.status('key-1', '')).toBe(200);
    expect(await under.status('key-1', 'x')).toBe(401);
    expect(await under.status('key-2', '')).toBe(401);
    expect(await under.status('', '')).toBe(401);
  });

  test('a token may be the password of the empty user name, if the store knows an account for it', async () => {
    const hash = await hashPassword('token-1', CHEAP);
    const asked: string[] = [];
    const find = (name: string) => {
      asked.push(name);
      return name === '' ? { name: 'pat', hash } : undefined;
    };
    const under = new BasicUnderTest({ find });
    expect(granted(await under.ask('', 'token-1')).principal.subject).toBe('pat');
    expect(granted(await under.ask('', 'token-1')).principal.subject).toBe('pat');
    expect(await under.status('', 'token-2')).toBe(401);
    expect(await under.status('', '')).toBe(401);
    expect(new Set(asked)).toEqual(new Set(['']));
  });

  test('failures with the empty user name have a budget of their own, in each network', async () => {
    const hash = await hashPassword('token-1', CHEAP);
    const find = (name: string) => ({ name: name === '' ? 'pat' : name, hash });
    const under = new BasicUnderTest({ find }, { failures: { perAccountAndNetwork: 3 } });
    const from = async (address: string, name: string, password: string) =>
      (await ask(under.chain, '/', { basic: [name, password], remoteAddress: address })).status;
    for (const wrong of ['a', 'b', 'c']) expect(await from('192.0.2.1', '', wrong)).toBe(401);
    expect(await from('192.0.2.1', '', 'token-1')).toBe(429);
    expect(await from('192.0.2.1', 'alice', 'token-1')).toBe(200);
    expect(await from('198.51.100.1', '', 'token-1')).toBe(200);
  });
});

describe('a refusal', () => {
  test('is the same for a wrong password, an unknown user and an empty password', async () => {
    const under = await BasicUnderTest.with([['alice', 'pass']]);
    const decisions = [
      await under.ask('alice', 'wrong'),
      await under.ask('nobody', 'pass'),
      await under.ask('alice', ''),
      await under.ask('nobody', ''),
    ].map(denied);
    for (const { status, headers, body, reason } of decisions) {
      expect({ status, headers, body, reason }).toEqual({
        status: 401,
        headers: decisions[0]?.headers,
        body: decisions[0]?.body,
        reason: 'user_or_password_wrong',
      });
    }
    expect(headerOf(decisions[0] as never, 'WWW-Authenticate')).toBe(CHALLENGE);
  });

  test('needs a realm in its challenge, from configuration alone (RFC 7617 2)', () => {
    const users = new InMemoryUserStore();
    const handler = new BasicHandler({ realm: 'a "quoted" \\realm', users });
    expect(handler.challenges).toEqual([
      { scheme: 'Basic', parameters: { realm: 'a "quoted" \\realm', charset: 'UTF-8' } },
    ]);
    expect(() => new BasicHandler({ users } as never)).toThrow(
      expect.objectContaining({ code: 'ERR_SALLYPORT_OPTION_INVALID' }),
    );
    expect(() => new BasicHandler({ realm: 'line\nbreak', users })).toThrow(
      expect.objectContaining({ code: 'ERR_SALLYPORT_OPTION_INVALID' }),
    );
  });
});

describe('a Basic challenge makes browsers ask their user, so an option says who gets it', () => {
  const SPARED = 'x-Basic realm="test", charset="UTF-8"';
  const navigation = { 'Sec-Fetch-Mode': 'navigate' };
  const fetched = { 'Sec-Fetch-Mode': 'cors' };
  const legacy = { 'X-Requested-With': 'XMLHttpRequest' };
  const rows: readonly (readonly [BasicHandlerOptions['challengeTo'], Readonly<Record<string, string>>, string])[] = [
    [undefined, legacy, CHALLENGE],
    ['everyone', fetched, CHALLENGE],
    ['allButScripts', {}, CHALLENGE],
    ['allButScripts', navigation, CHALLENGE],
    ['allButScripts', { ...navigation, ...legacy }, CHALLENGE],
    ['allButScripts', { 'X-Requested-With': 'com.example.app' }, CHALLENGE],
    ['allButScripts', legacy, SPARED],
    ['allButScripts', fetched, SPARED],
    ['allButScripts', { 'Sec-Fetch-Mode': 'same-origin' }, SPARED],
    ['nobody', navigation, SPARED],
    ['nobody', {}, SPARED],
  ];

  test.each(rows)('%s: a request with %j gets %s', async (challengeTo, headers, challenge) => {
    const users = new InMemoryUserStore();
    const requirement = new BasicHandler({ realm: 'test', users, hashing: CHEAP, challengeTo });
    const chain = new SecurityChain({ requirement });
    for (const credential of [{}, { Authorization: basic('alice', 'wrong') }, { Authorization: 'Basic !!!' }]) {
      const answer = denied(await chain.decide(buildRequest('GET /', { headers: { ...headers, ...credential } })));
      expect([answer.status, headerOf(answer, 'WWW-Authenticate')]).toEqual([401, challenge]);
    }
  });

  test('also where a guard asks an anonymous caller for a password', async () => {
    const requirement = optional(
      new BasicHandler({ realm: 'test', users: new InMemoryUserStore(), challengeTo: 'allButScripts' }),
    );
    for (const check of [() => false, async () => false]) {
      const chain = new SecurityChain({ requirement, guards: [guard('staff', check)] });
      const answer = denied(await chain.decide(buildRequest('GET /', { headers: fetched })));
      expect([answer.status, headerOf(answer, 'WWW-Authenticate')]).toEqual([401, SPARED]);
    }
  });

  test('and the challenges of other handlers stay', async () => {
    const requirement = anyOf(
      new BasicHandler({ realm: 'test', users: new InMemoryUserStore(), challengeTo: 'nobody' }),
      headerHandler({ name: 'key', header: 'x-key', verify: () => undefined as never }),
    );
    const answer = denied(await new SecurityChain({ requirement }).decide(buildRequest('GET /')));
    const lines = answer.headers.filter(([name]) => name === 'WWW-Authenticate').map(([, value]) => value);
    expect(lines).toEqual([SPARED, 'ApiKey header="x-key"']);
  });

  test('a handler that fails to say so withholds nothing', async () => {
    const basicHandler = new BasicHandler({ realm: 'test', users: new InMemoryUserStore() });
    const withholdsChallenges = () => {
      throw new Error('broken');
    };
    Object.assign(basicHandler, { withholdsChallenges });
    const answer = denied(await new SecurityChain({ requirement: basicHandler }).decide(buildRequest('GET /')));
    expect([answer.status, headerOf(answer, 'WWW-Authenticate')]).toEqual([401, CHALLENGE]);
  });
});

describe('over a socket', () => {
  let server: Server | undefined;

  afterEach(async () => {
    server?.close();
    server?.closeAllConnections();
    server = undefined;
  });

  async function ask(headerLines: string): Promise<string> {
    const { chain } = await BasicUnderTest.with([['alice', 'pass']]);
    const secure = httpSecurity(chain);
    server = createServer(secure((_, response, principal) => response.end(principal.subject)));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    socket.write(`GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${headerLines}\r\n`, 'latin1');
    let answer = '';
    for await (const chunk of socket) answer += chunk;
    return answer;
  }

  test('a right password is answered by the application', async () => {
    const answer = await ask(`Authorization: ${basic('alice', 'pass')}\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(answer).toMatch(/alice$/);
  });

  test.each([
    ['broken base64', 'Basic !!!!'],
    ['no colon', 'Basic YWxpY2U='],
    ['Latin-1', `Basic ${Buffer.from([0x61, 0x3a, 0xfc]).toString('base64')}`],
    ['a control character', basic('alice', 'pass\n')],
    ['too much', `Basic ${'A'.repeat(4_100)}`],
    ['nothing', 'Basic'],
  ])('%s is 401 with the challenge, so that a browser asks again (RFC 7617 2)', async (_, authorization) => {
    const answer = await ask(`Authorization: ${authorization}\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 401 /);
    expect(answer).toContain(`\r\nwww-authenticate: ${CHALLENGE}\r\n`);
    expect(answer).toContain('\r\ncache-control: no-store\r\n');
  });

  test.each([
    ['two lines', `Authorization: ${basic('alice', 'pass')}\r\nAuthorization: ${basic('alice', 'pass')}\r\n`],
    ['a second scheme behind a comma', `Authorization: ${basic('alice', 'pass')}, Bearer abc\r\n`],
  ])('%s are 400, even if the first would do (RFC 9110 5.3)', async (_, lines) => {
    expect(await ask(lines)).toMatch(/^HTTP\/1\.1 400 /);
  });
});

describe('roles become scopes', () => {
  const scopesOfRoles = { admin: ['apim:admin', 'apim:tier_view'], 'Internal/creator': 'apim:tier_view' };

  test('right password and role 200, wrong password 401, right password without the role 403', async () => {
    const users = new InMemoryUserStore([
      await accountOf('admin', ' a:dmin ', { roles: ['admin'] }),
      await accountOf('guest', 'guest', { roles: ['Internal/subscriber'] }),
    ]);
    const requirement = new BasicHandler({ realm: 'test', users, scopesOfRoles });
    const chain = new SecurityChain({ requirement, guards: [requireScopes('apim:admin')] });
    expect(granted(await chain.decide(requestWith(basic('admin', ' a:dmin ')))).principal.scopes).toEqual([
      'apim:admin',
      'apim:tier_view',
    ]);
    expect(denied(await chain.decide(requestWith(basic('admin', 'a:dmin')))).status).toBe(401);
    const forbidden = denied(await chain.decide(requestWith(basic('guest', 'guest'))));
    expect(forbidden.status).toBe(403);
    expect(headerOf(forbidden, 'WWW-Authenticate')).toBeUndefined();
  });

  test('two roles with one scope bring it once; a role without an entry brings none', async () => {
    const roles = ['Internal/creator', 'admin', 'constructor', '__proto__'];
    const under = await BasicUnderTest.with([['alice', 'pass', { roles }]], { scopesOfRoles });
    expect(granted(await under.ask('alice', 'pass')).principal.scopes).toEqual(['apim:tier_view', 'apim:admin']);
  });

  test('a function sees all roles of the account', async () => {
    const options = { scopesOfRoles: (roles: readonly string[]) => roles.map((role) => `role:${role}`) };
    const under = await BasicUnderTest.with([['alice', 'pass', { roles: ['a', 'b'] }]], options);
    expect(granted(await under.ask('alice', 'pass')).principal.scopes).toEqual(['role:a', 'role:b']);
  });

  test.each([{ admin: 'two scopes' }, { admin: [''] }, { admin: [] }, { admin: 7 }, 'admin', null])(
    '%j is no mapping (RFC 6749 3.3)',
    (mapping) => {
      const users = new InMemoryUserStore();
      expect(() => new BasicHandler({ realm: 'test', users, scopesOfRoles: mapping as never })).toThrow(
        expect.objectContaining({ code: 'ERR_SALLYPORT_OPTION_INVALID' }),
      );
    },
  );
});

describe('a user store that cannot tell is 503, never 401', () => {
  const broken: readonly (readonly [string, UserStore['find']])[] = [
    [
      'throws',
      () => {
        throw new Error('password=hunter2');
      },
    ],
    [
      'rejects',
      async () => {
        throw Object.assign(new Error('down'), { code: 'ECONNREFUSED' });
      },
    ],
    ['rejects with nothing', () => Promise.reject(undefined)],
    ['returns a text', () => 'alice' as never],
    ['returns an account without a hash', () => ({ name: 'alice' }) as never],
    ['returns an account without a name', async () => ({ hash: 'x' }) as never],
    ['returns roles that are no list', () => ({ name: 'alice', hash: 'x', roles: 'admin' }) as never],
    ['returns true', () => true as never],
    ['returns a hash in an unknown format', () => ({ name: 'alice', hash: '$1$salt$x' })],
    ['returns a hash of somebody who may not log in', () => ({ name: 'alice', hash: '!' })],
  ];

  test.each(broken)('when it %s', async (_, find) => {
    const under = new BasicUnderTest({ find });
    for (let attempt = 0; attempt < 20; attempt += 1) {
      const decision = denied(await under.ask('alice', 'pass'));
      expect(decision.status).toBe(503);
      expect(headerOf(decision, 'Retry-After')).toMatch(/^[1-9]\d*$/);
      expect(headerOf(decision, 'WWW-Authenticate')).toBeUndefined();
    }
  });

  test('when it takes longer than userStoreTimeoutMs, to the millisecond', async () => {
    const under = new BasicUnderTest({ find: () => new Promise(() => {}) }, { userStoreTimeoutMs: 1_500 });
    let decision: unknown;
    const pending = under.ask('alice', 'pass').then((value) => {
      decision = value;
    });
    under.clock.pass(1.499);
    await new Promise(setImmediate);
    expect(decision).toBeUndefined();
    under.clock.pass(0.001);
    await pending;
    expect(decision).toMatchObject({ status: 503, reason: 'err_sallyport_upstream_timeout' });
    expect(under.clock.waiting).toBe(0);
  });

  test('and is asked again with the next request', async () => {
    let calls = 0;
    const account = await accountOf('alice', 'pass');
    const under = new BasicUnderTest({
      find: async () => {
        calls += 1;
        if (calls === 1) throw new Error('down');
        return account;
      },
    });
    expect(await under.status('alice', 'pass')).toBe(503);
    expect(await under.status('alice', 'pass')).toBe(200);
  });

  test('null and undefined both mean that there is no such user', async () => {
    expect(await new BasicUnderTest({ find: () => null }).status('alice', 'pass')).toBe(401);
    expect(await new BasicUnderTest({ find: async () => undefined }).status('alice', 'pass')).toBe(401);
  });

  test('a thenable that is no promise is waited for', async () => {
    const account = await accountOf('alice', 'pass');
    // biome-ignore lint/suspicious/noThenProperty: a thenable is what the rule is about.
    const find = () => ({ then: (resolve: (value: unknown) => void) => resolve(account) }) as never;
    expect(await new BasicUnderTest({ find }).status('alice', 'pass')).toBe(200);
  });
});

describe('options', () => {
  const users = new InMemoryUserStore();
  test.each([
    [{ relm: 'x' }, 'ERR_SALLYPORT_OPTION_UNKNOWN'],
    [{ users: {} }, 'ERR_SALLYPORT_OPTION_INVALID'],
    [{ name: '' }, 'ERR_SALLYPORT_OPTION_INVALID'],
    [{ userStoreTimeoutMs: 0 }, 'ERR_SALLYPORT_OPTION_INVALID'],
    [{ cache: { ttlSeconds: 61 } }, 'ERR_SALLYPORT_OPTION_INVALID'],
    [{ cache: { ttl: 1 } }, 'ERR_SALLYPORT_OPTION_UNKNOWN'],
    [{ queue: { maxConcurrent: 0 } }, 'ERR_SALLYPORT_OPTION_INVALID'],
    [{ queue: { size: 1 } }, 'ERR_SALLYPORT_OPTION_UNKNOWN'],
    [{ failures: { perNetwork: 0 } }, 'ERR_SALLYPORT_OPTION_INVALID'],
    [{ failures: { max: 1 } }, 'ERR_SALLYPORT_OPTION_UNKNOWN'],
    [{ hashing: { algorithm: 'sha256' } }, 'ERR_SALLYPORT_OPTION_INVALID'],
    [{ hashing: null }, 'ERR_SALLYPORT_OPTION_INVALID'],
  ])('%j is refused at construction with %s', (wrong, code) => {
    expect(() => new BasicHandler({ realm: 'test', users, ...wrong } as never)).toThrow(
      expect.objectContaining({ code }),
    );
  });

  test.each([[{ clock: {} }], [{ counterStore: { get() {} } }]])('the collaborators %j are refused', (wrong) => {
    expect(() => new BasicHandler({ realm: 'test', users }, wrong as never)).toThrow(
      expect.objectContaining({ code: 'ERR_SALLYPORT_OPTION_INVALID' }),
    );
  });

  test('an explicit undefined means absent', () => {
    const handler = new BasicHandler({ realm: 'test', users, name: undefined, cache: { ttlSeconds: undefined } });
    expect(handler.name).toBe('basic');
  });

  test.each([
    ['a name twice', [{ name: 'a' }, { name: 'a' }]],
    ['two spellings of one name', [{ name: '\u00fc' }, { name: 'u\u0308' }]],
    ['a password instead of a hash', [{ name: 'a', hash: 'password' }]],
    ['an unknown member', [{ name: 'a', role: 'admin' }]],
    ['an empty name', [{ name: '' }]],
  ])('%s is refused by the store in memory', async (_, accounts) => {
    const hash = await hashPassword('pass', { algorithm: 'bcrypt', cost: 10 });
    expect(() => new InMemoryUserStore(accounts.map((account) => ({ hash, ...account })))).toThrow(
      expect.objectContaining({ name: 'ConfigurationError' }),
    );
  });
});
