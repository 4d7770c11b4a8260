// What Basic with argon2id costs: a credential that was seen before, beside the usual packages, which compare a plain
// password; and the event loop under load (goal 12).
// Run after a build: npm run bench -- basic [--quick] [seconds per load]
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { httpSecurity } from '@sallyport/adapters/http';
import { SecurityChain } from '@sallyport/core';
import { SecurityRequest } from '@sallyport/core/extend';
import { BasicHandler, hashPassword, InMemoryUserStore } from '@sallyport/handlers/basic';
import { Pool } from 'undici';
import { FRAMEWORKS } from './adapters/frameworks.js';
import { Comparison, OURS } from './adapters/rounds.js';
import { measure } from './measure.js';
import { atMost, IS_QUICK, printGoals, printTable } from './report.js';

const USERS = IS_QUICK ? 2 : 20;
const REQUESTS_PER_SECOND = 200;
const CONNECTIONS = 50;
const WARM_UP = IS_QUICK ? 1 : 100;
const SECONDS = Number(process.argv.slice(2).find((argument) => /^\d+$/.test(argument)) ?? (IS_QUICK ? 0.05 : 10));
const names = Array.from({ length: USERS }, (_, index) => `user-${index}`);

function passwordOf(name) {
  return `password of ${name}`;
}

