import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { ManualClock } from '@sallyport/core/testing';
import { BasicHandler, InMemoryUserStore, type UserStore } from '@sallyport/handlers/basic';
import { argon2id } from '../../../packages/handlers/src/basic/passwords/argon2id.js';
import { ProvedPasswords } from '../../../packages/handlers/src/basic/passwords/proved-passwords.js';
import { accountOf, BasicUnderTest, granted } from './basic-fixture.js';

let hashed: jest.Spied<typeof argon2id.verify>;
beforeEach(() => {
  hashed = jest.spyOn(argon2id, 'verify');
});
afterEach(() => {
  jest.restoreAllMocks();
});

/** A login, and how many hashes it took. */
async function login(
  under: BasicUnderTest,
  userName: string,
  password: string,
): Promise<[status: number, hashes: number]> {
  const before = hashed.mock.calls.length;
  const status = await under.status(userName, password);
  return [status, hashed.mock.calls.length - before];
}

describe('a right password', () => {
  test('is hashed once in 60 s, to the millisecond, and hits do not prolong it', async () => {
    const under = await BasicUnderTest.with([['alice', 'pass']]);
    expect(await login(under, 'alice', 'pass')).toEqual([200, 1]);
    for (let second = 0; second < 59; second += 1) {
      under.clock.pass(1);
      expect(await login(under, 'alice', 'pass')).toEqual([200, 0]);
    }
    under.clock.pass(0.999);
    expect(await login(under, 'alice', 'pass')).toEqual([200, 0]);
    under.clock.pass(0.001);
    expect(await login(under, 'alice', 'pass')).toEqual([200, 1]);
  });

  test('is remembered for ttlSeconds, whatever the clock of the machine is set to', async () => {
    const under = await BasicUnderTest.with([['alice', 'pass']], { cache: { ttlSeconds: 10 } });
    await login(under, 'alice', 'pass');
    under.clock.set(86_400);
    expect(await login(under, 'alice', 'pass')).toEqual([200, 0]);
    under.clock.set(-172_800);
    under.clock.pass(10);
    expect(await login(under, 'alice', 'pass')).toEqual([200, 1]);
  });

  test('is hashed each time where ttlSeconds is 0', async () => {
    const under = await BasicUnderTest.with([['alice', 'pass']], { cache: { ttlSeconds: 0 } });
    expect(await login(under, 'alice', 'pass')).toEqual([200, 1]);
    expect(await login(under, 'alice', 'pass')).toEqual([200, 1]);
  });

  test('is forgotten when maxEntries others were used later (CWE-770)', async () => {
    const accounts = ['a', 'b', 'c'].map((name) => [name, 'pass'] as const);
    const under = await BasicUnderTest.with(accounts, { cache: { maxEntries: 2 } });
    for (const name of ['a', 'b', 'a', 'c']) await login(under, name, 'pass');
    expect(await login(under, 'a', 'pass')).toEqual([200, 0]);
    expect(await login(under, 'b', 'pass')).toEqual([200, 1]);
  });

  test('says in the trace whether it was remembered', async () => {
    const under = await BasicUnderTest.with([['alice', 'pass']]);
    const cacheOf = async () => (await under.explain('alice', 'pass')).event.steps[0]?.cache;
    expect(await cacheOf()).toBe('miss');
    expect(await cacheOf()).toBe('hit');
  });
});

describe('what is no success is not remembered', () => {
  test('a wrong password is hashed each time', async () => {
    const under = await BasicUnderTest.with([['alice', 'pass']]);
    expect(await login(under, 'alice', 'wrong')).toEqual([401, 1]);
    expect(await login(under, 'alice', 'wrong')).toEqual([401, 1]);
  });

  test('a password that was wrong is right as soon as the account has it', async () => {
    const users = new InMemoryUserStore([await accountOf('alice', 'pass')]);
    const under = new BasicUnderTest(users);
    expect(await under.status('alice', 'word')).toBe(401);
    users.set(await accountOf('alice', 'word'));
    expect(await under.status('alice', 'word')).toBe(200);
  });

  test('an unknown user is known as soon as the store knows it', async () => {
    const users = new InMemoryUserStore();
    const under = new BasicUnderTest(users);
    expect(await login(under, 'alice', 'pass')).toEqual([401, 1]);
    expect(await login(under, 'alice', 'pass')).toEqual([401, 1]);
    users.set(await accountOf('alice', 'pass'));
    expect(await under.status('alice', 'pass')).toBe(200);
  });

  test('a hash that breaks is 503 each time, and right afterwards', async () => {
    const under = await BasicUnderTest.with([['alice', 'pass']]);
    hashed.mockRejectedValueOnce(new Error('no memory'));
    expect(await login(under, 'alice', 'pass')).toEqual([503, 1]);
    expect(await login(under, 'alice', 'pass')).toEqual([200, 1]);
  });
});

