// What leases cost: memory and timers of a hundred thousand, revoking one and all of them, and how late real sockets close.
// Run after a build: npm run bench -- leases [--quick] [leases]
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { httpSecurity, leaseOf } from '@sallyport/adapters/http';
import { authenticated, createPrincipal, Revocations, SecurityChain } from '@sallyport/core';
import { bearerChallenge, SecurityRequest, systemClock, VerdictCache } from '@sallyport/core/extend';
import { atMost, IS_QUICK, median, printGoals, printTable } from './report.js';

if (globalThis.gc === undefined) throw new Error('benches run by their names: npm run bench -- leases');

const ENOUGH = IS_QUICK ? 2_000 : 100_000;
const LEASES = Number(process.argv.slice(2).find((argument) => /^\d+$/.test(argument)) ?? ENOUGH);
const SOCKETS = IS_QUICK ? 20 : 2_000;
const TERMS = { guards: [], others: [], recheckSeconds: 60 };

/** Counts the timers that wait. */
function countingClock() {
  const clock = {
    ...systemClock,
    timers: 0,
    schedule(delayMs, task, isAwaited) {
      clock.timers += 1;
      const run = () => {
        clock.timers -= 1;
        task();
      };
      const cancel = systemClock.schedule(delayMs, run, isAwaited);
      return () => {
        clock.timers -= 1;
        cancel();
      };
    },
  };
  return clock;
}

/** A chain that takes every bearer token, for a token of its own subject and client that lives for so many seconds. */
function setting(lifeSeconds, guards = []) {
  const clock = countingClock();
  const revocations = new Revocations({}, { clock });
  const cache = new VerdictCache({ namespace: 'bench', maxEntries: 200_000, maxBytes: 1e9 }, { clock, revocations });
  const verdictOf = (token) =>
    authenticated(
      createPrincipal({
        issuer: 'https://as.example.com',
        subject: `user-${token}`,
        clientId: 'web-shop',
        claims: { jti: token },
        issuedAt: clock.now() / 1_000 - 1,
        expiresAt: clock.now() / 1_000 + lifeSeconds,
      }),
    );
  const tokens = {
    name: 'tokens',
    challenges: [bearerChallenge('bench')],
    extract: ({ authorization }) => (authorization.kind === 'credentials' ? authorization.value : undefined),
    verify: (token, request) => cache.resolve(token, request, async () => verdictOf(token)),
    follow: (token, principal) => cache.follow(token, principal),
  };
  return { clock, revocations, chain: new SecurityChain({ requirement: tokens, guards }, { clock }) };
}

function requestOf(index) {
  return {
    method: 'GET',
    target: '/events',
    rawHeaders: ['Host', 'api.example.com', 'Accept', 'text/event-stream', 'Authorization', `Bearer ${index}`],
  };
}

async function grantsOn(chain) {
  const grants = [];
  for (let index = 0; index < LEASES; index += 1)
    grants.push(await chain.decide(new SecurityRequest(requestOf(index))));
  return grants;
}

function heap() {
  globalThis.gc();
  globalThis.gc();
  return process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
}

/** How long the event loop was blocked at most while `task` ran and settled. */
async function blockedBy(task, isOver) {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const started = performance.now();
  await task();
  while (!isOver()) await new Promise((resolve) => setImmediate(resolve));
  delay.disable();
  return { ms: performance.now() - started, blockedMs: delay.max / 1e6 };
}

