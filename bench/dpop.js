// What a DPoP request costs: a new proof beside a token seen before, against the bare verification of its signature by
// node:crypto in the same run.
// Run after a build: npm run bench -- dpop [--quick]
import { verify } from 'node:crypto';
import { SecurityChain } from '@sallyport/core';
import { SecurityRequest } from '@sallyport/core/extend';
import { JwtHandler } from '@sallyport/handlers/jwt';
import { EXTERNAL_URL, openDpopClients, P1363 } from './authorities/dpop-clients.js';
import { ISSUER } from './authorities/issuer.js';
import { atMost, IS_QUICK, median, printGoals, printTable } from './report.js';

const ROUNDS = IS_QUICK ? 1 : 7;
/** Rounds that are not counted: until then the compiler is at work. */
const WARM_UP_ROUNDS = IS_QUICK ? 0 : 3;
const PROOFS = IS_QUICK ? 64 : 3_000;
const CLIENTS = 50;
const IN_FLIGHT = 64;

const { issuer, newRequest } = openDpopClients(CLIENTS);

function chainOf() {
  const trusted = { issuer: ISSUER, audience: EXTERNAL_URL, algorithms: 'ES256' };
  const issuers = [{ ...trusted, keys: { publicKey: issuer.publicKey, kid: 'key-1' } }];
  const dpop = { externalUrl: EXTERNAL_URL, windowSeconds: 600 };
  return new SecurityChain({
    requirement: new JwtHandler({ realm: 'bench', issuers, dpop, cache: { ttlSeconds: 3_600 } }),
  });
}

const chain = chainOf();

async function decide({ rawHeaders }) {
  const decision = await chain.decide(new SecurityRequest({ method: 'GET', target: '/orders', rawHeaders }));
  if (decision.kind !== 'granted') throw new Error(decision.reason);
}

/** The least work that proves a proof: its signature alone. */
function verifySync({ proof, publicKey }) {
  const end = proof.lastIndexOf('.');
  const signature = Buffer.from(proof.slice(end + 1), 'base64url');
  if (!verify('sha256', Buffer.from(proof.slice(0, end)), { key: publicKey, ...P1363 }, signature)) throw new Error();
}

async function inFlight(requests, width, task) {
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < requests.length; index = next++) await task(requests[index]);
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: width }, worker));
  return ((performance.now() - started) / requests.length) * 1_000;
}

const rows = [
  ['node:crypto, sync: the signature alone', 1, async (request) => verifySync(request)],
  ['decide(), one at a time', 1, decide],
  [`decide(), ${IN_FLIGHT} in flight`, IN_FLIGHT, decide],
];
// The tokens are seen before.
await inFlight(Array.from({ length: CLIENTS }, newRequest), 1, decide);
const samples = new Map(rows.map(([name]) => [name, []]));
for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round += 1) {
  for (const [name, width, task] of rows) {
    const requests = Array.from({ length: PROOFS }, newRequest);
    globalThis.gc?.();
    const us = await inFlight(requests, width, task);
    if (round >= 0) samples.get(name).push(us);
  }
}
const times = rows.map(([name]) => median(samples.get(name)));
printTable(
  rows.map(([name], row) => ({
    'ES256, a new proof and a token seen before': name,
    us: times[row].toFixed(1),
    'x node:crypto, sync': (times[row] / times[0]).toFixed(2),
  })),
);
printGoals([
  atMost(
    14,
    `a new DPoP proof (ES256), ${IN_FLIGHT} in flight, against its bare verification`,
    times.at(-1) / times[0],
    1.6,
  ),
]);
