import { constants, createSecretKey, type KeyObject, sign } from 'node:crypto';
import { base64url, type SigningKey, signatureOf } from './signing.js';

/** The order of the group of P-256, and of that of Ed25519. */
const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const P256_FIELD = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;
const ED25519_ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

/** Signs with algorithms that no handler accepts, too: SHA-1, and PSS with a salt of another length. */
export function signedAs(input: string, algorithm: string, key: KeyObject): Buffer {
  const [name, saltLength] = algorithm.split('/');
  if (name === 'RS1') return sign('sha1', Buffer.from(input), key);
  if (saltLength === undefined) return signatureOf(input, algorithm, key);
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  return sign('sha256', Buffer.from(input), { key, padding, saltLength: Number(saltLength) });
}

/** A public key in every way in which it was ever taken for a secret. */
export function publicKeyAsSecret(encoding: string, { publicKey, jwk }: SigningKey): KeyObject {
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const der = publicKey.export({ type: 'spki', format: 'der' });
  const members = jwk as Readonly<Record<string, string>>;
  const texts: Readonly<Record<string, () => string | Buffer>> = {
    'spki-pem': () => pem,
    'spki-pem-without-newline': () => pem.trimEnd(),
    'spki-pem-crlf': () => pem.replaceAll('\n', '\r\n'),
    'spki-der': () => der,
    'spki-base64': () => der.toString('base64'),
    'pkcs1-pem': () => publicKey.export({ type: 'pkcs1', format: 'pem' }),
    'pkcs1-der': () => publicKey.export({ type: 'pkcs1', format: 'der' }),
    'certificate-like': () => pem.replaceAll('PUBLIC KEY', 'CERTIFICATE'),
    'jwk-json': () => JSON.stringify(jwk),
    modulus: () => Buffer.from(members['n'] as string, 'base64url'),
    'modulus-base64url': () => members['n'] as string,
    exponent: () => Buffer.from(members['e'] as string, 'base64url'),
  };
  const text = texts[encoding];
  if (text === undefined) throw new Error(`unknown encoding ${encoding}`);
  return createSecretKey(Buffer.from(text()));
}

/** Signatures that were made from a good one, or from nothing; as they stand in the token. */
export function alteredSignature(alteration: string, good: Buffer): string {
  const bytes = ALTERATIONS[alteration]?.(good);
  if (bytes !== undefined) return base64url(bytes);
  const text = base64url(good);
  // Its bytes always need one of the two characters in which the alphabets differ.
  if (alteration === 'standard-base64') return base64url(Buffer.alloc(good.length, 0xff)).replaceAll('_', '/');
  // 64 bytes leave four bits over in the last character (RFC 4648 3.5).
  if (alteration === 'spare-bits') return text.slice(0, -1) + String.fromCharCode(text.charCodeAt(text.length - 1) + 1);
  throw new Error(`unknown alteration ${alteration}`);
}

type Alteration = (good: Buffer) => Buffer;

const ALTERATIONS: Readonly<Record<string, Alteration>> = {
  zeros: (good) => Buffer.alloc(good.length),
  ones: () => pair(1n, 1n),
  order: () => pair(P256_ORDER, P256_ORDER),
  'order-and-zero': () => pair(P256_ORDER, 0n),
  'zero-and-one': () => pair(0n, 1n),
  'one-and-zero': () => pair(1n, 0n),
  'order-plus-one': () => pair(P256_ORDER + 1n, P256_ORDER + 1n),
  'field-size': () => pair(P256_FIELD, P256_FIELD),
  'high-s': (good) => Buffer.concat([good.subarray(0, 32), number(P256_ORDER - bigEndian(good.subarray(32)))]),
  's-plus-order': (good) => {
    const s = bigEndian(Buffer.from(good.subarray(32)).reverse()) + ED25519_ORDER;
    return Buffer.concat([good.subarray(0, 32), number(s).reverse()]);
  },
  swapped: (good) => Buffer.concat([good.subarray(32), good.subarray(0, 32)]),
  truncated: (good) => good.subarray(0, -1),
  extended: (good) => Buffer.concat([good, Buffer.alloc(1)]),
  'zero-before': (good) => Buffer.concat([Buffer.alloc(1), good]),
  flipped: (good) => Buffer.concat([good.subarray(0, 40), Buffer.of(good.readUInt8(40) ^ 1), good.subarray(41)]),
  der: (good) => {
    const integers = [good.subarray(0, 32), good.subarray(32)].map((half) =>
      Buffer.concat([Buffer.of(2, 33, 0), half]),
    );
    return Buffer.concat([Buffer.of(0x30, 70), ...integers]);
  },
};

function pair(r: bigint, s: bigint): Buffer {
  return Buffer.concat([number(r), number(s)]);
}

function number(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(64, '0'), 'hex');
}

function bigEndian(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString('hex')}`);
}
