import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

/**
 * Hashes a password with argon2id at 19 MiB and two passes, off the event loop; the result is a PHC string that
 * names its own parameters.
 */
export async function hashPassword(password: string): Promise<string> {
  const { hash } = await import('@node-rs/argon2');
  return hash(password.normalize('NFC'), ARGON2ID);
}

/** Parameters of new hashes: kibibytes of memory, passes, lanes. */
const ARGON2ID = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

type Verifier = (hash: string, password: string) => Promise<boolean>;

/** The formats that a stored hash may have, told apart by their beginning. */
const FORMATS: readonly { readonly begins: RegExp; readonly verify: Verifier }[] = [
  { begins: /^\$argon2id?\$/, verify: verifyArgon2 },
  { begins: /^\$2[aby]\$/, verify: verifyBcrypt },
  { begins: /^\$scrypt\$/, verify: verifyScrypt },
];

/** True for hashes that `verifyPassword` understands. */
export function isPasswordHash(hash: string): boolean {
  return FORMATS.some(({ begins }) => begins.test(hash));
}

/** Checks a password against a stored hash (argon2id, bcrypt or scrypt) off the event loop. */
export async function verifyPassword(hash: string, password: string): Promise<boolean> {
  const format = FORMATS.find(({ begins }) => begins.test(hash));
  if (format === undefined) throw new TypeError('the stored password hash has an unknown format');
  return format.verify(hash, password);
}

async function verifyArgon2(hash: string, password: string): Promise<boolean> {
  const { verify } = await import('@node-rs/argon2');
  return verify(hash, password);
}

const BCRYPT_MAX_BYTES = 72;

/** bcrypt looks at 72 bytes only; a longer password would equal every other that begins like it. */
async function verifyBcrypt(hash: string, password: string): Promise<boolean> {
  const { verify } = await import('@node-rs/bcrypt');
  const matches = await verify(password, hash);
  return matches && Buffer.byteLength(password) <= BCRYPT_MAX_BYTES;
}

const SCRYPT = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;
const deriveScrypt = promisify<string, Buffer, number, object, Buffer>(scrypt);

async function verifyScrypt(hash: string, password: string): Promise<boolean> {
  const parts = SCRYPT.exec(hash);
  if (parts === null) throw new TypeError('the stored scrypt hash is no PHC string');
  const [ln, r, p] = parts.slice(1, 4).map(Number) as [number, number, number];
  const expected = Buffer.from(parts[5] as string, 'base64');
  const salt = Buffer.from(parts[4] as string, 'base64');
  const N = 2 ** ln;
  const derived = await deriveScrypt(password, salt, expected.length, { N, r, p, maxmem: 256 * N * r });
  return timingSafeEqual(derived, expected);
}

/** A hash that no password matches, at the cost of a real one: for users that do not exist. */
export async function unmatchableHash(): Promise<string> {
  return hashPassword(randomBytes(32).toString('base64'));
}
