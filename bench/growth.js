// What things cost against their number: handlers, issuers, operations, entries, callers who wait, revocations, processes.
// Nothing may grow more steeply than linearly, and no step may cost more than the goals say (goals 4, 7, 9, 10, 15).
// Run after a build: npm run bench -- growth [--quick]
import { entries } from './growth/entries.js';
import { exponentOf } from './growth/fit.js';
import { handlers } from './growth/handlers.js';
import { issuers } from './growth/issuers.js';
import { operations } from './growth/operations.js';
import { processes } from './growth/processes.js';
import { revocations } from './growth/revocations.js';
import { waiters } from './growth/waiters.js';
import { atMost, printGoals, printTable } from './report.js';

if (globalThis.gc === undefined) throw new Error('benches run by their names: npm run bench -- growth');

/** 1 is linear; the rest is for the noise of measuring. */
const STEEPEST = 1.1;

const [fits, goals] = [[], []];
for (const measured of [handlers, issuers, operations, entries, waiters, revocations, processes]) {
  const { rows, each = [], gains = [], goals: own } = await measured();
  printTable(rows);
  const [number, ...costs] = Object.keys(rows[0]).filter((column) => !gains.includes(column));
  for (const column of costs) {
    // Of what one of them costs, all of them together are judged.
    const points = rows.map((row) => [row[number], each.includes(column) ? row[column] * row[number] : row[column]]);
    fits.push({ curve: `${number}: ${column}`, all: exponentOf(points), end: exponentOf(points.slice(-3)) });
  }
  goals.push(...own);
}
const steepestOf = ({ all, end }) => Math.max(all, end);
printTable(
  fits.map((fit) => ({
    'cost against number': fit.curve,
    exponent: fit.all.toFixed(2),
    'of the last three': fit.end.toFixed(2),
    'nothing steeper than linear': steepestOf(fit) <= STEEPEST ? 'reached' : 'not reached',
  })),
);
const [steepest] = fits.toSorted((left, right) => steepestOf(right) - steepestOf(left));
goals.push(
  atMost(15, `exponent of the steepest of ${fits.length} curves (${steepest.curve})`, steepestOf(steepest), STEEPEST),
);
printGoals(goals.toSorted((left, right) => left['#'] - right['#']));
