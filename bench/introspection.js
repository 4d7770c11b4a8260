// What introspection costs: a remembered decision, a first one, a stampede, a hanging server (goals 3, 6, 7, 8).
// Run after a build: npm run bench -- introspection [--quick]
import { hash } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { requireScopes, SecurityChain } from '@sallyport/core';
import { SecurityRequest } from '@sallyport/core/extend';
import { IntrospectionHandler } from '@sallyport/handlers/introspection';
import { LRUCache } from 'lru-cache';
import { byFetch, byUndici, CLIENT } from './authorities/introspection-by-hand.js';
import { openIntrospectionServer } from './authorities/introspection-server.js';
import { AUDIENCE } from './authorities/issuer.js';
import { measure } from './measure.js';
import { atMost, IS_QUICK, printGoals, printTable, quartiles } from './report.js';

const ROUNDS = IS_QUICK ? 1 : 9;
/** Rounds that are not counted: until then the compiler is at work. */
const WARM_UP_ROUNDS = IS_QUICK ? 0 : 5;
const FIRST_USES = IS_QUICK ? 64 : 3_000;
const TOKENS = IS_QUICK ? 100 : 1_000;
const MIXED_TOKENS = IS_QUICK ? 100 : 10_000;
const IN_FLIGHT = 64;
const WAITERS = IS_QUICK ? 1_000 : 20_000;
const CONNECTIONS = 50;
const TIMEOUT_MS = IS_QUICK ? 100 : 1_000;

function chainOf(port, { path = '/introspect', cache = {}, ...outbound } = {}) {
  const handler = new IntrospectionHandler({
    realm: 'bench',
    endpoint: `http://127.0.0.1:${port}${path}`,
    clientAuthentication: CLIENT,
    audience: AUDIENCE,
    cache: { ttlSeconds: 3_600, maxEntries: 100_000, ...cache },
    outbound: {
      allowInsecureLoopback: true,
      maxConcurrent: IN_FLIGHT,
      maxQueued: 100_000,
      timeoutMs: 30_000,
      ...outbound,
    },
  });
  return new SecurityChain({ requirement: handler, guards: [requireScopes('orders:read')], deadlineMs: 60_000 });
}

/** A token of 700 characters. */
function tokenOf(name) {
  return `${name}.`.padEnd(700, 'b3BhcXVlIHRva2Vu');
}

function requestFor(line, connection = undefined) {
  const rawHeaders = ['Host', 'api', 'Authorization', line];
  return new SecurityRequest({ method: 'GET', target: '/orders', rawHeaders, connection });
}

async function remembered(port) {
  const chain = chainOf(port);
  const lines = Array.from({ length: TOKENS }, (_, index) => Buffer.from(`Bearer ${tokenOf(`r${index}`)}`, 'latin1'));
  const known = await Promise.all(lines.map((line) => chain.decide(requestFor(line.latin1Slice()))));
  if (known.some(({ kind }) => kind !== 'granted')) throw new Error('not everything is remembered');
  const byHash = new Map(lines.map((line) => [hash('sha256', line.latin1Slice(7), 'binary'), { subject: 'user' }]));
  if (chain.decide(requestFor(lines[0].latin1Slice())) instanceof Promise) throw new Error('not decided at once');
  const lineOf = (index) => lines[index % TOKENS].latin1Slice();
  const connections = Array.from({ length: CONNECTIONS }, () => new EventEmitter());
  const sentAgain = (index) => requestFor(lineOf(index % CONNECTIONS), connections[index % CONNECTIONS]);
  const figures = measure([
    ['limit: SHA-256 and a Map', lineOf, (line) => byHash.get(hash('sha256', line.slice(7), 'binary'))],
    ['decide()', (index) => requestFor(lineOf(index)), (request) => chain.decide(request)],
    ['decide(), the same header on its connection', sentAgain, (request) => chain.decide(request)],
  ]);
  await chain.close();
  printTable(
    [...figures].map(([name, { bytes, nsOfRounds }]) => ({
      'a token seen before': name,
      ns: quartiles(nsOfRounds),
      'bytes allocated': Math.round(bytes),
    })),
  );
  const [, { ns, bytes }, again] = [...figures.values()];
  return [
    atMost(3, 'remembered decide(), introspection', ns / 1_000, 1.6, 'us'),
    atMost(3, 'remembered decide(), introspection, the same header on its connection', again.ns / 1_000, 0.8, 'us'),
    atMost(3, 'remembered decide(), introspection, allocated', Math.round(bytes), 600, 'bytes'),
  ];
}

