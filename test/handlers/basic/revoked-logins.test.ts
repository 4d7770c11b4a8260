import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { container, registerSecurity, resolveChain } from '@sallyport/configuration/tsyringe';
import {
  allOf,
  authenticated,
  createPrincipal,
  Revocations,
  SecurityChain,
  type SecurityHandler,
} from '@sallyport/core';
import { bearerChallenge } from '@sallyport/core/extend';
import { buildRequest, ManualClock } from '@sallyport/core/testing';
import { BasicHandler, type UserStore } from '@sallyport/handlers/basic';
import { builtInHandlers } from '@sallyport/handlers/kinds';
import { argon2id } from '../../../packages/handlers/src/basic/passwords/argon2id.js';
import { accountOf, BasicUnderTest, basic, CHEAP, denied, headerOf, requestWith } from './basic-fixture.js';

let hashed: jest.Spied<typeof argon2id.verify>;
let revocations: Revocations;
let under: BasicUnderTest;

beforeEach(async () => {
  const clock = new ManualClock();
  revocations = new Revocations({}, { clock });
  const accounts = new Map([
    ['alice', await accountOf('alice', 'pàss')],
    ['bob', await accountOf('bob', 'pass')],
  ]);
  // As many stores do, this one finds accounts whatever the case of their names.
  const users: UserStore = { find: (name) => accounts.get(name.toLowerCase()) };
  under = new BasicUnderTest(users, {}, { revocations }, clock);
  hashed = jest.spyOn(argon2id, 'verify');
});

afterEach(() => {
  jest.restoreAllMocks();
});

/** A login, and how many hashes it took. */
async function login(name = 'alice', password = 'pàss'): Promise<[outcome: number | string, hashes: number]> {
  const before = hashed.mock.calls.length;
  const decision = await under.ask(name, password);
  const outcome = decision.kind === 'granted' ? 200 : `${decision.status} ${decision.reason}`;
  return [outcome, hashed.mock.calls.length - before];
}

/** What follows `Basic`. */
const token68 = (name: string, password: string) => basic(name, password).slice('Basic '.length);

const REVOKED = '401 password_revoked';

/** A handler that lets the same user in when the test says so. */
function slowHandler() {
  let [calls, seen] = [0, 0];
  let grant = () => {};
  const handler: SecurityHandler<string> = {
    name: 'other',
    challenges: [bearerChallenge('test')],
    source: { at: 'header:x-other' },
    extract: (request) => request.headerLines('x-other')[0],
    verify: () => {
      calls += 1;
      return new Promise((resolve) => {
        grant = () => resolve(authenticated(createPrincipal({ subject: 'alice' })));
      });
    },
  };
  const asked = async () => {
    while (calls === seen) await new Promise((resolve) => setImmediate(resolve));
    seen = calls;
  };
  return { handler, asked, grant: () => grant() };
}

