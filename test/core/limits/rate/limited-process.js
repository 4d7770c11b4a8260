// One process of several that share their limits over Redis: asks for each key evenly, and prints what was granted when.
import { rateLimit } from '@sallyport/core';
import { ANONYMOUS } from '@sallyport/core/extend';
import { RedisCounterStore } from '@sallyport/core/redis';
import { buildRequest } from '@sallyport/core/testing';
import { createClient } from 'redis';

const { port, startsAtMs, seconds, secret, limits } = JSON.parse(process.argv[2]);
/** How often it looks what is due. */
const TICK_MS = 5;
const now = () => performance.timeOrigin + performance.now();

async function main() {
  const socket = { port, host: '127.0.0.1', reconnectStrategy: () => 200, connectTimeout: 200 };
  const client = createClient({ socket, disableOfflineQueue: true }).on('error', () => {});
  const connecting = client.connect().catch(() => {});
  await Promise.race([connecting, new Promise((resolve) => setTimeout(resolve, 500))]);
  // A machine that is busy for a moment is not to look like a store that is away.
  const counterStore = new RedisCounterStore({ secret, timeoutMs: 2_000 }, { client });
  const runs = limits.map(({ keys, perSecond, ...options }) => {
    let key = '';
    const limit = rateLimit({ ...options, storeTimeoutMs: 2_000, by: () => key }, { counterStore });
    const granted = Object.fromEntries(keys.map((each) => [each, []]));
    let sent = 0;
    const due = (elapsedMs) => {
      for (; sent < (elapsedMs / 1_000) * perSecond; sent += 1) {
        for (const each of keys) {
          key = each;
          const sentMs = now();
          Promise.resolve(limit.check(ANONYMOUS, buildRequest('/'))).then(({ kind }) => {
            if (kind === 'permitted') granted[each].push(sentMs);
          });
        }
      }
    };
    return { name: options.name, granted, due };
  });
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, startsAtMs - now())));
  const beganMs = now();
  let lookedMs = beganMs;
  let lateMs = 0;
  await new Promise((resolve) => {
    const timer = setInterval(() => {
      const elapsedMs = now() - beganMs;
      lateMs = Math.max(lateMs, now() - lookedMs);
      lookedMs = now();
      for (const { due } of runs) due(Math.min(elapsedMs, seconds * 1_000));
      if (elapsedMs < seconds * 1_000) return;
      clearInterval(timer);
      setTimeout(resolve, 500);
    }, TICK_MS);
  });
  const told = Object.fromEntries(runs.map(({ name, granted }) => [name, granted]));
  process.stdout.write(JSON.stringify({ granted: told, lateMs }), () => process.exit());
}

main();
