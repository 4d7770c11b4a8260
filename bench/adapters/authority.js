import { generateKeyPairSync, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { AUDIENCE, ISSUER } from '../authorities/issuer.js';

const encoded = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** An issuer of RS256 tokens of about 700 characters, typed so that every peer takes them. Its keys are also served, for those who only know how to fetch. */
export async function openAuthority(count) {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'key-1', alg: 'RS256', use: 'sig' };
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ keys: [jwk] }));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    tokens: Array.from({ length: count }, (_, index) => tokenOf(index, privateKey)),
    /** What a server has to know; can be sent to another process. */
    settings: {
      issuer: ISSUER,
      audience: AUDIENCE,
      jwk,
      pem: publicKey.export({ format: 'pem', type: 'spki' }),
      jwksUri: `http://127.0.0.1:${server.address().port}/jwks`,
    },
    close: () => server.close(),
  };
}

function tokenOf(index, privateKey) {
  const now = Math.floor(Date.now() / 1_000);
  const input = `${encoded({ alg: 'RS256', typ: 'JWT', kid: 'key-1' })}.${encoded({
    iss: ISSUER,
    sub: `user-${100_000 + index}`,
    aud: AUDIENCE,
    client_id: 'web-shop',
    scope: 'orders:read orders:write profile email',
    iat: now,
    exp: now + 86_400,
    jti: `0b5d1fd4-9f1c-4d3e-a6a8-${String(index).padStart(12, '0')}`,
  })}`;
  return `${input}.${sign('sha256', Buffer.from(input), privateKey).toString('base64url')}`;
}
