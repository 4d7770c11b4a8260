// What a bearer that was seen before costs in every framework, and what an Express app needs longer to start: ours
// beside the bare server, the cheapest thing that could work, and the usual peer (goals 1, 2, 11).
// Run after a build: node bench/adapters.js [--quick] [--tokens=1] [--framework="Express 5"] [--profile]
import { execFile, execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { openAuthority } from './adapters/authority.js';
import { STACKS } from './adapters/stacks.js';
import { atLeast, atMost, median, printGoals, printTable } from './report.js';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    /** How many bearers take turns. */
    tokens: { type: 'string', default: '1' },
    /** Leaves a CPU profile of each process in the current folder. */
    profile: { type: 'boolean', default: false },
    framework: { type: 'string', multiple: true, default: Object.keys(STACKS) },
  },
});
const ROUNDS = options.quick ? 1 : 21;
/** Until the compiler has settled. */
const WARM_UP_ROUNDS = options.quick ? 0 : 4;
const ROUND_MS = options.quick ? 20 : 400;
const STARTS = options.quick ? 1 : 15;
const FOLDER = join(import.meta.dirname, 'adapters');
const SERVER_CORE = '0';
const LOAD_CORE = '1';
const BARE = 'bare';
const OURS = 'ours';
const LIMIT = 'limit';
const MORE_THROUGHPUT = { 'Express 5': 0.96 };
const MOST_US = { 'node:http': 1.5, 'Fastify 5': 1.5, 'Koa 3': 2, Hono: 3 };
/** What ours may add to the limit: on Express, where each look at a request is dear, and where tokens take turns. */
const MOST_US_OVER_LIMIT = { one: 1, many: 1.5 };

/** A process that is asked and answers, one message at a time. */
class Worker {
  #child;

  constructor(script, core) {
    this.#child = fork(join(FOLDER, script), { execArgv: options.profile ? ['--cpu-prof'] : [] });
    this.#child.on('exit', (code) => code && process.exit(code));
    pin(this.#child.pid, core);
  }

  async ask(message) {
    const reply = once(this.#child, 'message');
    this.#child.send(message);
    return (await reply)[0];
  }

  close() {
    this.#child.disconnect();
  }
}

/** Server and load on a core each, where there are two and a tool that can do it. */
function pin(pid, core) {
  if (availableParallelism() < 2 || process.platform !== 'linux') return;
  try {
    execFileSync('taskset', ['-apc', core, String(pid)], { stdio: 'ignore' });
  } catch {
    // Without it the figures are only less steady.
  }
}

/** Rounds of all stacks of a framework, taking turns. */
async function roundsOf(framework, authority, load) {
  const settings = { ...authority.settings, tokens: authority.tokens };
  const servers = [];
  for (const stack of Object.keys(STACKS[framework])) {
    const worker = shared ?? new Worker('server.js', SERVER_CORE);
    const port = await worker.ask({ framework, stack, settings });
    await load.ask({ task: 'open', port, tokens: authority.tokens });
    servers.push({ stack, worker, port, samples: [] });
  }
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round += 1) {
    for (const { worker, port, samples } of servers) {
      await worker.ask('start');
      const { requests, seconds } = await load.ask({ task: 'run', port, ms: ROUND_MS });
      const cpuUs = (await worker.ask('stop')) / requests;
      if (round >= 0) samples.push({ cpuUs, rate: requests / seconds });
    }
  }
  for (const { port } of servers) await load.ask({ task: 'close', port });
  for (const { worker } of servers) if (worker !== shared) worker.close();
  return servers;
}

async function measure(framework, authority, load) {
  const servers = await roundsOf(framework, authority, load);
  const bare = servers.find(({ stack }) => stack === BARE).samples;
  const rows = servers.map(({ stack, samples }) => ({
    stack,
    cpuUs: median(samples.map(({ cpuUs }) => cpuUs)),
    // Against the bare server in the same round: what disturbs the machine disturbs both.
    addedUs: median(samples.map(({ cpuUs }, round) => cpuUs - bare[round].cpuUs)),
    rate: median(samples.map(({ rate }) => rate)),
    ratio: median(samples.map(({ rate }, round) => rate / bare[round].rate)),
  }));
  printTable(
    rows.map(({ stack, cpuUs, addedUs, rate, ratio }) => ({
      [framework]: stack,
      'CPU per request, us': cpuUs.toFixed(1),
      'added, us': addedUs.toFixed(2),
      'requests/s': Math.round(rate),
      'against bare': ratio.toFixed(2),
    })),
  );
  const { addedUs, ratio } = rows.find(({ stack }) => stack === OURS);
  const limit = rows.find(({ stack }) => stack === LIMIT);
  if (options.tokens !== '1') {
    const most = round(limit.addedUs + MOST_US_OVER_LIMIT.many);
    return [atMost(1, `CPU added, one of ${options.tokens} bearers in turn, ${framework}`, addedUs, most, 'us')];
  }
  const most = MOST_US[framework] ?? round(limit.addedUs + MOST_US_OVER_LIMIT.one);
  return [
    atMost(1, `CPU added, bearer seen before, ${framework}`, addedUs, most, 'us'),
    atLeast(2, `throughput against the bare server, ${framework}`, ratio, MORE_THROUGHPUT[framework] ?? 0.92),
  ];
}

function round(us) {
  return Number(us.toFixed(2));
}

/** Starts of the process, taking turns: milliseconds until its app is ready, less those of the bare one. */
async function startUp({ settings }) {
  const script = join(FOLDER, 'start-up.js');
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
    .map(({ kind, addedMs }) => atMost(11, `start-up added to an Express app, ${kind}`, addedMs, 20, 'ms'));
}

const authority = await openAuthority(Number(options.tokens));
const load = new Worker('load.js', LOAD_CORE);
// Otherwise every server has a process of its own, so that none is compiled for another.
const shared = options.quick ? new Worker('server.js', SERVER_CORE) : undefined;
const goals = [];
for (const framework of options.framework) goals.push(...(await measure(framework, authority, load)));
load.close();
shared?.close();
goals.push(...(await startUp(authority)));
authority.close();
printGoals(goals.toSorted((left, right) => left['#'] - right['#']));
