import { headerHandler, route, routes, SecurityChain } from '@sallyport/core';
import { SecurityRequest } from '@sallyport/core/extend';
import { measure } from '../measure.js';
import { atMost, IS_QUICK, median } from '../report.js';
import { dearestStep } from './fit.js';

const SIZES = IS_QUICK ? [10, 100] : [10, 100, 1_000, 10_000];
const ROUNDS = IS_QUICK ? 1 : 5;
/** The first round compiles our own functions. */
const UNCOUNTED_ROUNDS = IS_QUICK ? 0 : 1;
const [COMPILED, KEPT, LOOKED_UP] = ['compiled each, us', 'kept each, bytes', 'path looked up, ns'];
/** Of one resource. */
const SHAPES = [
  ['GET', ''],
  ['POST', ''],
  ['GET', '/{id}'],
  ['DELETE', '/{id}'],
  ['GET', '/{id}/parts/{part}.json'],
];

const requirement = headerHandler({ name: 'key', header: 'X-Key', verify: (key) => ({ subject: key }) });

/** A table of so many operations: what it takes to compile and to keep, and to find the operation of a request in it. */
export async function operations() {
  const compiled = compile();
  const rows = SIZES.map((size, index) => {
    const { us, bytes } = compiled[index];
    const longLived = chainOf(size);
    globalThis.gc();
    const figures = lookups(size, longLived);
    return {
      'operations of a contract': size,
      [COMPILED]: us,
      [KEPT]: bytes,
      [LOOKED_UP]: figures.get('plain').ns,
      'with capitals, ns': figures.get('with capitals').ns,
      'part of a segment, ns': figures.get('part of a segment').ns,
      'of no operation, ns': figures.get('of no operation').ns,
      'decision, told by the framework, ns': figures.get('told').ns,
    };
  });
  const most = SIZES.at(-1);
  const totals = (column) => SIZES.map((size, index) => [size, rows[index][column] * size]);
  return {
    rows,
    each: [COMPILED, KEPT],
    goals: [
      atMost(9, `each of ${most} operations compiled`, rows.at(-1)[COMPILED], 50, 'us'),
      atMost(9, `each of ${most} operations kept`, Math.round(rows.at(-1)[KEPT]), 5_000, 'bytes'),
      atMost(9, `path looked up among ${most} operations`, Math.round(rows.at(-1)[LOOKED_UP]), 1_000, 'ns'),
      atMost(9, `each more of up to ${most} operations compiled, the dearest`, dearestStep(totals(COMPILED)), 50, 'us'),
      atMost(9, `each more of up to ${most} operations kept, the dearest`, dearestStep(totals(KEPT)), 5_000, 'bytes'),
    ],
  };
}

function chainOf(size) {
  const table = routes(
    Array.from({ length: size }, (_, index) => {
      const [method, rest] = SHAPES[index % SHAPES.length];
      return route(method, `/v1/resource${Math.floor(index / SHAPES.length)}${rest}`);
    }),
  );
  return { table, chain: new SecurityChain({ requirement, operations: table }) };
}

/** Per size, microseconds and bytes per operation, of a table and the policies of its chain: medians over rounds that take turns. */
function compile() {
  const samples = SIZES.map(() => []);
  for (let round = 0; round < UNCOUNTED_ROUNDS + ROUNDS; round += 1) {
    for (const [index, size] of SIZES.entries()) {
      const sample = sampleOf(size);
      if (round >= UNCOUNTED_ROUNDS) samples[index].push(sample);
    }
  }
  return samples.map((each) => ({
    us: median(each.map(({ us }) => us)),
    bytes: median(each.map(({ bytes }) => bytes)),
  }));
}

function sampleOf(size) {
  // As many operations of each size: so many make up for what is optimised again after the collection.
  const copies = SIZES.at(-1) / size;
  globalThis.gc();
  const before = process.memoryUsage().heapUsed;
  const started = process.cpuUsage();
  const made = Array.from({ length: copies }, () => chainOf(size));
  const { user } = process.cpuUsage(started);
  globalThis.gc();
  const bytes = process.memoryUsage().heapUsed - before;
  return { us: user / size / made.length, bytes: bytes / size / made.length };
}

/** As the chain asks: whether a path is ambiguous, what it is, and what else it could be. */
function lookUp(table, path) {
  if (table.isAmbiguous('GET', path)) return undefined;
  const found = table.find('GET', path);
  return found && table.rivals(found, path);
}

function lookups(size, { table, chain }) {
  const resourceOf = (index) => `/v1/resource${(index * 7_919) % Math.ceil(size / SHAPES.length)}`;
  const rows = [
    ['plain', (index) => `${resourceOf(index)}/${index}`],
    ['with capitals', (index) => `${resourceOf(index)}/A${index}`],
    ['part of a segment', (index) => `${resourceOf(index)}/${index}/parts/${index}.json`],
    ['of no operation', (index) => `${resourceOf(index)}/${index}/nothing`],
  ];
  const told = (index) => {
    const resource = resourceOf(index);
    return new SecurityRequest({
      method: 'GET',
      target: `${resource}/${index}`,
      route: { method: 'GET', template: `${resource}/{id}` },
      rawHeaders: ['Host', 'api.example', 'X-Key', 'a'],
    });
  };
  const { kind } = chain.decide(told(0));
  if (kind !== 'granted') throw new Error(kind);
  return measure([
    ...rows.map(([name, pathOf]) => [name, pathOf, (path) => lookUp(table, path)]),
    ['told', told, (request) => chain.decide(request)],
  ]);
}
