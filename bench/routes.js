// What a table of operations costs against their number: to compile, to keep, and to look a path up (goal 9).
// Run after a build: npm run bench -- routes [--quick]
import { headerHandler, route, routes, SecurityChain } from '@sallyport/core';
import { measure } from './measure.js';
import { atMost, IS_QUICK, median, printGoals, printTable } from './report.js';

const SIZES = IS_QUICK ? [10, 100] : [10, 1_000, 10_000];
const ROUNDS = IS_QUICK ? 1 : 5;
/** Of one resource. */
const SHAPES = [
  ['GET', ''],
  ['POST', ''],
  ['GET', '/{id}'],
  ['DELETE', '/{id}'],
  ['GET', '/{id}/parts/{part}.json'],
];

const requirement = headerHandler({ name: 'key', header: 'X-Key', verify: (key) => ({ subject: key }) });

function chainOf(size) {
  const operations = Array.from({ length: size }, (_, index) => {
    const [method, rest] = SHAPES[index % SHAPES.length];
    return route(method, `/v1/resource${Math.floor(index / SHAPES.length)}${rest}`);
  });
  const table = routes(operations);
  return { table, chain: new SecurityChain({ requirement, operations: table }) };
}

/** Microseconds and bytes per operation, of a table and the policies of its chain. */
function compile(size) {
  const samples = Array.from({ length: ROUNDS }, () => {
    globalThis.gc();
    const before = process.memoryUsage().heapUsed;
    const started = process.cpuUsage();
    const made = chainOf(size);
    const { user } = process.cpuUsage(started);
    globalThis.gc();
    return { made, us: user / size, bytes: (process.memoryUsage().heapUsed - before) / size };
  });
  const of = (name) => median(samples.map((sample) => sample[name]));
  return { us: of('us'), bytes: of('bytes'), table: samples.at(-1).made.table };
}

/** As the chain asks: whether a path is ambiguous, what it is, and what else it could be. */
function lookUp(table, path) {
  if (table.isAmbiguous('GET', path)) return undefined;
  const found = table.find('GET', path);
  return found && table.rivals(found, path);
}

function lookups(size, table) {
  const resourceOf = (index) => `/v1/resource${(index * 7_919) % Math.ceil(size / SHAPES.length)}`;
  const rows = [
    ['plain', (index) => `${resourceOf(index)}/${index}`],
    ['with capitals', (index) => `${resourceOf(index)}/A${index}`],
    ['part of a segment', (index) => `${resourceOf(index)}/${index}/parts/${index}.json`],
    ['of no operation', (index) => `${resourceOf(index)}/${index}/nothing`],
  ];
  return measure(rows.map(([name, pathOf]) => [name, pathOf, (path) => lookUp(table, path)]));
}

const rows = SIZES.map((size) => {
  const { us, bytes, table } = compile(size);
  return { size, us, bytes, figures: lookups(size, table) };
});
printTable(
  rows.map(({ size, us, bytes, figures }) => ({
    operations: size,
    'compiled in, us each': us.toFixed(1),
    'bytes each': Math.round(bytes),
    ...Object.fromEntries([...figures].map(([name, { ns }]) => [`${name}, ns`, Math.round(ns)])),
  })),
);
const { size, us, bytes, figures } = rows.at(-1);
printGoals([
  atMost(9, `each of ${size} operations compiled`, us, 50, 'us'),
  atMost(9, `each of ${size} operations kept`, Math.round(bytes), 5_000, 'bytes'),
  atMost(9, `path looked up among ${size} operations`, Math.round(figures.get('plain').ns), 1_000, 'ns'),
]);
