// Compares servers over sockets. Equal code settles microseconds apart in different processes, so each server is started
// anew several times. The tables show medians and quartiles over these starts.
import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { IS_QUICK, median, printTable, quartiles } from '../report.js';
import { stacksOf } from './stacks.js';

const STARTS = IS_QUICK ? 1 : 5;
const ROUNDS = IS_QUICK ? 1 : 5;
/** So many requests at least: collections of garbage are a part of what a slow server costs, and have to fall into each round. */
const ROUND = IS_QUICK ? { ms: 5, least: 0 } : { ms: 100, least: 1_500 };
/**
 * Rounds in turn before the first that counts. While others are warmed up, a server is idle, and V8 collects all of its
 * garbage. Optimised functions go with the hidden classes that die then, and the next requests are slow again.
 */
const UNCOUNTED_ROUNDS = IS_QUICK ? 0 : 4;
/** After a start, and after a change of what is asked, a server is warmed up until it has not become cheaper for a while. */
const WARM_UP = IS_QUICK
  ? { round: ROUND, patience: 1, most: 1 }
  : { round: { ms: 300, least: 0 }, patience: 2, most: 12 };
/** How much cheaper a round has to be than all before it. */
const CHEAPER = 0.97;
const SERVER_CORE = '0';
const LOAD_CORE = '1';
export const BARE = 'bare';
export const OURS = 'ours';
export const LIMIT = 'limit';

/** A process that is asked and answers, one message at a time. */
class Worker {
  #child;

  constructor(script, core, isProfiled) {
    this.#child = fork(join(import.meta.dirname, script), { execArgv: isProfiled ? ['--cpu-prof'] : [] });
    this.#child.on('exit', (code) => code && process.exit(code));
    pin(this.#child.pid, core);
  }

  async ask(message) {
    const reply = once(this.#child, 'message');
    this.#child.send(message);
    return (await reply)[0];
  }

  async close() {
    const ended = once(this.#child, 'exit');
    this.#child.disconnect();
    await ended;
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

/** Servers and the load on them. */
export class Comparison {
  #isProfiled;
  #load;
  /** In a quick look, one process for all servers. Otherwise each has its own, so that none is compiled for another. */
  #shared;

  constructor({ isProfiled = false } = {}) {
    this.#isProfiled = isProfiled;
    this.#load = new Worker('load.js', LOAD_CORE, isProfiled);
    if (IS_QUICK) this.#shared = this.#serverProcess();
  }

  async close() {
    await this.#load.close();
    await this.#shared?.close();
  }

  /**
   * Prints a table for each entry of `turns`, which is a number of credentials that take turns, and returns its rows.
   * @param lines Authorization header values.
   */
  async measure({ credential, framework, settings, lines, turns }) {
    const stacks = Object.keys(await stacksOf(credential, framework));
    /** Per entry of `turns` and stack, the figures of each start. */
    const figures = turns.map(() => stacks.map(() => []));
    for (let start = 0; start < STARTS; start += 1) {
      const servers = [];
      for (const stack of stacks) {
        const worker = this.#shared ?? this.#serverProcess();
        const port = await worker.ask({ credential, framework, stack, settings });
        await this.#load.ask({ task: 'open', port, lines });
        servers.push({ worker, port });
      }
      for (const [kind, count] of turns.entries()) {
        for (const server of servers) await this.#warmUp(server, count);
        const figuresOfStart = await this.#roundsOf(servers, count);
        for (const [row, each] of figuresOfStart.entries()) figures[kind][row].push(each);
      }
      for (const { port } of servers) await this.#load.ask({ task: 'close', port });
      if (this.#shared === undefined) await Promise.all(servers.map(({ worker }) => worker.close()));
    }
    return turns.map((count, kind) => {
      const rows = new Map(stacks.map((stack, row) => [stack, overStarts(figures[kind][row])]));
      printRows(headOf(framework, credential, count), rows);
      return rows;
    });
  }

  #serverProcess() {
    return new Worker('server.js', SERVER_CORE, this.#isProfiled);
  }

  async #warmUp(server, turns) {
    let [cheapest, idle] = [Number.POSITIVE_INFINITY, 0];
    for (let round = 0; idle < WARM_UP.patience && round < WARM_UP.most; round += 1) {
      const { cpuUs } = await this.#round(server, turns, WARM_UP.round);
      idle = cpuUs < cheapest * CHEAPER ? 0 : idle + 1;
      cheapest = Math.min(cheapest, cpuUs);
    }
  }

  async #round({ worker, port }, turns, round) {
    await worker.ask('start');
    const { requests, seconds } = await this.#load.ask({ task: 'run', port, turns, round });
    return { cpuUs: (await worker.ask('stop')) / requests, rate: requests / seconds };
  }

  /** Rounds that take turns: the medians of each server. The first server is the bare one. */
  async #roundsOf(servers, turns) {
    const samples = servers.map(() => []);
    for (let round = 0; round < UNCOUNTED_ROUNDS + ROUNDS; round += 1) {
      // Each time another one is first, because what stands before a server in a round may cost it something.
      for (let turn = 0; turn < servers.length; turn += 1) {
        const row = (round + turn) % servers.length;
        const figures = await this.#round(servers[row], turns, ROUND);
        if (round >= UNCOUNTED_ROUNDS) samples[row].push(figures);
      }
    }
    const [bare] = samples;
    return samples.map((rounds) => ({
      cpuUs: median(rounds.map(({ cpuUs }) => cpuUs)),
      // Against the bare server in the same round: what disturbs the machine disturbs both.
      addedUs: median(rounds.map(({ cpuUs }, round) => cpuUs - bare[round].cpuUs)),
      rate: median(rounds.map(({ rate }) => rate)),
      ratio: median(rounds.map(({ rate }, round) => rate / bare[round].rate)),
    }));
  }
}

/** The quartiles of each figure. */
function overStarts(starts) {
  return Object.fromEntries(Object.keys(starts[0]).map((name) => [name, quartiles(starts.map((each) => each[name]))]));
}

function headOf(framework, credential, count) {
  if (count > 1) return `${framework}, ${count} ${credential}s in turn`;
  return credential === 'JWT' ? framework : `${framework}, ${credential}`;
}

function printRows(head, rows) {
  printTable(
    [...rows].map(([stack, { cpuUs, addedUs, rate, ratio }]) => ({
      [head]: stack,
      'CPU per request, us': cpuUs,
      'added, us': addedUs,
      'requests/s': rate,
      'against bare': ratio,
    })),
  );
}