describe('a remembered password ends at once', () => {
  async function remembered() {
    const users = new InMemoryUserStore([await accountOf('alice', 'pass', { roles: ['admin'] })]);
    const under = new BasicUnderTest(users, { scopesOfRoles: { admin: 'all', guest: 'some' } });
    expect(await login(under, 'alice', 'pass')).toEqual([200, 1]);
    expect(await login(under, 'alice', 'pass')).toEqual([200, 0]);
    return { users, under };
  }

  test('when the password is changed', async () => {
    const { users, under } = await remembered();
    users.set(await accountOf('alice', 'word'));
    expect(await login(under, 'alice', 'pass')).toEqual([401, 1]);
    expect(await login(under, 'alice', 'word')).toEqual([200, 1]);
  });

  test('when the same password is hashed anew', async () => {
    const { users, under } = await remembered();
    users.set(await accountOf('alice', 'pass'));
    expect(await login(under, 'alice', 'pass')).toEqual([200, 1]);
  });

  test('when the account is removed', async () => {
    const { users, under } = await remembered();
    users.delete('alice');
    expect(await login(under, 'alice', 'pass')).toEqual([401, 1]);
  });

  test('when it is invalidated, and no other account is', async () => {
    const { users, under } = await remembered();
    users.set(await accountOf('bob', 'word'));
    await login(under, 'bob', 'word');
    under.handler.invalidate('alice');
    expect(await login(under, 'alice', 'pass')).toEqual([200, 1]);
    expect(await login(under, 'bob', 'word')).toEqual([200, 0]);
  });

  test('when it is invalidated while it is being checked', async () => {
    const { users, under } = await remembered();
    users.set(await accountOf('alice', 'word'));
    const pending = under.status('alice', 'word');
    under.handler.invalidate('alice');
    expect(await pending).toBe(200);
    expect(await login(under, 'alice', 'word')).toEqual([200, 1]);
  });

  test('under every spelling that the store finds the account by', async () => {
    const account = await accountOf('alice', 'pass');
    const find: UserStore['find'] = (name) => (name.toLowerCase() === 'alice' ? account : undefined);
    const under = new BasicUnderTest({ find });
    for (const name of ['alice', 'Alice', 'ALICE']) await login(under, name, 'pass');
    under.handler.invalidate('alice');
    for (const name of ['alice', 'Alice', 'ALICE']) expect(await login(under, name, 'pass')).toEqual([200, 1]);
  });

  test('as far as roles and scopes are concerned, without being hashed again', async () => {
    const { users, under } = await remembered();
    const account = users.find('alice');
    users.set({ ...(account as NonNullable<typeof account>), roles: ['guest'] });
    const before = hashed.mock.calls.length;
    const { principal } = granted(await under.ask('alice', 'pass'));
    expect([principal.roles, principal.scopes]).toEqual([['guest'], ['some']]);
    expect(hashed).toHaveBeenCalledTimes(before);
  });
});

describe('a remembered password is nobody else’s', () => {
  test('two accounts with one hash prove nothing for each other', async () => {
    const { hash } = await accountOf('x', 'pass');
    const users = new InMemoryUserStore(['alice', 'bob'].map((name) => ({ name, hash })));
    const under = new BasicUnderTest(users);
    expect(await login(under, 'alice', 'pass')).toEqual([200, 1]);
    expect(await login(under, 'bob', 'pass')).toEqual([200, 1]);
  });

  test('two handlers on one store remember each for itself', async () => {
    const users = new InMemoryUserStore([await accountOf('alice', 'pass')]);
    const [first, second] = [new BasicUnderTest(users), new BasicUnderTest(users)];
    expect(await login(first, 'alice', 'pass')).toEqual([200, 1]);
    expect(await login(second, 'alice', 'pass')).toEqual([200, 1]);
  });

  test.each([
    ['pas', 'a prefix'],
    ['passs', 'more'],
    ['Pass', 'another case'],
    [' pass', 'a space before'],
    ['pass ', 'a space behind'],
    ['', 'nothing'],
  ])('%j is not the remembered password (%s)', async (password) => {
    const under = await BasicUnderTest.with([['alice', 'pass']]);
    await login(under, 'alice', 'pass');
    expect(await login(under, 'alice', password)).toEqual([401, 1]);
  });

  test('a colon moved from the password into the name is the same credential of another user (RFC 7617 2)', async () => {
    const under = await BasicUnderTest.with([['a', 'b:c']]);
    expect(await login(under, 'a', 'b:c')).toEqual([200, 1]);
    // Both are sent as a:b:c, which can only mean the user a.
    expect(granted(await under.ask('a:b', 'c')).principal.subject).toBe('a');
  });
});

describe('what is kept', () => {
  test('is a hash under a key of the instance: it means nothing elsewhere, and contains no input (CWE-916)', () => {
    const nameOf = () => new ProvedPasswords({}, new ManualClock()).nameOf('YWxpY2U6cGFzcw==');
    expect(nameOf()).toHaveLength(32);
    expect(nameOf()).not.toContain('YWxp');
    expect(nameOf()).not.toBe(nameOf());
  });

  test.each([[{ ttlSeconds: 61 }], [{ ttlSeconds: -1 }], [{ maxEntries: 0 }], [{ max: 1 }]])(
    'with options %j is refused',
    (cache) => {
      const users = new InMemoryUserStore();
      expect(() => new BasicHandler({ realm: 'test', users, cache: cache as object })).toThrow(
        expect.objectContaining({ name: 'ConfigurationError' }),
      );
    },
  );
});
