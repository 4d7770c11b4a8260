import { SecurityChain } from '@sallyport/core';
import { bearerChallenge, VerdictCache } from '@sallyport/core/extend';
import { verdictOf } from '../parts/principals.js';
import { requestOf, tokenOf } from '../parts/requests.js';
import { atMost, IS_QUICK, median } from '../report.js';
import { dearestStep } from './fit.js';

const SIZES = IS_QUICK ? [10, 20] : [10, 100, 1_000, 10_000];
/** Of all flights together, so that a few callers are not lost in noise. */
const WAITERS = SIZES.at(-1);
const ROUNDS = IS_QUICK ? 1 : 9;
const [BYTES, SETTLED] = ['memory each, bytes', 'CPU to answer each, us'];

/** Takes bearer tokens; what is not remembered is looked up until `land()`. */
class WaitingHandler {
  name = 'waiting';
  challenges = [bearerChallenge('bench')];
  #cache = new VerdictCache({ namespace: 'bench', ttlSeconds: 3_600 });
  #land;
  #landed = new Promise((resolve) => {
    this.#land = resolve;
  });

  land() {
    this.#land(verdictOf(1));
  }

  extract({ authorization }) {
    return authorization.kind === 'credentials' ? authorization.value : undefined;
  }

  verify(token, request) {
    return this.#cache.resolve(token, request, () => this.#landed);
  }
}

/** Callers who wait for lookups that others have begun, so many for each lookup. */
export async function waiters() {
  const samples = SIZES.map(() => []);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [index, size] of SIZES.entries()) samples[index].push(await wait(size));
  }
  const figures = samples.map((rounds) => ({
    bytes: median(rounds.map(({ bytes }) => bytes)),
    us: median(rounds.map(({ us }) => us)),
  }));
  const totals = SIZES.map((size, index) => [size, figures[index].bytes * size]);
  return {
    rows: SIZES.map((size, index) => ({
      'callers who wait for one lookup': size,
      [BYTES]: figures[index].bytes,
      [SETTLED]: figures[index].us,
    })),
    each: [BYTES, SETTLED],
    goals: [
      atMost(7, `each more of up to ${WAITERS} waiting callers, the dearest`, dearestStep(totals), 2_048, 'bytes'),
    ],
  };
}

async function wait(size) {
  const handler = new WaitingHandler();
  const chain = new SecurityChain({ requirement: handler, deadlineMs: 60_000 });
  const lines = Array.from({ length: WAITERS / size }, (_, index) => `Bearer ${tokenOf(index)}`);
  const first = lines.map((line) => chain.decide(requestOf(line)));
  const callers = new Array(WAITERS).fill(undefined);
  await new Promise(setImmediate);
  globalThis.gc();
  const before = process.memoryUsage().heapUsed;
  for (let index = 0; index < WAITERS; index += 1)
    callers[index] = chain.decide(requestOf(lines[index % lines.length]));
  await new Promise(setImmediate);
  globalThis.gc();
  const bytes = (process.memoryUsage().heapUsed - before) / WAITERS;
  const started = process.cpuUsage();
  handler.land();
  const decisions = await Promise.all(callers);
  const { user, system } = process.cpuUsage(started);
  if (decisions.some(({ kind }) => kind !== 'granted')) throw new Error('not everybody was let in');
  await Promise.all(first);
  await chain.close();
  return { bytes, us: (user + system) / WAITERS };
}
