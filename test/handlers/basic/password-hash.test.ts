import { describe, expect, jest, test } from '@jest/globals';
import { hashPassword } from '@sallyport/handlers/basic';
import { isWeaker, readHash, type StoredHash } from '../../../packages/handlers/src/basic/passwords/password-hash.js';
import vectors from '../../vectors/basic/hashes.json' with { type: 'json' };
import refused from '../../vectors/basic/refused-hashes.json' with { type: 'json' };

function read(hash: string): StoredHash {
  const stored = readHash(hash);
  if (stored === undefined) throw new Error('unreadable hash');
  return stored;
}

const matches = (hash: string, password: string) => read(hash).format.verify(hash, Buffer.from(password));

describe('hashes that other software made', () => {
  test.each(vectors)('$producer: $hash', async ({ hash, password }) => {
    expect(await matches(hash, password)).toBe(true);
    expect(await matches(hash, `${password} `)).toBe(false);
    expect(await matches(hash, password.slice(1))).toBe(false);
  });
});

describe('hashes that are refused', () => {
  test.each(refused)('$rule ($ref)', ({ hash }) => {
    expect(readHash(hash)).toBeUndefined();
  });

  test.each(['$argon2id$v=19$m=1048576,t=2,p=1', '$scrypt$ln=20,r=8,p=1'])('%s is the most there may be', (prefix) => {
    const hash = `${prefix}$${'A'.repeat(22)}$${'A'.repeat(43)}`;
    expect(readHash(hash)).toMatchObject({ hash, format: { algorithm: prefix.split('$')[1] } });
  });
});

describe('hashPassword', () => {
  test.each([
    [{ algorithm: 'argon2id' }, '$argon2id$v=19$m=19456,t=2,p=1$'],
    [{ algorithm: 'argon2id', memoryKiB: 8_192, passes: 3 }, '$argon2id$v=19$m=8192,t=3,p=1$'],
    [{ algorithm: 'scrypt', logCost: 14 }, '$scrypt$ln=14,r=8,p=1$'],
    [{ algorithm: 'scrypt', logCost: 14, blockSize: 4, parallelization: 2 }, '$scrypt$ln=14,r=4,p=2$'],
    [{ algorithm: 'bcrypt', cost: 10 }, '$2y$10$'],
  ] as const)('%j gives %s…', async (options, prefix) => {
    const hash = await hashPassword('correct horse', options);
    expect(hash.startsWith(prefix)).toBe(true);
    expect(await matches(hash, 'correct horse')).toBe(true);
    expect(await matches(hash, 'correct house')).toBe(false);
    expect(await hashPassword('correct horse', options)).not.toBe(hash);
  });

  test('hashes the NFC of a password, as logins do (RFC 7617 2.1)', async () => {
    const hash = await hashPassword('pa\u0308ss', { algorithm: 'argon2id', memoryKiB: 8_192, passes: 1 });
    expect(await matches(hash, 'päss')).toBe(true);
  });

  test.each([
    ['a control character (RFC 7617 2)', 'pass\n'],
    ['a C1 control character (RFC 7617 2)', 'pass\u0085'],
    ['more than 1 024 bytes', 'ü'.repeat(513)],
    ['a lone surrogate', 'pass\ud800'],
  ])('refuses %s: no login could present it', async (_, password) => {
    await expect(hashPassword(password)).rejects.toThrow(TypeError);
  });

  test('refuses what bcrypt would cut off (CVE-2025-22228)', async () => {
    await expect(hashPassword('x'.repeat(73), { algorithm: 'bcrypt' })).rejects.toThrow(RangeError);
    await expect(hashPassword('ü'.repeat(37), { algorithm: 'bcrypt' })).rejects.toThrow(RangeError);
  });

  test.each([
    [{ algorithm: 'md5' }, 'ERR_SALLYPORT_OPTION_INVALID'],
    [{}, 'ERR_SALLYPORT_OPTION_INVALID'],
    [{ algorithm: 'argon2id', memoryKiB: 8_191 }, 'ERR_SALLYPORT_OPTION_INVALID'],
    [{ algorithm: 'argon2id', passes: 0 }, 'ERR_SALLYPORT_OPTION_INVALID'],
    [{ algorithm: 'argon2id', memory: 1 }, 'ERR_SALLYPORT_OPTION_UNKNOWN'],
    [{ algorithm: 'scrypt', logCost: 13 }, 'ERR_SALLYPORT_OPTION_INVALID'],
    [{ algorithm: 'scrypt', cost: 17 }, 'ERR_SALLYPORT_OPTION_UNKNOWN'],
    [{ algorithm: 'bcrypt', cost: 9 }, 'ERR_SALLYPORT_OPTION_INVALID'],
    [{ algorithm: 'bcrypt', passes: 2 }, 'ERR_SALLYPORT_OPTION_UNKNOWN'],
  ])('refuses the options %j', async (options, code) => {
    await expect(hashPassword('pass', options as never)).rejects.toMatchObject({ code });
  });
});

