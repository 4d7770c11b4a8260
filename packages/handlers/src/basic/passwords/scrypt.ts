import {
  type ScryptOptions as NodeScryptOptions,
  scrypt as nodeScrypt,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';
import { promisify } from 'node:util';
import { option } from '@sallyport/core/extend';
import {
  decodeUnpadded,
  encodeUnpadded,
  type HashShape,
  type PasswordHashFormat,
  randomPhcString,
} from './password-hash-format.js';

const MAX_LOG_COST = 20;
const MAX_BLOCK_SIZE = 32;
const MAX_PARALLELIZATION = 16;
const MAX_MEMORY_BYTES = 2 ** 30;
const SHORTEST = { salt: 8, digest: 16 };
const SALT_BYTES = 16;
const DIGEST_BYTES = 32;

const SCRYPT = option.table('ScryptOptions', {
  algorithm: option.oneOf('scrypt'),
  /** Binary logarithm of the cost N. */
  logCost: option.withDefault(option.wholeBetween(14, MAX_LOG_COST), 17),
  /** Block size r. */
  blockSize: option.withDefault(option.wholeBetween(1, MAX_BLOCK_SIZE), 8),
  /** Parallelization p. */
  parallelization: option.withDefault(option.wholeBetween(1, MAX_PARALLELIZATION), 1),
});

/** scrypt (RFC 7914). */
export interface ScryptOptions extends option.Given<typeof SCRYPT> {}

export interface ScryptSettings extends option.Kept<typeof SCRYPT> {}

export const scryptOptions: option.Table<ScryptSettings, ScryptOptions> = SCRYPT;

/** What a stored hash says of its cost. */
export type ScryptCost = Omit<ScryptSettings, 'algorithm'>;

const PATTERN = /^(\$scrypt\$ln=([1-9]\d?),r=([1-9]\d?),p=([1-9]\d?))\$([A-Za-z0-9+/]{1,86})\$([A-Za-z0-9+/]{1,86})$/;

export const scrypt: PasswordHashFormat<ScryptCost> = {
  algorithm: 'scrypt',

  read(hash) {
    const parts = parse(hash);
    if (parts === undefined) return undefined;
    const { prefix, cost, salt, digest } = parts;
    return { prefix, saltBytes: salt.length, digestBytes: digest.length, work: workOf(cost) };
  },

  shapeOf(cost): HashShape {
    return { prefix: prefixOf(cost), saltBytes: SALT_BYTES, digestBytes: DIGEST_BYTES, work: workOf(cost) };
  },

  decoy: randomPhcString,

  async hash(password, cost) {
    const salt = randomBytes(SALT_BYTES);
    const digest = await derive(password, salt, DIGEST_BYTES, cost);
    return `${prefixOf(cost)}$${encodeUnpadded(salt)}$${encodeUnpadded(digest)}`;
  },

  async verify(hash, password) {
    const parts = parse(hash);
    if (parts === undefined) return false;
    return timingSafeEqual(await derive(password, parts.salt, parts.digest.length, parts.cost), parts.digest);
  },
};

function parse(hash: string): { prefix: string; cost: ScryptCost; salt: Buffer; digest: Buffer } | undefined {
  const [, prefix, logCost, blockSize, parallelization, saltText = '', digestText = ''] = PATTERN.exec(hash) ?? [];
  if (prefix === undefined) return undefined;
  const cost = { logCost: Number(logCost), blockSize: Number(blockSize), parallelization: Number(parallelization) };
  const salt = decodeUnpadded(saltText);
  const digest = decodeUnpadded(digestText);
  if (!isAffordable(cost) || salt === undefined || digest === undefined) return undefined;
  if (salt.length < SHORTEST.salt || digest.length < SHORTEST.digest) return undefined;
  return { prefix, cost, salt, digest };
}

function isAffordable(cost: ScryptCost): boolean {
  if (cost.logCost > MAX_LOG_COST || cost.blockSize > MAX_BLOCK_SIZE) return false;
  return cost.parallelization <= MAX_PARALLELIZATION && memoryOf(cost) <= MAX_MEMORY_BYTES;
}

/** 128 · N · r (RFC 7914 2). */
function memoryOf({ logCost, blockSize }: ScryptCost): number {
  return 128 * 2 ** logCost * blockSize;
}

function workOf({ logCost, blockSize, parallelization }: ScryptCost): number {
  return 2 ** logCost * blockSize * parallelization;
}

function prefixOf({ logCost, blockSize, parallelization }: ScryptCost): string {
  return `$scrypt$ln=${logCost},r=${blockSize},p=${parallelization}`;
}

const scryptAsync = promisify<Uint8Array, Uint8Array, number, NodeScryptOptions, Buffer>(nodeScrypt);

function derive(password: Uint8Array, salt: Buffer, bytes: number, cost: ScryptCost): Promise<Buffer> {
  const { logCost, blockSize: r, parallelization: p } = cost;
  // Node also counts the working blocks. The limit is therefore twice the memory that RFC 7914 states, and 1 MiB more.
  return scryptAsync(password, salt, bytes, { N: 2 ** logCost, r, p, maxmem: 2 * memoryOf(cost) + 2 ** 20 });
}
