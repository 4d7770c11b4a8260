// Runs the benches that are named, or all of them, one after the other. Prints their goals in one table at the end, and
// writes everything that was measured into bench/results, with plots of it.
// Run after a build: npm run bench -- [name ...] [options of the benches]; npm run bench -- --list
// After one bench has changed: npm run bench -- name --update
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { lastResults, writeResults } from './plots/results.js';
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
  const [date, started, loadBefore] = [new Date().toISOString(), performance.now(), loadNow()];
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
  return { name, date, seconds: secondsSince(started), loadBefore, loadAfter: loadNow(), tables, goals };
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
/** Whether these benches take the place of what the last full run has of them. */
const isUpdate = options.includes('--update') && wanted.length > 0;
if (isUpdate) options.splice(options.indexOf('--update'), 1);

/** What was measured now, and what the last full run has of the other benches. */
function updated(results) {
  const { benches, goals, ...last } = lastResults();
  const isNew = (name) => results.benches.some((bench) => bench.name === name);
  return {
    ...last,
    goals: [...goals.filter(({ bench }) => !isNew(bench)), ...results.goals].toSorted(byNumber),
    benches: benches.map((bench) => results.benches.find(({ name }) => name === bench.name) ?? bench),
  };
}

function byNumber(left, right) {
  return left['#'] - right['#'];
}

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
    goals: benches.flatMap(({ name, goals }) => goals.map((goal) => ({ ...goal, bench: name }))).toSorted(byNumber),
    benches: benches.map(({ goals, ...bench }) => bench),
  };
  const load = benches.map(({ loadAfter }) => loadAfter);
  const { cores, processor } = results.machine;
  console.log(
    `\n## Goals: Node ${results.node}, ${cores} x ${processor}, load ${Math.min(...load)} to ${Math.max(...load)}, ${Math.ceil(results.seconds / 60)} minutes\n`,
  );
  printGoalRows(results.goals);
  const isWhole = options.length === 0 && (isUpdate || wanted.length === 0);
  const written = writeResults(isUpdate ? updated(results) : results, isWhole);
  console.log(`Written: ${written.join(', ')}`);
}
