import { createPrivateKey, createPublicKey, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

// The build of Next.js comes first and makes the key, since it loads the route handlers, which need one.
const FILE = 'issuer.pem';
if (!existsSync(FILE)) {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  writeFileSync(FILE, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
}
const key = createPrivateKey(readFileSync(FILE));
process.env.ISSUER_PUBLIC_KEY = createPublicKey(key).export({ type: 'spki', format: 'pem' });

/** An access token (RFC 9068 2), good for a minute. */
export function tokenOf(subject) {
  const now = Math.floor(Date.now() / 1_000);
  const claims = { iss: 'https://issuer.example', aud: 'https://orders.example', sub: subject, client_id: 'shop' };
  const signed = [
    { alg: 'ES256', typ: 'at+jwt' },
    { ...claims, jti: randomUUID(), iat: now, exp: now + 60 },
  ].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
  const signature = sign('sha256', Buffer.from(signed.join('.')), { key, dsaEncoding: 'ieee-p1363' });
  return [...signed, signature.toString('base64url')].join('.');
}