async function inProcess(guards, row) {
  const { clock, revocations, chain } = setting(3_600, guards);
  const grants = await grantsOn(chain);
  const before = heap();
  const started = performance.now();
  const leases = grants.map((granted, index) => chain.lease(granted, requestOf(index), TERMS));
  const takenMs = performance.now() - started;
  const bytes = (heap() - before) / LEASES;
  const { timers } = clock;
  const samples = [];
  for (let index = 0; index < 25; index += 1) {
    const began = performance.now();
    await revocations.revokeSubject(`user-${index}`);
    samples.push((performance.now() - began) * 1_000);
  }
  const all = await blockedBy(
    () => revocations.revokeClient('web-shop'),
    () => chain.leases.active === 0,
  );
  if (leases.some(({ ended }) => ended !== 'revoked')) throw new Error('a lease went on');
  return {
    row,
    'bytes each': Math.round(bytes),
    timers,
    'us to take one': ((takenMs / LEASES) * 1_000).toFixed(1),
    'us to revoke one': Math.round(median(samples)),
    'ms to revoke all': Math.round(all.ms),
    'longest block, ms': Math.round(all.blockedMs),
  };
}

async function expiring() {
  const { chain } = setting(IS_QUICK ? 2 : 20);
  const grants = await grantsOn(chain);
  const leases = grants.map((granted, index) => chain.lease(granted, requestOf(index), TERMS));
  const lastMs = Math.max(...leases.map(({ principal }) => principal.expiresAt)) * 1_000;
  const { blockedMs } = await blockedBy(
    () => new Promise((resolve) => setTimeout(resolve, Math.max(0, lastMs - Date.now()))),
    () => chain.leases.active === 0,
  );
  return { lateMs: Date.now() - lastMs, blockedMs };
}

/** Opens event streams over real sockets, and tells how late each was closed after the moment that `end` returns. */
async function sockets(lifeSeconds, end) {
  const { chain, revocations } = setting(lifeSeconds);
  const ends = new Map();
  const secure = httpSecurity(chain);
  const server = createServer(
    secure((request, response, principal) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: begin\n\n');
      ends.set(request.socket.remotePort, principal.expiresAt * 1_000);
      leaseOf(request);
    }),
  );
  server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 });
  await once(server, 'listening');
  const { port } = server.address();
  const closed = [];
  for (let index = 0; index < SOCKETS; index += 1) {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.write(`GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer ${index}\r\n\r\n`);
    await once(socket, 'data');
    const { localPort } = socket;
    socket.resume();
    closed.push(once(socket, 'close').then(() => [localPort, Date.now()]));
  }
  if (chain.leases.active !== SOCKETS) throw new Error('a stream ended before its time');
  const dueMs = await end(revocations);
  const lateness = (await Promise.all(closed)).map(([at, closedMs]) => closedMs - (dueMs ?? ends.get(at)));
  server.close();
  return { p50: median(lateness), max: Math.max(...lateness) };
}

const rows = [
  await inProcess([], `${LEASES} leases`),
  await inProcess([() => true], `${LEASES} leases with a guard to ask again`),
];
printTable(rows);
const expiry = await expiring();
const life = IS_QUICK ? 2 : 15;
const expired = await sockets(life, async () => undefined);
const revoked = await sockets(3_600, async (revocations) => {
  const nowMs = Date.now();
  await revocations.revokeClient('web-shop');
  return nowMs;
});
printTable([
  {
    closed: `${LEASES} leases of one moment, at exp`,
    'p50 late, ms': '',
    'max late, ms': Math.round(expiry.lateMs),
    'longest block, ms': Math.round(expiry.blockedMs),
  },
  {
    closed: `${SOCKETS} sockets, at exp`,
    'p50 late, ms': Math.round(expired.p50),
    'max late, ms': Math.round(expired.max),
  },
  {
    closed: `${SOCKETS} sockets, on revocation`,
    'p50 late, ms': Math.round(revoked.p50),
    'max late, ms': Math.round(revoked.max),
  },
]);
printGoals([
  atMost(13, `memory of a lease, of ${LEASES}`, rows[0]['bytes each'], 1_500, 'bytes'),
  atMost(13, `timers of ${LEASES} leases`, rows[0].timers, 1),
  atMost(13, `a socket closes after exp, latest of ${SOCKETS}`, Math.round(expired.max), 1_000, 'ms'),
  atMost(13, `a socket closes after its revocation, latest of ${SOCKETS}`, Math.round(revoked.max), 1_000, 'ms'),
]);
