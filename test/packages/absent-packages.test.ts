import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from '@jest/globals';

describe('where the native code of a hash is missing', () => {
  let told: Readonly<Record<string, unknown>>;
  beforeAll(async () => {
    const script = join(__dirname, '../support/absent-packages.js');
    const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=workerd', script]);
    told = JSON.parse(stdout);
  });

  test('a chain that hashes by it does not start, and says what to choose', () => {
    const missing = (algorithm: string) => [
      'ERR_SALLYPORT_OPTION_INVALID',
      'hashing',
      `hashing by ${algorithm} needs native code, which is missing here: choose scrypt, or install its package for this platform`,
    ];
    expect(told['starts']).toEqual([missing('argon2id'), missing('bcrypt'), 'started']);
    expect(told['hashed']).toBe('ERR_SALLYPORT_OPTION_INVALID');
  });

  test('a stored hash of it is no wrong password, and scrypt serves on', () => {
    const { alice, bob, carol } = told;
    expect({ alice, bob, carol }).toEqual({
      alice: [200, null],
      bob: [503, 'native_code_missing'],
      carol: [503, 'native_code_missing'],
    });
  });
});
