// Runs the benches that are named, or all of them, one after the other, and prints their goals in one table at the end.
// Run after a build: npm run bench -- [name ...] [options of the benches]; npm run bench -- --list
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { GOAL_HEAD, GOAL_ROW } from './report.js';

/** A young generation in which a round has room, so that a collection does not hit one row and spare the next. */
const FLAGS = ['--expose-gc', '--min-semi-space-size=64', '--max-semi-space-size=256'];
const NO_BENCHES = ['all.js', 'measure.js', 'report.js'];

const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.js') && !NO_BENCHES.includes(file))
  .map((file) => file.slice(0, -'.js'.length));

/** Runs one bench, shows what it prints, and returns its goals' rows. */
async function run(name, options) {
  console.log(`\n## ${name}\n`);
  const child = spawn(process.execPath, [...FLAGS, join(import.meta.dirname, `${name}.js`), ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  const goals = [];
  for await (const line of createInterface({ input: child.stdout })) {
    console.log(line);
    if (GOAL_ROW.test(line)) goals.push(line);
  }
  const [code] = await ended;
  if (code !== 0) throw new Error(`${name} failed`);
  return goals;
}

const numberOf = (row) => Number(/\d+/.exec(row)[0]);

const [wanted, options] = [[], []];
for (const argument of process.argv.slice(2)) (names.includes(argument) ? wanted : options).push(argument);

if (options.includes('--list')) {
  console.log(names.join('\n'));
} else {
  const goals = [];
  for (const name of wanted.length > 0 ? wanted : names) goals.push(...(await run(name, options)));
  const [{ model }] = cpus();
  console.log(
    `\n## Goals: Node ${process.version}, ${availableParallelism()} x ${model}, load ${loadavg()[0].toFixed(1)}\n`,
  );
  console.log([GOAL_HEAD, ...goals.toSorted((left, right) => numberOf(left) - numberOf(right))].join('\n'));
}
