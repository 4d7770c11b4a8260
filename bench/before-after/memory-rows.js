// Bytes that stay: for each remembered principal, and for each caller who waits for the lookup of another.
import { issuerOf } from '../authorities/issuer.js';
import { chainOf, introspectionHandlerOf, jwtHandlerOf, opaque, requestsOf } from './bearers.js';
import { mustBeGranted } from './tasks.js';

const GROUP = 'memory';
const PRINCIPALS = 4_000;
const WAITERS = 5_000;
const AT_A_TIME = 64;
let issuer;
let opaqueTokens = 0;

async function remembered(load, handlerOf, linesOf) {
  const requestOf = await requestsOf(load);
  return {
    async prepare(count) {
      const lines = linesOf(count);
      const cache = { maxEntries: count, maxBytes: 2 ** 40 };
      return { lines, chain: await chainOf(load, await handlerOf(cache, count)) };
    },
    async hold({ lines, chain }) {
      for (let first = 0; first < lines.length; first += AT_A_TIME) {
        const some = lines.slice(first, first + AT_A_TIME).map(async (line) => chain.decide(requestOf(line)));
        for (const decision of await Promise.all(some)) mustBeGranted(decision);
      }
      return chain;
    },
    release: (chain) => chain.close(),
  };
}

function jwts(load) {
  const issuerOnce = (count) => {
    issuer ??= issuerOf('ES256', count);
    return issuer;
  };
  return remembered(
    load,
    (cache, count) => jwtHandlerOf(load, issuerOnce(count), { cache }),
    (count) => issuerOnce(count).tokens.map((token) => `Bearer ${token}`),
  );
}

function introspected(load, { port }) {
  return remembered(
    load,
    (cache) => introspectionHandlerOf(load, port, { cache }),
    (count) => Array.from({ length: count }, () => `Bearer ${opaque(`m${opaqueTokens++}`)}`),
  );
}

async function waiting(load, { port }) {
  const requestOf = await requestsOf(load);
  const line = `Bearer ${opaque('waiting')}`;
  return {
    async prepare(count) {
      const chain = await chainOf(load, await introspectionHandlerOf(load, port, { path: '/hang' }));
      await chain.start();
      const first = chain.decide(requestOf(line));
      await new Promise(setImmediate);
      return { chain, first, count };
    },
    async hold({ chain, first, count }) {
      const callers = Array.from({ length: count }, () => chain.decide(requestOf(line)));
      return { chain, callers: [first, ...callers] };
    },
    async release({ chain, callers }) {
      await chain.close();
      await Promise.all(callers);
    },
  };
}

export const MEMORY = [
  { group: GROUP, name: 'a remembered principal, JWT', isMemory: true, count: PRINCIPALS, make: jwts },
  {
    group: GROUP,
    name: 'a remembered principal, introspection',
    isMemory: true,
    count: PRINCIPALS,
    make: introspected,
  },
  { group: GROUP, name: 'a waiting caller', isMemory: true, count: WAITERS, make: waiting },
];
