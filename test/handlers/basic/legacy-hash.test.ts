import { describe, expect, test } from '@jest/globals';
import { readHash } from '../../../packages/handlers/src/basic/passwords/password-hash.js';
import type { LegacyHash } from '../../../packages/handlers/src/basic/passwords/password-hash-format.js';
import vectors from '../../vectors/basic/legacy-hashes.json' with { type: 'json' };

const BOTH: readonly LegacyHash[] = ['apr1', 'sha1'];

describe('hashes of other programs are read to the letter', () => {
  test.each(vectors)('$hash', async ({ hash, password }) => {
    const stored = readHash(hash, BOTH);
    expect(await stored?.format.verify(hash, Buffer.from(password))).toBe(true);
    for (const wrong of [`${password}x`, password.slice(1), `\0${password}`]) {
      if (wrong !== password) expect(await stored?.format.verify(hash, Buffer.from(wrong))).toBe(false);
    }
    expect(readHash(hash)).toBeUndefined();
  });
});

test.each([
  ['$apr1$$HqJZimcKQFAMYayBlzkrA/', 'no salt'],
  ['$apr1$123456789$HqJZimcKQFAMYayBlzkrA/', 'a salt of nine letters'],
  ['$apr1$r31.....$HqJZimcKQFAMYayBlzkrA2', 'bits that no digest has'],
  ['$apr1$r31.....$HqJZimcKQFAMYayBlzkrA', 'a letter less'],
  ['$1$r31.....$HqJZimcKQFAMYayBlzkrA/', 'the MD5 of another program'],
  ['{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9h=', 'another spelling of the base64'],
  ['{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g', 'no padding'],
  ['{SSHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=', 'another scheme'],
  ['rqXexS6ZhobKA', 'crypt'],
  ['plain', 'a password'],
])('%s is no legacy hash: %s', (hash) => {
  expect(readHash(hash, BOTH)).toBeUndefined();
});

test.each(BOTH)('a decoy of %s has its shape, and every one is another', (algorithm) => {
  const { hash } = vectors.find((row) => readHash(row.hash, [algorithm]) !== undefined) as (typeof vectors)[number];
  const { format, shape } = readHash(hash, [algorithm]) as NonNullable<ReturnType<typeof readHash>>;
  const decoys = Array.from({ length: 20 }, () => format.decoy(shape));
  expect(new Set(decoys).size).toBe(20);
  for (const decoy of decoys) expect(readHash(decoy, [algorithm])?.shape).toEqual(shape);
});
