import { option } from '@sallyport/core/extend';
import { decodeUnpadded, type HashShape, type PasswordHashFormat, randomPhcString } from './password-hash-format.js';

/** Argon2id (RFC 9106). */
export interface Argon2idOptions {
  readonly algorithm: 'argon2id';
  /** Memory of one check, in KiB. Default 19 456; 8 192 to 1 048 576. */
  readonly memoryKiB?: number | undefined;
  /** Passes over that memory. Default 2; 1 to 64. */
  readonly passes?: number | undefined;
}

export interface Argon2idCost {
  readonly memoryKiB: number;
  readonly passes: number;
}

/** One lane: Node's thread pool hashes several passwords at once, so a single one need not be split up. */
const LANES = 1;
const MAX_MEMORY_KIB = 2 ** 20;
const MAX_PASSES = 64;
const MAX_LANES = 16;
/** RFC 9106 3.1 demands at least 8 bytes of salt. A digest shorter than 16 bytes is too easily matched by chance. */
const SHORTEST = { salt: 8, digest: 16 };

/** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
export function checkArgon2idOptions(options: Argon2idOptions): Argon2idCost {
  const { memoryKiB, passes } = option.check('Argon2idOptions', options, {
    algorithm: option.oneOf('argon2id'),
    memoryKiB: option.withDefault(option.between(8_192, MAX_MEMORY_KIB), 19_456),
    passes: option.withDefault(option.between(1, MAX_PASSES), 2),
  });
  return { memoryKiB: Math.floor(memoryKiB), passes: Math.floor(passes) };
}

const PATTERN =
  /^(\$argon2id\$v=19\$m=([1-9]\d{0,6}),t=([1-9]\d?),p=([1-9]\d?))\$([A-Za-z0-9+/]{1,86})\$([A-Za-z0-9+/]{1,86})$/;

export const argon2id: PasswordHashFormat<Argon2idCost> = {
  algorithm: 'argon2id',

  read(hash) {
    const [, prefix, memoryKiB, passes, lanes, salt, digest] = PATTERN.exec(hash) ?? [];
    if (prefix === undefined) return undefined;
    if (Number(memoryKiB) > MAX_MEMORY_KIB || Number(passes) > MAX_PASSES || Number(lanes) > MAX_LANES)
      return undefined;
    const saltBytes = decodeUnpadded(salt as string)?.length ?? 0;
    const digestBytes = decodeUnpadded(digest as string)?.length ?? 0;
    if (saltBytes < SHORTEST.salt || digestBytes < SHORTEST.digest) return undefined;
    return { prefix, saltBytes, digestBytes, work: Number(memoryKiB) * Number(passes) };
  },

  shapeOf({ memoryKiB, passes }): HashShape {
    const prefix = `$argon2id$v=19$m=${memoryKiB},t=${passes},p=${LANES}`;
    return { prefix, saltBytes: 16, digestBytes: 32, work: memoryKiB * passes };
  },

  decoy: randomPhcString,

  async hash(password, { memoryKiB, passes }) {
    const { hash } = await import('@node-rs/argon2');
    return hash(password, { memoryCost: memoryKiB, timeCost: passes, parallelism: LANES });
  },

  async verify(hash, password) {
    const { verify } = await import('@node-rs/argon2');
    return verify(hash, password);
  },
};
