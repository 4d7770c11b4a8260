// Decisions about credentials that were never seen: CPU time of all threads of this process.
import { EXTERNAL_URL, openDpopClients } from '../authorities/dpop-clients.js';
import { ISSUER, issuerOf } from '../authorities/issuer.js';
import { chainOf, introspectionHandlerOf, jwtHandlerOf, opaque, requestsOf } from './bearers.js';
import { inFlight, mustBeGranted } from './tasks.js';

const GROUP = 'a credential never seen';
const CALLS = 64;
/** Tokens come again when they are long forgotten. */
const REMEMBERED = 128;
const TOKENS = 512;
const issuers = new Map();
let opaqueTokens = 0;

function issuerOnce(alg, count) {
  if (!issuers.has(alg)) issuers.set(alg, issuerOf(alg, count));
  return issuers.get(alg);
}

async function jwt(load, { isQuick }, alg, width) {
  const issuer = issuerOnce(alg, isQuick ? CALLS : TOKENS);
  const chain = await chainOf(load, await jwtHandlerOf(load, issuer, { cache: { maxEntries: REMEMBERED } }));
  const requestOf = await requestsOf(load);
  let next = 0;
  const prepare = () =>
    Array.from({ length: CALLS }, () => requestOf(`Bearer ${issuer.tokens[next++ % issuer.tokens.length]}`));
  return taskOf(chain, width, prepare);
}

async function introspection(load, { port }, width) {
  const chain = await chainOf(load, await introspectionHandlerOf(load, port));
  const requestOf = await requestsOf(load);
  const prepare = () => Array.from({ length: CALLS }, () => requestOf(`Bearer ${opaque(`f${opaqueTokens++}`)}`));
  return taskOf(chain, width, prepare);
}

async function dpop(load, _, width) {
  const { JwtHandler } = await load('@sallyport/handlers/jwt');
  const { SecurityRequest } = await load('@sallyport/core/extend');
  const { issuer, newRequest } = openDpopClients(50);
  const keys = { publicKey: issuer.publicKey, kid: 'key-1' };
  const issuers = [{ issuer: ISSUER, audience: EXTERNAL_URL, algorithms: 'ES256', keys }];
  const options = { dpop: { externalUrl: EXTERNAL_URL, windowSeconds: 600 }, cache: { ttlSeconds: 3_600 } };
  const chain = await chainOf(load, new JwtHandler({ realm: 'bench', issuers, ...options }));
  const prepare = () =>
    Array.from({ length: CALLS }, () => {
      const { rawHeaders } = newRequest();
      return new SecurityRequest({ method: 'GET', target: '/orders', rawHeaders });
    });
  // Then every token is known, and only the proofs are new.
  for (const request of prepare()) mustBeGranted(await chain.decide(request));
  return taskOf(chain, width, prepare);
}

function taskOf(chain, width, prepare) {
  const decide = async (request) => mustBeGranted(await chain.decide(request));
  return { ...inFlight(width, CALLS, prepare, decide), close: () => chain.close() };
}

const row = (name, make) => ({ group: GROUP, name, make });

export const FIRST_USES = [
  ...['RS256', 'ES256'].flatMap((alg) =>
    [1, 64].map((width) => row(`${alg} JWT, ${width} in flight`, (load, settings) => jwt(load, settings, alg, width))),
  ),
  row('introspection, 64 in flight', (load, settings) => introspection(load, settings, 64)),
  ...[1, 64].map((width) =>
    row(`a new DPoP proof, its token seen before, ${width} in flight`, (load, settings) => dpop(load, settings, width)),
  ),
];
