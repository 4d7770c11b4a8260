// What a bearer token that was seen before costs in every framework, and what an Express app needs longer to start: ours
// beside the bare server, the cheapest thing that could work, and the usual packages (goals 1, 2, 11).
// Run after a build: node bench/adapters.js [--quick] [--token=JWT] [--framework="Express 5"] [--profile]
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { openAuthority } from './adapters/authority.js';
import { FRAMEWORKS } from './adapters/frameworks.js';
import { BARE, Comparison, LIMIT, OURS } from './adapters/rounds.js';
import { openIntrospectionServer } from './authorities/introspection-server.js';
import { atLeast, atMost, IS_QUICK, median, printGoals, printTable } from './report.js';

const TOKENS = ['JWT', 'opaque token'];

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    token: { type: 'string', multiple: true, default: TOKENS },
    /** Leaves a CPU profile of each process in the current folder. */
    profile: { type: 'boolean', default: false },
    framework: { type: 'string', multiple: true, default: Object.keys(FRAMEWORKS) },
  },
});
const STARTS = IS_QUICK ? 1 : 15;
/** One token that each connection sends again and again, and many that take turns on it. */
const TURNS = [1, IS_QUICK ? 20 : 1_000];
/** The aims: throughput where it is not 0.92 of the bare server, and CPU time added by one token. */
const MORE_THROUGHPUT = { 'Express 5': 0.96 };
const MOST_US = { 'node:http': 1.5, 'Fastify 5': 1.5, 'Koa 3': 2, Hono: 3 };
/** The aims elsewhere, above what the limit adds: on Express, where each look at a request is dear, and where tokens take turns. */
const MOST_US_OVER_LIMIT = { one: 1, many: 1.5 };

/** Measures one framework, and returns its goals. */
async function goalsOf(comparison, token, framework, sent) {
  const [one, many] = await comparison.measure({ credential: token, framework, ...sent, turns: TURNS });
  // On Express the noise may be larger than what the limit adds.
  const mostOf = (rows, over) => Number((Math.max(0, rows.get(LIMIT).addedUs.median) + over).toFixed(2));
  const added = (rows) => rows.get(OURS).addedUs.median;
  const most = MOST_US[framework] ?? mostOf(one, MOST_US_OVER_LIMIT.one);
  const mostInTurn = mostOf(many, MOST_US_OVER_LIMIT.many);
  const of = token === 'JWT' ? framework : `${token}, ${framework}`;
  return [
    atMost(1, `CPU added, ${token} seen before, ${framework}`, added(one), most, 'us'),
    atMost(1, `CPU added, one of ${TURNS[1]} ${token}s in turn, ${framework}`, added(many), mostInTurn, 'us'),
    atLeast(
      2,
      `throughput against the bare server, ${of}`,
      one.get(OURS).ratio.median,
      MORE_THROUGHPUT[framework] ?? 0.92,
    ),
  ];
}

/** Starts of the process, taking turns: milliseconds until its app is ready, less those of the bare one. */
async function startUp({ settings }) {
  const script = join(import.meta.dirname, 'adapters', 'start-up.js');
  const run = async (...args) => JSON.parse((await promisify(execFile)(process.execPath, [script, ...args])).stdout);
  const samples = (await run()).map((kind) => ({ kind, ms: [] }));
  for (let start = 0; start < STARTS; start += 1) {
    for (const { kind, ms } of samples) ms.push(await run(kind, JSON.stringify(settings)));
  }
  const bare = samples.find(({ kind }) => kind === BARE).ms;
  const rows = samples.map(({ kind, ms }) => ({
    kind,
    addedMs: median(ms.map((each, start) => each - bare[start])),
    readyMs: median(ms),
  }));
  printTable(
    rows.map(({ kind, addedMs, readyMs }) => ({
      'start of an Express app': kind,
      'ready after, ms': readyMs.toFixed(0),
      'added, ms': addedMs.toFixed(1),
    })),
  );
  return rows
    .filter(({ kind }) => kind.startsWith(OURS))
    .map(({ kind, addedMs }) => atMost(11, `start-up added to an Express app, ${kind}`, addedMs, 15, 'ms'));
}

const authority = await openAuthority(TURNS[1]);
const introspection = await openIntrospectionServer();
const opaqueTokens = Array.from({ length: TURNS[1] }, (_, index) => `${index}.`.padEnd(43, 'b3BhcXVlIHRva2Vu'));
const bearer = (token) => `Bearer ${token}`;
const sent = {
  JWT: { settings: { ...authority.settings, tokens: authority.tokens }, lines: authority.tokens.map(bearer) },
  'opaque token': {
    settings: { endpoint: `http://127.0.0.1:${introspection.port}/introspect` },
    lines: opaqueTokens.map(bearer),
  },
};
const comparison = new Comparison({ isProfiled: options.profile });
const goals = [];
for (const token of options.token) {
  for (const framework of options.framework) {
    goals.push(...(await goalsOf(comparison, token, framework, sent[token])));
  }
}
await comparison.close();
introspection.child.disconnect();
goals.push(...(await startUp(authority)));
authority.close();
printGoals(goals.toSorted((left, right) => left['#'] - right['#']));