function headerOf(name, password = passwordOf(name)) {
  return `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;
}

async function accounts() {
  return Promise.all(names.map(async (name) => ({ name, hash: await hashPassword(passwordOf(name)) })));
}

async function chainOf(options) {
  const users = new InMemoryUserStore(await accounts());
  return new SecurityChain({ requirement: new BasicHandler({ realm: 'bench', users, ...options }) });
}

async function inProcess() {
  const chain = await chainOf();
  const headers = names.map((name) => headerOf(name));
  // A header brings a new string each time; a string that was looked up before would bring its hash along.
  const fresh = (index) => Buffer.from(headers[index % USERS], 'latin1').latin1Slice();
  const requestOf = (value) =>
    new SecurityRequest({ method: 'GET', target: '/', rawHeaders: ['Authorization', value] });
  for (const header of headers) await chain.decide(requestOf(header));
  if (chain.decide(requestOf(headers[0])).kind !== 'granted') throw new Error('the credential is not remembered');
  const byHeader = new Map(headers.map((header, index) => [header, { name: names[index] }]));
  const figures = measure([
    ['limit: Map by the whole header', fresh, (header) => byHeader.get(header)],
    ['decide(), seen before', (index) => requestOf(fresh(index)), (request) => chain.decide(request)],
  ]);
  return [...figures].map(([name, { ns, bytes }]) => ({
    'in process': name,
    ns: Math.round(ns),
    'bytes allocated': Math.round(bytes),
  }));
}

const SERVERS = {
  bare: () => (_, response) => response.end('ok'),
  basic: async () => httpSecurity(await chainOf())((_, response) => response.end('ok')),
  limited: async () => httpSecurity(await chainOf({ failures: { perAccountAndNetwork: 1 } }))((_, r) => r.end('ok')),
  forgetful: async () => httpSecurity(await chainOf({ cache: { ttlSeconds: 1 } }))((_, r) => r.end('ok')),
  attacked: async () => {
    const failures = { perAccountAndNetwork: 10_000, perNetwork: 1_000_000, perAccount: 1_000_000 };
    return httpSecurity(await chainOf({ failures }))((_, response) => response.end('ok'));
  },
};

/** The server's side, in a process of its own. */
async function serve(kind) {
  const server = createServer(await SERVERS[kind]());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const delay = monitorEventLoopDelay({ resolution: 1 });
  process.on('message', (message) => {
    if (message === 'start') {
      delay.enable();
      delay.reset();
      process.send('started');
    } else {
      process.send({ p50Ms: delay.percentile(50) / 1e6, p99Ms: delay.percentile(99) / 1e6 });
    }
  });
  process.send(server.address().port);
}

/** Starts a server, loads it, and tells what it has measured. */
async function withServer(kind, load) {
  const child = fork(fileURLToPath(import.meta.url), ['serve', kind]);
  const [port] = await once(child, 'message');
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections: CONNECTIONS });
  const statuses = new Map();
  const ask = async (authorization) => {
    const { statusCode, body } = await pool.request({ path: '/', method: 'GET', headers: { authorization } });
    await body.dump();
    statuses.set(statusCode, (statuses.get(statusCode) ?? 0) + 1);
  };
  // Everything is compiled, connected and remembered before the clock runs.
  for (let round = 0; round < WARM_UP; round += 1) await Promise.all(names.map((name) => ask(headerOf(name))));
  statuses.clear();
  child.send('start');
  await once(child, 'message');
  await load(ask);
  child.send('stop');
  const [measured] = await once(child, 'message');
  await pool.close();
  child.kill();
  return { ...measured, statuses: Object.fromEntries(statuses) };
}

/** So many requests a second, whether or not they are answered. */
function openLoop(seconds, wrongPassword) {
  return async (ask) => {
    const pending = [];
    const started = performance.now();
    while (pending.length < seconds * REQUESTS_PER_SECOND) {
      const due = ((performance.now() - started) / 1_000) * REQUESTS_PER_SECOND;
      for (; pending.length < due; ) {
        const name = names[pending.length % USERS];
        pending.push(ask(headerOf(name, wrongPassword?.(pending.length))));
      }
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await Promise.all(pending);
  };
}

/** One user, again and again, in every framework. */
async function overSockets() {
  const [name] = names;
  const lines = [headerOf(name)];
  const settings = { name, password: passwordOf(name), line: lines[0] };
  const comparison = new Comparison();
  const oursUs = new Map();
  for (const framework of Object.keys(FRAMEWORKS)) {
    const [rows] = await comparison.measure({ credential: 'password', framework, settings, lines, turns: [1] });
    oursUs.set(framework, rows.get(OURS).addedUs.median);
  }
  await comparison.close();
  return atMost(12, 'CPU added, Basic with argon2id, seen before', oursUs.get('node:http'), 1.5, 'us');
}

async function eventLoop() {
  const wrong = (index) => `wrong ${index}`;
  const loads = [
    ['bare server', 'bare', undefined],
    ['seen before', 'basic', undefined],
    ['remembered for 1 s only: 20 hashes/s', 'forgetful', undefined],
    ['budgets used up: 429', 'limited', wrong],
    ['wrong passwords without budgets: hashing on every thread', 'attacked', wrong],
  ];
  const rows = [];
  for (const [row, kind, wrongPassword] of IS_QUICK ? loads.slice(0, 2) : loads) {
    const { p50Ms, p99Ms, statuses } = await withServer(kind, openLoop(SECONDS, wrongPassword));
    rows.push({ row, p50Ms, p99Ms, statuses });
  }
  printTable(
    rows.map(({ row, p50Ms, p99Ms, statuses }) => ({
      [`event-loop delay at ${REQUESTS_PER_SECOND} requests/s of ${USERS} users, argon2id 19 MiB, 2 passes`]: row,
      'p50 ms': p50Ms.toFixed(1),
      'p99 ms': p99Ms.toFixed(1),
      statuses: JSON.stringify(statuses),
    })),
  );
  const what = `event-loop delay p99 at ${REQUESTS_PER_SECOND} requests/s, seen before`;
  return atMost(12, what, rows[1].p99Ms, 20, 'ms');
}

if (process.argv[2] === 'serve') {
  await serve(process.argv[3]);
} else {
  if (globalThis.gc === undefined) throw new Error('run with --expose-gc');
  printTable(await inProcess());
  printGoals([await overSockets(), await eventLoop()]);
}
