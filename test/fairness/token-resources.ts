import type { Clock } from '@sallyport/core/extend';
import { JwtHandler, type JwtHandlerOptions, type TrustedIssuer } from '@sallyport/handlers/jwt';
import { KeyServer } from '../handlers/jwt/key-server.js';
import { newKey, type SigningKey, tokenOf } from '../handlers/jwt/signing.js';
import type { BoundedResource, BoundedResourceRow, FloodServices } from './bounded-resource.js';

const AUDIENCE = 'https://api.example.com';

let serials = 0;

/** A good token that nobody has seen yet. */
function token(clock: Clock, key: SigningKey, iss: string): string {
  serials += 1;
  const iat = Math.floor(clock.now() / 1_000);
  const claims = { iss, aud: AUDIENCE, sub: 'user', client_id: 'app', iat, exp: iat + 600, jti: `token-${serials}` };
  const header = { alg: key.algorithm, typ: 'at+jwt', kid: key.kid };
  return `Bearer ${tokenOf(JSON.stringify(header), JSON.stringify(claims), key.algorithm, key.privateKey)}`;
}

/** Looks right until its key is asked for. */
function forgery(kid: string, iss: string): string {
  const part = (content: object | Buffer) =>
    Buffer.from(Buffer.isBuffer(content) ? content : JSON.stringify(content)).toString('base64url');
  return `Bearer ${part({ alg: 'ES256', typ: 'at+jwt', kid })}.${part({ iss })}.${part(Buffer.alloc(64, 1))}`;
}

function handlerOf(options: Partial<JwtHandlerOptions>, clock: Clock): JwtHandler {
  return new JwtHandler({ realm: 'test', ...options }, { clock });
}

async function resolvedIssuers({ clock, pause }: FloodServices): Promise<BoundedResource> {
  const key = newKey('ES256', 'key-1');
  const tenant = (name: string) => `https://${name}.tenants.example`;
  const resolve = async (issuer: string): Promise<TrustedIssuer | undefined> => {
    await pause();
    const isReal = /^https:\/\/(?:good|new)-\d+\./.test(issuer);
    return isReal
      ? { issuer, audience: AUDIENCE, algorithms: 'ES256', keys: { jwks: { keys: [key.jwk] } } }
      : undefined;
  };
  const trusts = (issuer: string) => /^https:\/\/[a-z]+-\d+\.tenants\.example$/.test(issuer);
  const handler = handlerOf({ issuerResolver: { trusts, resolve, ttlSeconds: 1 } }, clock);
  return {
    handler,
    crowd: 160,
    good: (caller) => token(clock, key, tenant(`good-${caller}`)),
    newcomer: (serial) => token(clock, key, tenant(`new-${serial}`)),
    junk: (serial) => forgery('key-1', tenant(`junk-${serial}`)),
    turnedAway: (refusals) => refusals('err_sallyport_upstream_overloaded'),
    close: () => handler.close(),
  };
}

async function unknownKeys({ clock }: FloodServices): Promise<BoundedResource> {
  const [old, next] = [newKey('ES256', 'old'), newKey('ES256', 'next')];
  const issuer = 'https://as.example.com';
  const server = await KeyServer.start();
  server.publish(old.jwk);
  const keys = { jwksUri: server.jwksUri, cooldownSeconds: 1, outbound: { allowInsecureLoopback: true } };
  const handler = handlerOf({ issuers: [{ issuer, audience: AUDIENCE, algorithms: 'ES256', keys }] }, clock);
  let current = old;
  return {
    handler,
    crowd: 96,
    good: () => token(clock, current, issuer),
    newcomer: () => token(clock, current, issuer),
    junk: (serial) => forgery(`made-up-${serial}`, issuer),
    // A fetch has room for all that wait for it. Whoever gets none is told at once that there is no such key.
    turnedAway: (refusals) => refusals('key_unknown') - server.fetches,
    disturb() {
      server.publish(old.jwk, next.jwk);
      current = next;
    },
    async close() {
      await handler.close();
      await server.close();
    },
  };
}

export const TOKEN_RESOURCES: readonly BoundedResourceRow[] = [
  { name: 'the issuer resolver, flooded with made-up tenants', open: resolvedIssuers },
  { name: 'fetches of keys, flooded with made-up key identifiers', open: unknownKeys },
];
