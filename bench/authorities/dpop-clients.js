// Clients that hold a key each, and an issuer that has bound their tokens to it (RFC 9449).
import { generateKeyPairSync, hash, sign } from 'node:crypto';
import { encoded, ISSUER } from './issuer.js';

export const EXTERNAL_URL = 'https://api.example.com';
export const P1363 = { dsaEncoding: 'ieee-p1363' };

const newPair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
const now = () => Math.floor(Date.now() / 1_000);

function signed(header, claims, key) {
  const input = `${encoded(header)}.${encoded(claims)}`;
  return `${input}.${sign('sha256', Buffer.from(input), { key, ...P1363 }).toString('base64url')}`;
}

/** `newRequest` makes a request of one client after the other, with a proof that was never used. */
export function openDpopClients(count) {
  const issuer = newPair();
  const clients = Array.from({ length: count }, (_, index) => newClient(issuer, index));
  let made = 0;
  const newRequest = () => requestOf(clients[made % count], made++);
  return { issuer, newRequest };
}

/** A client with a key, and a token that is bound to it. */
function newClient(issuer, index) {
  const { publicKey, privateKey } = newPair();
  const { crv, kty, x, y } = publicKey.export({ format: 'jwk' });
  const jkt = hash('sha256', JSON.stringify({ crv, kty, x, y }), 'base64url');
  const claims = { iss: ISSUER, sub: `user-${index}`, aud: EXTERNAL_URL, client_id: 'web-shop', scope: 'orders:read' };
  const times = { iat: now(), exp: now() + 3_600, jti: `token-${index}` };
  const token = signed(
    { alg: 'ES256', typ: 'at+jwt', kid: 'key-1' },
    { ...claims, ...times, cnf: { jkt } },
    issuer.privateKey,
  );
  return { jwk: { kty, crv, x, y }, publicKey, privateKey, token };
}

function requestOf({ jwk, publicKey, privateKey, token }, number) {
  const claims = { jti: `9c7a2b3e-proof-${number}`, htm: 'GET', htu: `${EXTERNAL_URL}/orders`, iat: now() };
  const ath = hash('sha256', token, 'base64url');
  const proof = signed({ typ: 'dpop+jwt', alg: 'ES256', jwk }, { ...claims, ath }, privateKey);
  return { publicKey, proof, rawHeaders: ['Authorization', `DPoP ${token}`, 'DPoP', proof] };
}
