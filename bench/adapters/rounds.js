// Compares servers over sockets. Equal code settles microseconds apart in different processes, so each server is started
// anew several times. The tables show medians and quartiles over these starts.
import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { IS_QUICK, printTable, quartiles } from '../report.js';
import { stacksOf } from './stacks.js';

const STARTS = IS_QUICK ? 1 : 5;
/** The cheapest counts, because what disturbs a machine that is shared with others only adds to a round. */
const ROUNDS = IS_QUICK ? 1 : 6;
/** So many requests at least: collections of garbage are a part of what a slow server costs, and have to fall into each round. */
const ROUND = IS_QUICK ? { ms: 5, least: 0 } : { ms: 100, least: 1_500 };
/**
 * Rounds that do not count, after a start and after a change of what is asked. They take turns like the others: if servers
 * were warmed up one after the other, the first would be idle for so long that V8 collects all of its garbage. Optimised
 * functions go with the hidden classes that die then, and the next requests are slow again.
 */
const WARM_UP = IS_QUICK ? { rounds: 1, round: ROUND } : { rounds: 10, round: { ms: 200, least: 0 } };
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
        await this.#takeTurns(servers, count, WARM_UP);
        const figuresOfStart = await this.#figuresOf(servers, count);
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

  async #round({ worker, port }, turns, round) {
    await worker.ask('start');
    const { requests, seconds } = await this.#load.ask({ task: 'run', port, turns, round });
    return { cpuUs: (await worker.ask('stop')) / requests, rate: requests / seconds };
  }

  /** The figures of each server, round by round. */
  async #takeTurns(servers, turns, { rounds, round }) {
    const samples = servers.map(() => []);
    for (let each = 0; each < rounds; each += 1) {
      // Each time another one is first, because what stands before a server in a round may cost it something.
      for (let turn = 0; turn < servers.length; turn += 1) {
        const row = (each + turn) % servers.length;
        samples[row].push(await this.#round(servers[row], turns, round));
      }
    }
    return samples;
  }

  /** Of each server, the cheapest round and what it took more than that of the bare server, which is the first. */
  async #figuresOf(servers, turns) {
    const samples = await this.#takeTurns(servers, turns, { rounds: ROUNDS, round: ROUND });
    const best = samples.map((rounds) => ({
      cpuUs: Math.min(...rounds.map(({ cpuUs }) => cpuUs)),
      rate: Math.max(...rounds.map(({ rate }) => rate)),
    }));
    const [bare] = best;
    return best.map(({ cpuUs, rate }) => ({ cpuUs, addedUs: cpuUs - bare.cpuUs, rate, ratio: rate / bare.rate }));
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