/** CPU time of this process per call, in microseconds, with a fixed number under way. */
async function cpuPerCall(call) {
  globalThis.gc();
  const started = process.cpuUsage();
  let next = 0;
  const worker = async () => {
    while (next < FIRST_USES) {
      next += 1;
      await call(next);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  const { user, system } = process.cpuUsage(started);
  return (user + system) / FIRST_USES;
}

async function firstUses(port) {
  const chain = chainOf(port, { cache: { maxEntries: 1_000_000 } });
  const ours = async (token) => {
    const decision = await chain.decide(requestFor(`Bearer ${token}`));
    if (decision.kind !== 'granted') throw new Error(decision.reason);
  };
  const endpoint = `http://127.0.0.1:${port}/introspect`;
  const ways = [
    ['limit: undici by hand', remembering(byUndici(endpoint, IN_FLIGHT))],
    ['fetch by hand', remembering(byFetch(endpoint))],
    ['decide()', ours],
  ];
  const samples = ways.map(() => []);
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round += 1) {
    for (const [row, [, use]] of ways.entries()) {
      const cpuUs = await cpuPerCall((index) => use(tokenOf(`${row}.${round}.${index}`)));
      if (round >= 0) samples[row].push(cpuUs);
    }
  }
  await chain.close();
  const figures = samples.map(quartiles);
  const [limit] = figures;
  printTable(
    ways.map(([name], row) => ({
      'an opaque token never seen': name,
      'CPU us': figures[row],
      'x limit': figures[row].median / limit.median,
    })),
  );
  const ratio = figures.at(-1).median / limit.median;
  return atMost(6, 'introspection never seen before, CPU against the same by hand', ratio, 2);
}

/** Keeps what was answered by a hash of the token, as any handler of tokens has to. */
function remembering(introspect) {
  const answers = new LRUCache({ max: 1_000_000 });
  return async (token) => {
    const key = hash('sha256', token, 'base64url');
    if (answers.has(key)) throw new Error('seen before');
    const claims = await introspect(token);
    if (claims === undefined) throw new Error('refused');
    answers.set(key, claims);
  };
}

/** Bytes of heap that a caller holds who waits for the lookup of another. */
async function waiting(port) {
  const chain = chainOf(port, { path: '/hang', timeoutMs: 30_000 });
  await chain.start();
  const line = `Bearer ${tokenOf('waiting')}`;
  const callers = Array.from({ length: WAITERS }, () => undefined);
  const held = [chain.decide(requestFor(line))];
  await new Promise(setImmediate);
  globalThis.gc();
  const before = process.memoryUsage().heapUsed;
  for (const index of callers.keys()) callers[index] = chain.decide(requestFor(line));
  await new Promise(setImmediate);
  globalThis.gc();
  const bytes = (process.memoryUsage().heapUsed - before) / WAITERS;
  await chain.close();
  await Promise.all([...held, ...callers]);
  return atMost(7, 'memory of a waiting caller', Math.round(bytes), 2_048, 'bytes');
}

async function callsOf(child) {
  const reply = once(child, 'message');
  child.send('calls');
  return (await reply)[0];
}

async function stampede(port, child) {
  const chain = chainOf(port);
  const before = await callsOf(child);
  const line = `Bearer ${tokenOf('stampede')}`;
  await Promise.all(Array.from({ length: 1_000 }, () => chain.decide(requestFor(line))));
  const calls = (await callsOf(child)) - before;
  await chain.close();
  return atMost(7, 'calls for 1,000 concurrent first uses', calls, 1);
}

/** Token numbers of which a few come often and most come seldom (Zipf, exponent 1). */
function zipf(tokens, draws) {
  const weights = Array.from({ length: tokens }, (_, index) => 1 / (index + 1));
  let sum = 0;
  const steps = weights.map((weight) => {
    sum += weight;
    return sum;
  });
  let seed = 42;
  const random = () => {
    seed = (seed * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return seed / 2 ** 32;
  };
  return Array.from({ length: draws }, () => {
    const wanted = random() * sum;
    let [low, high] = [0, tokens - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (steps[middle] < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  });
}

async function mix(port, child) {
  const chain = chainOf(port);
  const before = await callsOf(child);
  const draws = zipf(MIXED_TOKENS, 5 * MIXED_TOKENS);
  let next = 0;
  const worker = async () => {
    for (let draw = draws[next++]; draw !== undefined; draw = draws[next++]) {
      await chain.decide(requestFor(`Bearer ${tokenOf(`z${draw}`)}`));
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  const calls = (await callsOf(child)) - before;
  await chain.close();
  const what = `calls for ${draws.length} uses of ${MIXED_TOKENS} tokens (Zipf); aim: distinct tokens used`;
  return atMost(7, what, calls, new Set(draws).size);
}

async function hanging(port) {
  const chain = chainOf(port, { path: '/hang', timeoutMs: TIMEOUT_MS });
  const well = chainOf(port);
  await chain.start();
  await well.decide(requestFor(`Bearer ${tokenOf('known')}`));
  const started = performance.now();
  const ends = [];
  const pending = Array.from({ length: 500 }, async (_, index) => {
    const decision = await chain.decide(requestFor(`Bearer ${tokenOf(`h${index}`)}`));
    if (decision.status !== 503) throw new Error(`answered ${decision.status}`);
    ends.push(performance.now() - started);
  });
  const known = well.decide(requestFor(`Bearer ${tokenOf('known')}`));
  await Promise.all(pending);
  await Promise.all([chain.close(), well.close()]);
  if (known instanceof Promise) throw new Error('a remembered decision waited');
  const late = (Math.max(...ends) - TIMEOUT_MS) / 1_000;
  return atMost(8, 'hanging server: the last of 500 callers has its 503, after the deadline', late, 0.2, 's');
}

const { child, port } = await openIntrospectionServer();
printGoals([
  ...(await remembered(port)),
  await firstUses(port),
  await stampede(port, child),
  await waiting(port),
  await mix(port, child),
  await hanging(port),
]);
child.disconnect();
