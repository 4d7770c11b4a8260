// Two builds in one process that takes turns between them, row by row: medians and quartiles of each, and of their ratio in
// the same round. The newer one runs twice, as two copies: their ratio is what the measurement itself does.
// Run after a build: node bench/before-after.js --before=CHECKOUT [--row=TEXT] [--quick]
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openIntrospectionServer } from './authorities/introspection-server.js';
import { copyBuild } from './before-after/builds.js';
import { IS_QUICK, printTable, quartiles } from './report.js';

const { values: options } = parseArgs({
  options: {
    /** A checkout that was built: `npm ci && npm run build` there. */
    before: { type: 'string' },
    /** The one that is compared with it. */
    after: { type: 'string', default: join(import.meta.dirname, '..') },
    /** Rows that contain it. */
    row: { type: 'string', default: '' },
    quick: { type: 'boolean', default: false },
  },
});
const BUILDS = IS_QUICK ? ['before', 'after'] : ['before', 'after', 'again'];
/** The compiler settles differently in each of them. Bytes hardly differ. */
const PROCESSES = { time: IS_QUICK ? 1 : 3, memory: 1 };
/** A young generation in which a round has room, so that a collection does not hit one build and spare the next. */
const FLAGS = ['--no-warnings', '--expose-gc', '--min-semi-space-size=64', '--max-semi-space-size=256'];
const WORKER = join(import.meta.dirname, 'before-after/worker.js');

class Worker {
  #child = fork(WORKER, { execArgv: FLAGS });

  constructor() {
    this.#child.on('exit', (code) => code && process.exit(code));
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

/** All rounds of all processes. Each loads the builds in another order. */
async function roundsOf(row, folders, settings, shared) {
  const rounds = [];
  let reasons = {};
  for (let index = 0; index < (row.isMemory ? PROCESSES.memory : PROCESSES.time); index += 1) {
    const worker = shared ?? new Worker();
    const turned = [...folders.slice(index % folders.length), ...folders.slice(0, index % folders.length)];
    const measured = await worker.ask({ name: row.name, folders: turned, settings });
    rounds.push(...measured.rounds);
    reasons = { ...reasons, ...measured.reasons };
    if (worker !== shared) worker.close();
  }
  return { rounds, reasons };
}

/** A cell for each build, and for the ratios of the same round. */
function cellsOf({ rounds, reasons }, unit) {
  const isThere = (build) => BUILDS.includes(build) && reasons[build] === undefined;
  const cellOf = (build) => reasons[build] ?? quartiles(rounds.map((figures) => figures[build][unit]));
  const ratioOf = (one, other) =>
    isThere(one) && isThere(other) ? quartiles(rounds.map((figures) => figures[one][unit] / figures[other][unit])) : '';
  return {
    before: cellOf('before'),
    after: cellOf('after'),
    ratio: ratioOf('after', 'before'),
    same: ratioOf('again', 'after'),
  };
}

function lineOf({ group, name, isMemory }, measured) {
  if (isMemory) {
    const { before, after, ratio, same } = cellsOf(measured, 'bytes');
    return {
      [group]: name,
      'before, bytes': before,
      'after, bytes': after,
      'after / before': ratio,
      'same build': same,
    };
  }
  const cpu = cellsOf(measured, 'cpu');
  const wall = cellsOf(measured, 'wall');
  return {
    [group]: name,
    'before, CPU us': cpu.before,
    'after, CPU us': cpu.after,
    'after / before': cpu.ratio,
    'same build': cpu.same,
    'before, wall us': wall.before,
    'after, wall us': wall.after,
    'after / before, wall': wall.ratio,
    rounds: measured.rounds.length,
  };
}

async function main(before) {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'before-after-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const checkouts = { before, after: options.after, again: options.after };
  const folders = BUILDS.map((build) => [build, join(folder, build)]);
  for (const [build, target] of folders) copyBuild(checkouts[build], target);
  const { child, port } = await openIntrospectionServer();
  const first = new Worker();
  const rows = (await first.ask('rows')).filter(({ name, group }) => `${group}: ${name}`.includes(options.row));
  if (rows.length === 0) throw new Error(`no row contains ${options.row}`);
  const settings = { port, isQuick: IS_QUICK };
  for (const group of new Set(rows.map((row) => row.group))) {
    const lines = [];
    for (const row of rows.filter((each) => each.group === group))
      lines.push(lineOf(row, await roundsOf(row, folders, settings, IS_QUICK ? first : undefined)));
    printTable(lines);
  }
  console.log(`Medians, and quartiles in brackets. Load ${loadavg()[0].toFixed(1)}.\n`);
  first.close();
  child.disconnect();
}

if (options.before === undefined) console.log('Nothing is compared: --before=CHECKOUT is missing.\n');
else await main(options.before);
