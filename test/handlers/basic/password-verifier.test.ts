import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Secret } from '@sallyport/core/extend';
import { ManualClock } from '@sallyport/core/testing';
import {
  type Account,
  type BasicEvent,
  type HashingOptions,
  hashPassword,
  InMemoryUserStore,
  onBasicEvent,
} from '@sallyport/handlers/basic';
import { argon2id } from '../../../packages/handlers/src/basic/passwords/argon2id.js';
import { bcrypt } from '../../../packages/handlers/src/basic/passwords/bcrypt.js';
import { PasswordVerifier } from '../../../packages/handlers/src/basic/passwords/password-verifier.js';
import { scrypt } from '../../../packages/handlers/src/basic/passwords/scrypt.js';
import { BasicUnderTest, CHEAP } from './basic-fixture.js';

const BCRYPT_OF_PASS = '$2y$04$74McJg6dUF0dFerATBwFy.ckFbf1ifz.zzkhE4orRebcy1c9EU5u2';
const SCRYPT: HashingOptions = { algorithm: 'scrypt', logCost: 14 };
const STRONGER: HashingOptions = { algorithm: 'argon2id', memoryKiB: 8_192, passes: 2 };

/** Every hash that was worked on, by its prefix: the work that a login costs. */
let work: string[];

beforeEach(() => {
  work = [];
  for (const format of [argon2id, scrypt, bcrypt]) {
    const { verify } = format;
    jest.spyOn(format, 'verify').mockImplementation((hash, password) => {
      work.push(format.read(hash)?.prefix ?? 'unreadable');
      return verify(hash, password);
    });
  }
});
afterEach(() => {
  jest.restoreAllMocks();
});

/** What a login costs. */
async function costOf(under: BasicUnderTest, userName: string, password: string): Promise<readonly string[]> {
  work = [];
  expect(await under.status(userName, password)).toBe(401);
  return work;
}

describe('an unknown user costs what a known one costs, in hashes (CWE-208, CVE-2026-22746)', () => {
  test.each([
    ['argon2id', CHEAP, '$argon2id$v=19$m=8192,t=1,p=1'],
    ['argon2id with more passes', STRONGER, '$argon2id$v=19$m=8192,t=2,p=1'],
    ['scrypt', SCRYPT, '$scrypt$ln=14,r=8,p=1'],
    ['bcrypt', { algorithm: 'bcrypt', cost: 10 } as const, '$2y$10$'],
  ])('%s', async (_, hashing, prefix) => {
    const users = new InMemoryUserStore([{ name: 'alice', hash: await hashPassword('pass', hashing) }]);
    const under = new BasicUnderTest(users, { hashing });
    for (const password of ['wrong', '', 'x'.repeat(100), 'x'.repeat(1_024)]) {
      expect(await costOf(under, 'nobody', password)).toEqual([prefix]);
      expect(await costOf(under, 'alice', password)).toEqual([prefix]);
    }
  });

  test('also where the store’s hashes are of another kind than new ones would be, once one was seen', async () => {
    const users = new InMemoryUserStore([{ name: 'alice', hash: BCRYPT_OF_PASS }]);
    const under = new BasicUnderTest({ find: (name) => users.find(name) });
    expect(await costOf(under, 'alice', 'wrong')).toEqual(['$2y$04$']);
    for (let index = 0; index < 20; index += 1) {
      expect(await costOf(under, `nobody ${index}`, 'wrong')).toEqual(['$2y$04$']);
    }
  });

  test('and each unknown name always the same, where the store has hashes of several kinds', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `nobody ${index}`);
    const accounts: Account[] = [
      { name: 'a', hash: BCRYPT_OF_PASS },
      { name: 'b', hash: await hashPassword('pass', SCRYPT) },
    ];
    const users = new InMemoryUserStore(accounts);
    const under = new BasicUnderTest({ find: (name) => users.find(name) });
    for (const { name } of accounts) await costOf(under, name, 'wrong');
    const costs = new Map<string, readonly string[]>();
    for (const name of names) costs.set(name, await costOf(under, name, 'wrong'));
    expect(new Set([...costs.values()].flat())).toEqual(new Set(['$2y$04$', '$scrypt$ln=14,r=8,p=1']));
    for (const name of names) expect(await costOf(under, name, 'another')).toEqual(costs.get(name));
  });

  test('and no password is the unknown user’s: not even an empty one', async () => {
    jest.restoreAllMocks();
    jest.spyOn(argon2id, 'verify').mockResolvedValue(true);
    const under = new BasicUnderTest(new InMemoryUserStore());
    expect(await under.status('nobody', 'pass')).toBe(401);
    expect(await under.status('nobody', '')).toBe(401);
  });

  test('and a decoy matches nothing, whatever its check says', async () => {
    jest.restoreAllMocks();
    jest.spyOn(argon2id, 'verify').mockResolvedValue(true);
    const verifier = new PasswordVerifier(CHEAP, {}, new ManualClock());
    const client = { user: 'nobody', address: undefined, standing: 'stranger' } as const;
    expect(await verifier.matches(client, new Secret('pass'), undefined)).toBe(false);
  });

  test('a password beyond the 72 bytes of bcrypt costs the same and is wrong (CVE-2025-22228)', async () => {
    const password = 'x'.repeat(72);
    const hash = await hashPassword(password, { algorithm: 'bcrypt', cost: 10 });
    const users = new InMemoryUserStore([{ name: 'alice', hash }]);
    const under = new BasicUnderTest({ find: (name) => users.find(name) });
    expect(await costOf(under, 'alice', `${password}y`)).toEqual(['$2y$10$']);
    expect(await under.status('alice', password)).toBe(200);
  });
});

