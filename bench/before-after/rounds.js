// Measures a row: every build in turn, in many short rounds, each time in another order.
import { setTimeout as wait } from 'node:timers/promises';

/** How long a row is warmed up, how long it is measured, and about how long a build has in each round. */
const FULL = { warmUpMs: 700, measuredMs: 2_000, roundMs: 4, leastRounds: 5 };
const QUICK = { warmUpMs: 0, measuredMs: 0, roundMs: 0, leastRounds: 1 };
const MOST_BATCHES = 1_000;

/**
 * The figures of each round by the build's name: `{ cpu, wall }` in microseconds per call, or `{ bytes }`. A build that
 * cannot do what the row asks for has a reason instead.
 */
export async function measureRow(row, builds, settings, isQuick) {
  const able = [];
  const reasons = {};
  for (const { name, load } of builds) {
    try {
      able.push({ name, task: await row.make(load, settings) });
    } catch (error) {
      reasons[name] = error.message;
    }
  }
  const rounds = await (row.isMemory ? memoryRounds(able, row, isQuick) : timedRounds(able, isQuick ? QUICK : FULL));
  for (const { task } of able) await task.close?.();
  return { reasons, rounds };
}

async function timedRounds(able, { warmUpMs, measuredMs, roundMs, leastRounds }) {
  const batches = new Map(able.map(({ name }) => [name, 1]));
  const turn = async (round) => {
    const figures = {};
    for (const { name, task } of inTurn(able, round)) {
      const own = await spent(task, batches.get(name));
      const less = task.less === undefined ? NOTHING : await spent(task.less, batches.get(name));
      figures[name] = { cpu: own.cpu - less.cpu, wall: own.wall - less.wall, tookMs: own.tookMs };
    }
    return figures;
  };
  const warm = performance.now() + warmUpMs;
  for (let round = 0; performance.now() < warm; round += 1) {
    const figures = await turn(round);
    // Equal work for all builds in the same time for the slowest of them.
    const slowest = Math.max(...Object.entries(figures).map(([name, { tookMs }]) => tookMs / batches.get(name)));
    const count = Math.min(MOST_BATCHES, Math.max(1, Math.round(roundMs / slowest)));
    for (const name of batches.keys()) batches.set(name, count);
  }
  const rounds = [];
  const end = performance.now() + measuredMs;
  while (rounds.length < leastRounds || performance.now() < end) rounds.push(await turn(rounds.length));
  return rounds;
}

const NOTHING = { cpu: 0, wall: 0 };

/** Per call. What a batch is given is made before, and not measured. */
async function spent(task, batches) {
  let [cpuUs, wallMs] = [0, 0];
  for (let batch = 0; batch < batches; batch += 1) {
    const made = await task.prepare();
    const started = performance.now();
    const cpu = process.cpuUsage();
    const running = task.run(made);
    if (running instanceof Promise) await running;
    const { user, system } = process.cpuUsage(cpu);
    wallMs += performance.now() - started;
    cpuUs += user + system;
    await task.after?.(made);
  }
  const calls = batches * task.calls;
  return { cpu: cpuUs / calls, wall: (wallMs * 1_000) / calls, tookMs: wallMs };
}

/** Each order as often as any other, so that no build always follows the same one. */
function inTurn(able, round) {
  const first = round % able.length;
  const turned = [...able.slice(first), ...able.slice(0, first)];
  return Math.floor(round / able.length) % 2 === 0 ? turned : turned.reverse();
}

async function memoryRounds(able, { count }, isQuick) {
  const rounds = [];
  for (let round = 0; round < (isQuick ? 1 : 3); round += 1) {
    const figures = {};
    for (const { name, task } of inTurn(able, round))
      figures[name] = { bytes: await bytesOf(task, isQuick ? 100 : count) };
    // The first pays for what is made once, such as a connection.
    if (isQuick || round > 0) rounds.push(figures);
  }
  return rounds;
}

/** A function of its own, so that no register still holds what the turn before has kept. */
async function bytesOf(task, count) {
  const made = await task.prepare(count);
  const before = await heldBytes();
  const held = await task.hold(made);
  const bytes = ((await heldBytes()) - before) / count;
  await task.release(held);
  return bytes;
}

async function heldBytes() {
  await wait(20);
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
