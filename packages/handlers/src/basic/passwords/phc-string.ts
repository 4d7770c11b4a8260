import { randomBytes } from 'node:crypto';
import type { HashShape } from './password-hash-format.js';

/** Base64 without padding, as PHC strings have it. */
export function encodeUnpadded(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '');
}

/** The bytes of canonical base64 without padding; `undefined` for any other spelling. */
export function decodeUnpadded(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return encodeUnpadded(bytes) === text ? bytes : undefined;
}

/** A PHC string of this shape with a random salt and digest. */
export function randomPhcString({ prefix, saltBytes, digestBytes }: HashShape): string {
  return `${prefix}$${encodeUnpadded(randomBytes(saltBytes))}$${encodeUnpadded(randomBytes(digestBytes))}`;
}
