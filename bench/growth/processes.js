import { fork } from 'node:child_process';
import cluster from 'node:cluster';
import { once } from 'node:events';
import { join } from 'node:path';
import { openAuthority } from '../adapters/authority.js';
import { IS_QUICK, median } from '../report.js';

const SIZES = IS_QUICK ? [1, 2] : [1, 2, 3, 4];
const STARTS = IS_QUICK ? 1 : 3;
const [WARM_UP_ROUNDS, ROUNDS] = IS_QUICK ? [0, 1] : [4, 5];
const ROUND = { ms: IS_QUICK ? 10 : 400, least: 0 };
const FOLDER = join(import.meta.dirname, '../adapters');
const THROUGHPUT = 'requests/s';

/**
 * Servers in so many processes behind one port, for a bearer token that was seen before. The load takes a core for itself:
 * where there are no more cores than processes and load, more processes share what there is, and only the CPU time of a
 * request says what a further process costs.
 */
export async function processes() {
  const authority = await openAuthority(1);
  const lines = authority.tokens.map((token) => `Bearer ${token}`);
  const settings = { ...authority.settings, tokens: authority.tokens };
  const load = fork(join(FOLDER, 'load.js'), { execArgv: [] });
  const samples = SIZES.map(() => []);
  for (let start = 0; start < STARTS; start += 1) {
    for (const [index, size] of SIZES.entries()) samples[index].push(...(await roundsOf(size)));
  }
  load.disconnect();
  authority.close();
  return {
    rows: SIZES.map((size, index) => ({
      'processes behind one port': size,
      [THROUGHPUT]: median(samples[index].map(({ rate }) => rate)),
      'CPU per request, us': median(samples[index].map(({ us }) => us)),
    })),
    gains: [THROUGHPUT],
    goals: [],
  };

  async function roundsOf(size) {
    cluster.setupPrimary({ exec: join(import.meta.dirname, 'one-of-many.js'), execArgv: [] });
    const servers = Array.from({ length: size }, opened);
    await Promise.all(servers.map((server) => once(server, 'message')));
    // They take turns with the connections that come to the port of the first.
    const ask = (message) => Promise.all(servers.map((server) => asked(server, message)));
    const [port] = await ask({ framework: 'node:http', credential: 'JWT', stack: 'ours', settings });
    await asked(load, { task: 'open', port, lines });
    const rounds = [];
    for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round += 1) {
      await ask('start');
      const { requests, seconds } = await asked(load, { task: 'run', port, turns: 1, round: ROUND });
      const cpuUs = (await ask('stop')).reduce((sum, us) => sum + us, 0);
      if (round >= 0) rounds.push({ rate: requests / seconds, us: cpuUs / requests });
    }
    await asked(load, { task: 'close', port });
    await Promise.all(servers.map((server) => ended(server)));
    return rounds;
  }
}

/** Without one of them the bench would wait for ever. */
function opened() {
  return cluster.fork().on('exit', (code) => code && process.exit(code));
}

async function asked(child, message) {
  const reply = once(child, 'message');
  child.send(message);
  return (await reply)[0];
}

async function ended(server) {
  const end = once(server, 'exit');
  server.disconnect();
  await end;
}
