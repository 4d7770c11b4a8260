// Runs the benches that are named, or all of them, one after the other. Prints their goals in one table at the end, and
// writes everything that was measured into bench/results, with plots of it.
// Run after a build: npm run bench -- [name ...] [options of the benches]; npm run bench -- --list
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { writeResults } from './plots/results.js';
import { IS_QUICK, printGoalRows } from './report.js';

/** A young generation in which a round has room, so that a collection does not hit one row and spare the next. */
const FLAGS = ['--expose-gc', '--min-semi-space-size=64', '--max-semi-space-size=256'];
const NO_BENCHES = ['all.js', 'measure.js', 'report.js'];

const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.js') && !NO_BENCHES.includes(file))
  .map((file) => file.slice(0, -'.js'.length));

/** Runs one bench, which prints for itself, and returns what it has recorded. */
async function run(name, options) {
  console.log(`\n## ${name}\n`);
  const [started, loadBefore] = [performance.now(), loadNow()];
  const [tables, goals] = [[], []];
  const child = spawn(process.execPath, [...FLAGS, join(import.meta.dirname, `${name}.js`), ...options], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  child.on('message', (message) => {
    if (message.table) tables.push(message.table);
    goals.push(...(message.goals ?? []));
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${name} failed`);
  return { name, seconds: secondsSince(started), loadBefore, loadAfter: loadNow(), tables, goals };
}

function secondsSince(started) {
  return Math.round(performance.now() - started) / 1_000;
}

/** Processes that ran or waited in the last minute, on average. */
function loadNow() {
  return Number(loadavg()[0].toFixed(2));
}

const [wanted, options] = [[], []];
for (const argument of process.argv.slice(2)) (names.includes(argument) ? wanted : options).push(argument);

if (options.includes('--list')) {
  console.log(names.join('\n'));
} else {
  const started = performance.now();
  const date = new Date().toISOString();
  const benches = [];
  for (const name of wanted.length > 0 ? wanted : names) benches.push(await run(name, options));
  const [{ model }] = cpus();
  const results = {
    date,
    node: process.version,
    machine: {
      processor: model.trim(),
      cores: availableParallelism(),
      memoryBytes: totalmem(),
      system: `${process.platform} ${process.arch}`,
    },
    isQuick: IS_QUICK,
    options,
    seconds: secondsSince(started),
    goals: benches
      .flatMap(({ name, goals }) => goals.map((goal) => ({ ...goal, bench: name })))
      .toSorted((left, right) => left['#'] - right['#']),
    benches: benches.map(({ goals, ...bench }) => bench),
  };
  const load = benches.map(({ loadAfter }) => loadAfter);
  const { cores, processor } = results.machine;
  console.log(
    `\n## Goals: Node ${results.node}, ${cores} x ${processor}, load ${Math.min(...load)} to ${Math.max(...load)}, ${Math.ceil(results.seconds / 60)} minutes\n`,
  );
  printGoalRows(results.goals);
  const isWhole = wanted.length === 0 && options.length === 0;
  console.log(`Written: ${writeResults(results, isWhole).join(', ')}`);
}
