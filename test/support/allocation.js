// Prints how many bytes of heap a remembered decision takes on the built packages, or one whose handler tells the members of
// a principal. Nothing is timed.
// Run: node --expose-gc --min-semi-space-size=64 --max-semi-space-size=64 test/support/allocation.js header|members|closure|apiKey|introspection|jwt
import { getHeapStatistics } from 'node:v8';
import { createPrincipal, headerHandler, requireScopes, SecurityChain } from '@sallyport/core';
import { SecurityRequest } from '@sallyport/core/extend';
import { AuthorizationServer } from '@sallyport/core/testing';
import { ApiKeyHandler, MemoryApiKeyStore } from '@sallyport/handlers/api-key';
import { IntrospectionHandler } from '@sallyport/handlers/introspection';
import { JwtHandler } from '@sallyport/handlers/jwt';

const DECISIONS = 10_000;
/** The first rounds run code that is not optimised yet, and allocates more. */
const ROUNDS = 6;
const ALICE = createPrincipal({ subject: 'alice', scopes: ['read'] });
const KEY = ['X-Key', 'k'];

const server = await AuthorizationServer.start();
const outbound = { allowInsecureLoopback: true, timeoutMs: 25_000 };

async function bearer(options) {
  const { bearer: token } = await server.as(ALICE, options);
  return ['Authorization', `Bearer ${token}`];
}

function introspecting() {
  const { introspectionEndpoint: endpoint, clientId, clientSecret } = server;
  const clientAuthentication = { method: 'client_secret_basic', clientId, clientSecret };
  return new IntrospectionHandler({ realm: 'test', endpoint, clientAuthentication, outbound });
}

function verifying() {
  const { issuer, audience, jwksUri } = server;
  const keys = { jwksUri, outbound };
  return new JwtHandler({ realm: 'test', issuers: [{ issuer, audience, algorithms: 'ES256', keys }] });
}

const ofHeader = (verify) => headerHandler({ name: 'key', header: 'X-Key', verify });

async function issuing() {
  const handler = new ApiKeyHandler({ prefix: 'acme', secret: 's'.repeat(32), store: new MemoryApiKeyStore() });
  const { key } = await handler.keys.create({ subject: 'alice', scopes: ['read'] });
  return [handler, ['X-API-Key', key.reveal()]];
}

const kept = [];
/** A handler that makes one closure for each request. */
function makingClosures(value) {
  kept[0] = () => value;
  return ALICE;
}

const KINDS = {
  header: async () => [ofHeader(() => ALICE), KEY],
  members: async () => [ofHeader(() => ({ subject: 'alice', scopes: ['read'] })), KEY],
  closure: async () => [ofHeader(makingClosures), KEY],
  apiKey: issuing,
  introspection: async () => [introspecting(), await bearer({ opaque: true })],
  jwt: async () => [verifying(), await bearer()],
};

/** The young generation has room for all that a round allocates: nothing is collected in between. */
function bytesOfRound(chain, rawHeaders) {
  const requests = Array.from(
    { length: DECISIONS },
    () => new SecurityRequest({ method: 'GET', target: '/orders', rawHeaders }),
  );
  globalThis.gc();
  const before = getHeapStatistics().used_heap_size;
  for (let index = 0; index < requests.length; index += 1) {
    if (chain.decide(requests[index]).kind !== 'granted') throw new Error('not granted at once');
  }
  return Math.round((getHeapStatistics().used_heap_size - before) / DECISIONS);
}

const [handler, rawHeaders] = await KINDS[process.argv[2]]();
const chain = new SecurityChain({ requirement: handler, guards: [requireScopes('read')], deadlineMs: 60_000 });
await chain.decide(new SecurityRequest({ method: 'GET', target: '/orders', rawHeaders }));
const rounds = Array.from({ length: ROUNDS }, () => bytesOfRound(chain, rawHeaders));
console.log(Math.min(...rounds));
await chain.close();
await server.close();