test('the bytes of a password are wiped as soon as they were hashed, whatever comes of it (CWE-316)', async () => {
  const under = await BasicUnderTest.with([['alice', 'pass']]);
  const verify = jest.mocked(argon2id.verify).getMockImplementation() as typeof argon2id.verify;
  const seen: [text: string, bytes: Uint8Array][] = [];
  jest.spyOn(argon2id, 'verify').mockImplementation((hash, password) => {
    seen.push([Buffer.from(password).toString(), password]);
    if (seen.length === 3) throw new Error('no memory');
    return verify(hash, password);
  });
  const statuses = [
    await under.status('alice', 'pass'),
    await under.status('alice', 'wrong'),
    await under.status('x', 'y'),
  ];
  expect(statuses).toEqual([200, 401, 503]);
  expect(seen.map(([text]) => text)).toEqual(['pass', 'wrong', 'y']);
  expect(seen.every(([, bytes]) => bytes.every((byte) => byte === 0))).toBe(true);
});

describe('a weak hash is replaced after a login', () => {
  let events: BasicEvent[];
  let unsubscribe: () => void;
  beforeEach(() => {
    events = [];
    unsubscribe = onBasicEvent((event) => events.push(event));
  });
  afterEach(() => unsubscribe());

  test.each([
    ['bcrypt', BCRYPT_OF_PASS],
    ['scrypt', undefined],
    ['argon2id with less work', undefined],
  ])('%s becomes what hashing says, and is neither hashed nor replaced again', async (kind, given) => {
    const hash = given ?? (await hashPassword('pass', kind === 'scrypt' ? SCRYPT : CHEAP));
    const users = new InMemoryUserStore([{ name: 'alice', hash, roles: ['admin'], claims: { age: 7 } }]);
    const under = new BasicUnderTest(users, { hashing: STRONGER });
    expect(await under.status('alice', 'pass')).toBe(200);
    const replaced = users.find('alice');
    expect(replaced).toMatchObject({ name: 'alice', roles: ['admin'], claims: { age: 7 } });
    expect(replaced?.hash).toMatch(/^\$argon2id\$v=19\$m=8192,t=2,p=1\$/);
    work = [];
    expect(await under.status('alice', 'pass')).toBe(200);
    expect(work).toEqual([]);
    under.handler.invalidate('alice');
    expect(await under.status('alice', 'pass')).toBe(200);
    expect(users.find('alice')?.hash).toBe(replaced?.hash);
    expect(await under.status('alice', 'wrong')).toBe(401);
    expect(events).toEqual([]);
  });

  test('but not after a wrong password, nor for an unknown user', async () => {
    const users = new InMemoryUserStore([{ name: 'alice', hash: BCRYPT_OF_PASS }]);
    const made = jest.spyOn(argon2id, 'hash');
    const under = new BasicUnderTest(users);
    expect(await under.status('alice', 'wrong')).toBe(401);
    expect(await under.status('nobody', 'pass')).toBe(401);
    expect(users.find('alice')?.hash).toBe(BCRYPT_OF_PASS);
    expect(made).not.toHaveBeenCalled();
  });

  test('never by a weaker one', async () => {
    const hash = await hashPassword('pass', STRONGER);
    const users = new InMemoryUserStore([{ name: 'alice', hash }]);
    for (const hashing of [CHEAP, SCRYPT, { algorithm: 'bcrypt', cost: 16 } as const]) {
      expect(await new BasicUnderTest(users, { hashing }).status('alice', 'pass')).toBe(200);
      expect(users.find('alice')?.hash).toBe(hash);
    }
  });

  test('not where the store cannot save hashes', async () => {
    const made = jest.spyOn(argon2id, 'hash');
    const under = new BasicUnderTest({ find: () => ({ name: 'alice', hash: BCRYPT_OF_PASS }) });
    expect(await under.status('alice', 'pass')).toBe(200);
    expect(made).not.toHaveBeenCalled();
  });

  test('not over a password that was changed in the meantime', async () => {
    const changed = await hashPassword('word', CHEAP);
    const users = new InMemoryUserStore([{ name: 'alice', hash: BCRYPT_OF_PASS }]);
    const { hash } = argon2id;
    jest.spyOn(argon2id, 'hash').mockImplementationOnce((password, cost) => {
      users.set({ name: 'alice', hash: changed });
      return hash(password, cost);
    });
    const under = new BasicUnderTest(users);
    expect(await under.status('alice', 'pass')).toBe(200);
    expect(users.find('alice')?.hash).toBe(changed);
    expect(await under.status('alice', 'pass')).toBe(401);
    expect(await under.status('alice', 'word')).toBe(200);
  });

  test('once by logins of one moment', async () => {
    const users = new InMemoryUserStore([{ name: 'alice', hash: BCRYPT_OF_PASS }]);
    const made = jest.spyOn(argon2id, 'hash');
    const under = new BasicUnderTest(users);
    const statuses = await Promise.all(Array.from({ length: 20 }, () => under.status('alice', 'pass')));
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(made).toHaveBeenCalledTimes(1);
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('read-only, and pass is the password');
      },
    ],
    ['rejects', () => Promise.reject(Object.assign(new Error('pass'), { code: 'EROFS' }))],
  ])('and a store that %s on saving spoils no login: an event tells', async (_, saveHash) => {
    const under = new BasicUnderTest({ find: () => ({ name: 'alice', hash: BCRYPT_OF_PASS }), saveHash });
    expect(await under.status('alice', 'pass')).toBe(200);
    expect(events).toEqual([{ kind: 'hash_not_saved', handler: 'basic', reason: expect.stringMatching(/^[a-z_]+$/) }]);
    expect(await under.status('alice', 'pass')).toBe(200);
    expect(JSON.stringify(events)).not.toContain('pass is');
  });

  test('and a store that hangs on saving is waited for userStoreTimeoutMs', async () => {
    const find = () => ({ name: 'alice', hash: BCRYPT_OF_PASS });
    let isSaving = false;
    const saveHash = () => {
      isSaving = true;
      return new Promise<void>(() => {});
    };
    const under = new BasicUnderTest({ find, saveHash }, { userStoreTimeoutMs: 100 });
    const pending = under.status('alice', 'pass');
    while (!isSaving) await new Promise(setImmediate);
    under.clock.pass(0.1);
    expect(await pending).toBe(200);
    expect(events).toMatchObject([{ reason: 'err_sallyport_upstream_timeout' }]);
  });
});
