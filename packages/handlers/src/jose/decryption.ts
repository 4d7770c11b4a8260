import { type Denied, denied } from '@sallyport/core';
import { parseStrictJson } from '@sallyport/core/extend';
import { said } from '../token/details.js';
import { isCanonicalBase64url } from './base64url.js';
import type { DecryptionSettings } from './decryption-key.js';
import { tokenType } from './token-header.js';

const MALFORMED = denied('encrypted_token_malformed');
const FAILED = denied('decryption_failed');

/**
 * `zip` lets a small token grow large, `p2s` and `p2c` let it cost much work, and `crit` demands extensions that are
 * not supported (RFC 7516 4.1.3, 4.1.13).
 */
const REFUSED_MEMBERS = ['crit', 'zip', 'p2s', 'p2c'];

/**
 * Opens an encrypted token (RFC 7516 5.2). It must contain a signed token (RFC 7519 A.2), because encryption with a
 * public key proves nothing about the sender. All failures of the decryption itself give the same refusal.
 */
export async function decryptToken(token: string, keys: readonly DecryptionSettings[]): Promise<string | Denied> {
  const [header, encryptedKey, ...others] = token.split('.');
  const areCanonical = [header, ...others].every(isCanonicalBase64url);
  if (!areCanonical || (encryptedKey !== '' && !isCanonicalBase64url(encryptedKey))) return MALFORMED;
  const members = parseStrictJson(Buffer.from(header as string, 'base64url'));
  if (members === undefined) return MALFORMED;
  const { alg, enc, kid, cty } = members;
  const refused = REFUSED_MEMBERS.find((name) => members[name] !== undefined);
  if (refused !== undefined) return denied('encryption_not_allowed', { detail: `${refused} is there` });
  const allowing = keys.filter(
    ({ algorithms, contentEncryption }) => isAmong(algorithms, alg) && isAmong(contentEncryption, enc),
  );
  if (allowing.length === 0) {
    const detail = `${said('alg', alg)}, ${said('enc', enc)}: no decryption key is for both`;
    return denied('encryption_not_allowed', { detail });
  }
  if (!NESTED_TYPES.has(tokenType(cty))) {
    return denied('encrypted_token_not_nested', { detail: `${said('cty', cty)}, expected "JWT"` });
  }
  const [decrypter, ...rivals] = allowing.filter(
    (key) => kid === undefined || key.kid === undefined || key.kid === kid,
  );
  if (decrypter === undefined || rivals.length > 0) {
    const detail = `${said('kid', kid)}: ${decrypter === undefined ? 'no' : 'more than one'} decryption key may be meant`;
    return denied('decryption_key_unknown', { detail });
  }
  return decrypt(token, decrypter, alg as string, enc as string);
}

function isAmong(names: readonly string[], name: unknown): boolean {
  return names.includes(name as string);
}

/** Content types of a token within a token (RFC 7519 5.2, RFC 9068 2.1). */
const NESTED_TYPES: ReadonlySet<string | undefined> = new Set(['jwt', 'at+jwt']);

/** The library is loaded on first use, because few issuers encrypt access tokens. */
async function decrypt(token: string, { key }: DecryptionSettings, alg: string, enc: string): Promise<string | Denied> {
  const { compactDecrypt } = await import('jose/jwe/compact/decrypt');
  try {
    const options = { keyManagementAlgorithms: [alg], contentEncryptionAlgorithms: [enc] };
    const { plaintext } = await compactDecrypt(token, key, options);
    return Buffer.from(plaintext).toString('latin1');
  } catch {
    return FAILED;
  }
}
