import { option } from '@sallyport/core/extend';
import { nativeCode } from './native-code.js';
import { decodeUnpadded, type HashShape, type PasswordHashFormat, randomPhcString } from './password-hash-format.js';

/** One lane: Node's thread pool hashes several passwords at once, so a single one need not be split up. */
const LANES = 1;
const MAX_MEMORY_KIB = 2 ** 20;
const MAX_PASSES = 64;
const MAX_LANES = 16;
/** RFC 9106 3.1 demands at least 8 bytes of salt. A digest shorter than 16 bytes is too easily matched by chance. */
const SHORTEST = { salt: 8, digest: 16 };

const ARGON2ID = option.table('Argon2idOptions', {
  algorithm: option.oneOf('argon2id'),
  /** Memory of one check, in KiB. */
  memoryKiB: option.withDefault(option.wholeBetween(8_192, MAX_MEMORY_KIB), 19_456),
  /** Passes over that memory. */
  passes: option.withDefault(option.wholeBetween(1, MAX_PASSES), 2),
});

/** Argon2id (RFC 9106). */
export interface Argon2idOptions extends option.Given<typeof ARGON2ID> {}

export interface Argon2idCost extends option.Kept<typeof ARGON2ID> {}

export const argon2idOptions: option.Table<Argon2idCost, Argon2idOptions> = ARGON2ID;

const PATTERN =
  /^(\$argon2id\$v=19\$m=([1-9]\d{0,6}),t=([1-9]\d?),p=([1-9]\d?))\$([A-Za-z0-9+/]{1,86})\$([A-Za-z0-9+/]{1,86})$/;

const library = () => nativeCode('argon2id', () => import('#argon2'));

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

  load: async () => void (await library()),

  decoy: randomPhcString,

  async hash(password, { memoryKiB, passes }) {
    const { hash } = await library();
    return hash(password, { memoryCost: memoryKiB, timeCost: passes, parallelism: LANES });
  },

  async verify(hash, password) {
    const { verify } = await library();
    return verify(hash, password);
  },
};