describe('a revoked account', () => {
  test('has to prove its password anew, and then counts as before', async () => {
    expect(await login()).toEqual([200, 1]);
    expect(await login()).toEqual([200, 0]);
    await revocations.revokeSubject('alice');
    expect(await login()).toEqual([200, 1]);
    expect(await login()).toEqual([200, 0]);
  });

  test('is forgotten under every name that the store finds it by', async () => {
    expect(await login('Alice')).toEqual([200, 1]);
    await revocations.revokeSubject('alice');
    expect(await login('Alice')).toEqual([200, 1]);
  });

  test('leaves the passwords of others alone', async () => {
    expect(await login('bob', 'pass')).toEqual([200, 1]);
    await revocations.revokeSubject('alice');
    expect(await login('bob', 'pass')).toEqual([200, 0]);
  });

  test('of an issuer is another one: passwords have no issuer', async () => {
    await login();
    await revocations.revokeSubject('alice', { issuer: 'https://as.example.com' });
    expect(await login()).toEqual([200, 0]);
  });

  test('is not let in by a check that was under way', async () => {
    let finish = (_matches: boolean) => {};
    hashed.mockImplementationOnce(() => new Promise((resolve) => (finish = resolve)));
    const checking = login();
    while (hashed.mock.calls.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await revocations.revokeSubject('alice');
    finish(true);
    expect(await checking).toEqual([REVOKED, 1]);
    expect(await login()).toEqual([200, 1]);
  });

  test('is not let in while its hash is replaced by a stronger one', async () => {
    const account = await accountOf('alice', 'pàss');
    let save = () => {};
    const users = { find: () => account, saveHash: () => new Promise<void>((resolve) => (save = resolve)) };
    const saving = jest.spyOn(users, 'saveHash');
    under = new BasicUnderTest(
      users,
      { hashing: { algorithm: 'argon2id', memoryKiB: 9_216, passes: 1 } },
      { revocations },
    );
    const checking = login();
    while (saving.mock.calls.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await revocations.revokeSubject('alice');
    save();
    expect((await checking)[0]).toBe(REVOKED);
  });
});

describe('a revoked credential', () => {
  test('is refused as long as its revocation lasts, after the same work as ever', async () => {
    expect(await login()).toEqual([200, 1]);
    const now = under.clock.now() / 1_000;
    await revocations.revokeToken(token68('alice', 'pàss'), { expiresAt: now + 60 });
    expect(await login()).toEqual([REVOKED, 1]);
    under.clock.pass(119);
    expect(await login()).toEqual([REVOKED, 1]);
    under.clock.pass(2);
    expect(await login()).toEqual([200, 1]);
  });

  test.each([
    ['with another case of the name', 'ALICE', 'pàss'],
    ['in another form of Unicode', 'alice', 'pa\u0300ss'],
    ['in both', 'aLice', 'pa\u0300ss'],
  ])('is revoked %s, too', async (_rule, name, password) => {
    expect(await login(name, password)).toEqual([200, 1]);
    await revocations.revokeToken(token68('alice', 'pàss'));
    expect(await login(name, password)).toEqual([REVOKED, 1]);
  });

  test('as it was sent is revoked, whatever the account is called', async () => {
    expect(await login('ALICE', 'pa\u0300ss')).toEqual([200, 1]);
    await revocations.revokeToken(token68('ALICE', 'pa\u0300ss'));
    expect(await login('ALICE', 'pa\u0300ss')).toEqual([REVOKED, 1]);
  });

  test.each([
    ['in another form of Unicode', 'alice', 'pa\u0300ss'],
    ['under another name of its account', 'ALICE', 'pàss'],
    ['in both', 'Alice', 'pa\u0300ss'],
  ])('as it was sent %s is revoked in every other spelling, too', async (_rule, name, password) => {
    expect(await login()).toEqual([200, 1]);
    expect(await revocations.revokeToken(token68(name, password))).toBe(true);
    expect(await login()).toEqual([REVOKED, 1]);
    expect(await login('aLiCe')).toEqual([REVOKED, 1]);
  });

  test('is revoked as it was sent where the user store cannot tell its account, which is told', async () => {
    const users: UserStore = { find: () => Promise.reject(new Error('down')) };
    const handler = new BasicHandler({ realm: 'r', users }, { revocations });
    expect(await revocations.revokeToken(token68('carol', 'pass'))).toBe(false);
    expect(revocations.refuses(token68('carol', 'pass'))).toBe(true);
    await handler.close();
    expect(await revocations.revokeToken(token68('carol', 'pass'))).toBe(true);
  });

  test('is revoked in every spelling again where its handler was started again, for another chain', async () => {
    const users: UserStore = { find: () => Promise.reject(new Error('down')) };
    const handler = new BasicHandler({ realm: 'r', users }, { revocations });
    await handler.close();
    await handler.start();
    // The store is asked, and cannot tell.
    expect(await revocations.revokeToken(token68('carol', 'pass'))).toBe(false);
  });

  test('leaves another password of the account, and the same password of another, alone', async () => {
    await revocations.revokeToken(token68('alice', 'old'));
    await revocations.revokeToken(token68('bob', 'pàss'));
    expect(await login()).toEqual([200, 1]);
    expect(await login('bob', 'pass')).toEqual([200, 1]);
  });

  test('looks like a wrong password to its sender, and counts as one', async () => {
    await revocations.revokeToken(token68('alice', 'pàss'));
    const [revoked, wrong] = [denied(await under.ask('alice', 'pàss')), denied(await under.ask('alice', 'wrong'))];
    const correlation = /"(?:instance|correlationId|requestId)":"[^"]*"/g;
    expect(String(revoked.body).replace(correlation, '')).toBe(String(wrong.body).replace(correlation, ''));
    expect(headerOf(revoked, 'WWW-Authenticate')).toBe(headerOf(wrong, 'WWW-Authenticate'));
    for (let index = 0; index < 8; index += 1) await under.ask('alice', 'pàss');
    expect(denied(await under.ask('alice', 'pàss')).status).toBe(429);
  });
});

test('a login learns first what other instances revoked, and does not fail where nobody can tell', async () => {
  let learn = async () => {};
  const bus = {
    publish: async () => true,
    receive: async () => {
      await learn();
      return { notices: [], isComplete: false };
    },
    listen: async () => {},
    close: async () => {},
  };
  const secret = 'a deployment secret of 32 characters or more';
  const shared = new Revocations({ secret }, { bus, clock: under.clock });
  const users: UserStore = { find: () => account };
  const account = await accountOf('alice', 'pàss');
  under = new BasicUnderTest(users, {}, { revocations: shared }, under.clock);
  expect(await login()).toEqual([200, 1]);
  under.handler.invalidate('alice');
  learn = async () => void (await shared.revokeSubject('alice'));
  expect(await login()).toEqual([200, 1]);
  learn = async () => void (await shared.revokeToken(token68('alice', 'pàss')));
  under.handler.invalidate('alice');
  expect(await login()).toEqual([REVOKED, 1]);
});

test('remembered passwords alone have the bus read, twice a second', async () => {
  let reads = 0;
  const bus = {
    publish: async () => true,
    receive: async () => {
      reads += 1;
      return { notices: [], isComplete: true };
    },
    listen: async () => {},
    close: async () => {},
  };
  const secret = 'a deployment secret of 32 characters or more';
  const account = await accountOf('alice', 'pàss');
  const shared = new Revocations({ secret }, { bus, clock: under.clock });
  under = new BasicUnderTest({ find: () => account }, {}, { revocations: shared }, under.clock);
  await login();
  for (let second = 0; second < 10; second += 0.5) {
    under.clock.pass(0.5);
    expect(await login()).toEqual([200, 0]);
    // A reading goes on behind the answer. Without its end, no other one begins.
    await new Promise(setImmediate);
  }
  expect(reads).toBe(2 + 20);
});

test('a remembered password waits for what other instances revoked, if nobody has read it for a second', async () => {
  let learn = async () => {};
  const bus = {
    publish: async () => true,
    receive: async () => {
      await learn();
      return { notices: [], isComplete: true };
    },
    listen: async () => {},
    close: async () => {},
  };
  const account = await accountOf('alice', 'pàss');
  const secret = 'a deployment secret of 32 characters or more';
  const shared = new Revocations({ secret }, { bus, clock: under.clock });
  under = new BasicUnderTest({ find: () => account }, {}, { revocations: shared }, under.clock);
  await login();
  learn = async () => {
    await new Promise(setImmediate);
    await shared.revokeToken(token68('alice', 'pàss'));
  };
  under.clock.pass(1);
  expect(await login()).toEqual([REVOKED, 1]);
});

test.each([
  ['the account', () => revocations.revokeSubject('alice')],
  ['the credential', () => revocations.revokeToken(token68('alice', 'pàss'))],
])('%s, revoked while another credential is waited for, does not count', async (_rule, revoke) => {
  const other = slowHandler();
  const chain = new SecurityChain({ requirement: allOf(under.handler, other.handler) }, { clock: under.clock });
  const headers = { authorization: basic('alice', 'pàss'), 'x-other': 'other' };
  for (const isRevoked of [false, true]) {
    const pending = chain.decide(buildRequest('GET /', { headers, remoteAddress: '192.0.2.1' }));
    await other.asked();
    if (isRevoked) await revoke();
    other.grant();
    expect(await pending).toMatchObject(isRevoked ? { reason: 'password_revoked' } : { kind: 'granted' });
  }
});

test('a container gives Basic the revocations that it gives the others', async () => {
  const app = container.createChildContainer();
  const options = { realm: 'test', users: { accounts: [await accountOf('alice', 'pàss')] }, hashing: CHEAP };
  registerSecurity(app, {
    kinds: builtInHandlers,
    handlers: { staff: { type: 'basic', options } },
    chain: (handler) => ({ requirement: handler('staff') }),
    revocations,
  });
  const chain = await resolveChain(app);
  const decide = () => chain.decide(requestWith(basic('alice', 'pàss'), '192.0.2.1'));
  expect(await decide()).toMatchObject({ kind: 'granted' });
  await revocations.revokeToken(token68('alice', 'pàss'));
  expect(await decide()).toMatchObject({ kind: 'denied', reason: 'password_revoked' });
  await chain.close();
});

test('what is no Revocations is refused', () => {
  const users: UserStore = { find: () => undefined };
  expect(() => new BasicHandler({ realm: 'test', users }, { revocations: {} as Revocations })).toThrow(
    expect.objectContaining({ code: 'ERR_SALLYPORT_OPTION_INVALID' }),
  );
});

test('a remembered password is let in at once, whatever was revoked of others', async () => {
  await login();
  await revocations.revokeSubject('bob');
  expect(under.chain.decide(requestWith(basic('alice', 'pàss'), '192.0.2.1'))).toMatchObject({ kind: 'granted' });
});
