import { IS_QUICK, median } from './report.js';

/** So few calls that what they are given is still in the processor's caches, as what a server has just read is. */
const BATCH = 64;
const ROUNDS = IS_QUICK ? 1 : 9;
/** Whole batches, all of them. */
const WARM_UP = IS_QUICK ? BATCH : 20_480;
const CALLS = IS_QUICK ? BATCH : 20_480;
const SOON = 1_024;

/**
 * Medians over rounds that take turns: nanoseconds per call of a row, and bytes that a call allocates; and the nanoseconds
 * of each round. `make` makes what a call is given, which is not measured: a header string that was never hashed before,
 * say, as each request brings it.
 * @param {readonly (readonly [name: string, make: (index: number) => unknown, call: (made: unknown) => unknown])[]} rows
 */
export function measure(rows) {
  const samples = new Map(rows.map(([name]) => [name, { ns: [], bytes: [] }]));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, make, call] of rows) {
      timeOf(make, call, WARM_UP);
      samples.get(name).ns.push(timeOf(make, call, CALLS));
      samples.get(name).bytes.push(bytesOf(call, inputsFrom(make, 0, CALLS / 4)));
    }
  }
  return new Map(
    [...samples].map(([name, { ns, bytes }]) => [name, { ns: median(ns), bytes: median(bytes), nsOfRounds: ns }]),
  );
}

/** Nanoseconds per call for the first 1,024 calls that follow a full collection. */
export function measureAfterCollection(make, call) {
  if (globalThis.gc === undefined) throw new Error('benches run by their names: npm run bench -- chain');
  const samples = Array.from({ length: ROUNDS }, () => {
    timeOf(make, call, WARM_UP);
    globalThis.gc();
    return timeOf(make, call, SOON);
  });
  return median(samples);
}

/** Nanoseconds per call. */
function timeOf(make, call, count) {
  let ms = 0;
  for (let done = 0; done < count; done += BATCH) {
    const inputs = inputsFrom(make, done, BATCH);
    const started = performance.now();
    for (const input of inputs) call(input);
    ms += performance.now() - started;
  }
  return (ms / count) * 1e6;
}

function inputsFrom(make, first, count) {
  return Array.from({ length: count }, (_, index) => make(first + index));
}

/** Per call, as long as nothing is collected in between. Makes no iterator, which would count as well. */
function bytesOf(call, inputs) {
  const before = process.memoryUsage().heapUsed;
  for (let index = 0; index < inputs.length; index += 1) call(inputs[index]);
  return Math.max(0, (process.memoryUsage().heapUsed - before) / inputs.length);
}