describe('bcrypt', () => {
  test('takes 72 bytes, and never more, even when the first 72 are right (CVE-2025-22228)', async () => {
    const password = 'x'.repeat(72);
    const hash = await hashPassword(password, { algorithm: 'bcrypt', cost: 10 });
    expect(await matches(hash, password)).toBe(true);
    expect(await matches(hash, `${password}y`)).toBe(false);
    expect(await matches(hash, password.slice(1))).toBe(false);
  });
});

describe('one hash is weaker than another', () => {
  const bcrypt10 = read('$2y$10$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC');
  const bcrypt12 = read('$2b$12$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC');
  const scrypt = read(`$scrypt$ln=17,r=8,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`);
  const argon2id = (costs: string) => read(`$argon2id$v=19$${costs}$${'A'.repeat(22)}$${'A'.repeat(43)}`);

  test('when its algorithm is: bcrypt, then scrypt, then argon2id', () => {
    expect(isWeaker(bcrypt12, scrypt)).toBe(true);
    expect(isWeaker(scrypt, argon2id('m=8192,t=1,p=1'))).toBe(true);
    expect(isWeaker(argon2id('m=8192,t=1,p=1'), bcrypt12)).toBe(false);
  });

  test('when it takes less work with the same algorithm', () => {
    expect(isWeaker(bcrypt10, bcrypt12)).toBe(true);
    expect(isWeaker(bcrypt12, bcrypt10)).toBe(false);
    expect(isWeaker(argon2id('m=19456,t=1,p=1'), argon2id('m=19456,t=2,p=1'))).toBe(true);
    expect(isWeaker(argon2id('m=47104,t=1,p=1'), argon2id('m=19456,t=2,p=1'))).toBe(false);
    expect(isWeaker(argon2id('m=19456,t=2,p=1'), argon2id('m=19456,t=2,p=1'))).toBe(false);
  });
});

describe('native libraries', () => {
  test('are loaded only when a hash of theirs is checked', async () => {
    const loaded: string[] = [];
    await jest.isolateModulesAsync(async () => {
      for (const library of ['@node-rs/argon2', '@node-rs/bcrypt']) {
        jest.doMock(library, () => {
          loaded.push(library);
          return jest.requireActual(library);
        });
      }
      const isolated = await import('@sallyport/handlers/basic');
      const { readHash: readIsolated } = await import(
        '../../../packages/handlers/src/basic/passwords/password-hash.js'
      );
      expect(loaded).toEqual([]);
      await isolated.hashPassword('pass', { algorithm: 'scrypt', logCost: 14 });
      expect(loaded).toEqual([]);
      const hash = await isolated.hashPassword('pass', { algorithm: 'bcrypt', cost: 10 });
      await readIsolated(hash)?.format.verify(hash, Buffer.from('pass'));
      expect(loaded).toEqual(['@node-rs/bcrypt']);
    });
  });
});
