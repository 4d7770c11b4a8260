// Chains of a build for the tokens of one issuer or of the introspection server, and the requests that bring the tokens.
import { EventEmitter } from 'node:events';
import { AUDIENCE, fresh, ISSUER } from '../authorities/issuer.js';

const CLIENT = { method: 'client_secret_basic', clientId: 'gateway', clientSecret: 'secret' };
const CONNECTIONS = 50;

/** Each build keeps headers on connections of its own. */
export const newConnections = () => Array.from({ length: CONNECTIONS }, () => new EventEmitter());

export async function jwtHandlerOf(load, { alg, publicKey }, { name = ISSUER, cache } = {}) {
  const { JwtHandler } = await load('@sallyport/handlers/jwt');
  const issuer = { issuer: name, audience: AUDIENCE, algorithms: alg, keys: { publicKey, kid: 'key-1' } };
  return new JwtHandler({ name, realm: 'bench', issuers: [issuer], cache: { ttlSeconds: 3_600, ...cache } });
}

export async function introspectionHandlerOf(load, port, { path = '/introspect', cache } = {}) {
  const { IntrospectionHandler } = await load('@sallyport/handlers/introspection');
  return new IntrospectionHandler({
    realm: 'bench',
    endpoint: `http://127.0.0.1:${port}${path}`,
    clientAuthentication: CLIENT,
    audience: AUDIENCE,
    cache: { ttlSeconds: 3_600, ...cache },
    outbound: { allowInsecureLoopback: true, maxConcurrent: 64, maxQueued: 100_000, timeoutMs: 30_000 },
  });
}

export async function chainOf(load, requirement, options = {}) {
  const { SecurityChain } = await load('@sallyport/core');
  return new SecurityChain({ requirement, deadlineMs: 60_000, ...options });
}

/** Makes requests of a build: with this value of a header field, which no request brought before. */
export async function requestsOf(load, field = 'Authorization', target = '/orders') {
  const { SecurityRequest } = await load('@sallyport/core/extend');
  return (value, connection = undefined, route = undefined) =>
    new SecurityRequest({
      method: 'GET',
      target,
      rawHeaders: ['Host', 'api', field, fresh(value)],
      connection,
      route,
    });
}

/** An opaque token of 700 characters. */
export function opaque(name) {
  return `${name}.`.padEnd(700, 'b3BhcXVlIHRva2Vu');
}
