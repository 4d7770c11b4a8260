// Bytes that stay: for each remembered principal, and for each caller who waits for the lookup of another.
import { fresh, issuerOf } from '../authorities/issuer.js';
import { chainOf, introspectionHandlerOf, jwtHandlerOf, opaque, requestsOf } from './bearers.js';
import { mustBeGranted } from './tasks.js';

const GROUP = 'memory';
const PRINCIPALS = 4_000;
const WAITERS = 5_000;
const AT_A_TIME = 64;
/** So many of those that are counted are remembered before: what a cache or a connection needs once is there then. */
const FIRST_SHARE = 0.25;
let issuer;
let opaqueTokens = 0;

async function remembered(load, handlerOf, linesOf) {
  const requestOf = await requestsOf(load);
  const decide = async (chain, lines) => {
    for (let next = 0; next < lines.length; next += AT_A_TIME) {
      const some = lines.slice(next, next + AT_A_TIME).map(async (line) => chain.decide(requestOf(line)));
      for (const decision of await Promise.all(some)) mustBeGranted(decision);
    }
  };
  return {
    async prepare(count) {
      // Flat already: a text that is put together would be copied on its first use, and counted.
      const first = Math.ceil(count * FIRST_SHARE);
      const lines = linesOf(first + count).map(fresh);
      const cache = { maxEntries: lines.length, maxBytes: 2 ** 40 };
      const chain = await chainOf(load, await handlerOf(cache, lines.length));
      await decide(chain, lines.slice(0, first));
      return { lines: lines.slice(first), chain };
    },
    async hold({ lines, chain }) {
      await decide(chain, lines);
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
  const { SecurityRequest } = await load('@sallyport/core/extend');
  // One text for all: what Node has read for each of them is not ours.
  const rawHeaders = ['Host', 'api', 'Authorization', `Bearer ${opaque('waiting')}`];
  const newRequest = () => new SecurityRequest({ method: 'GET', target: '/orders', rawHeaders });
  return {
    async prepare(count) {
      const chain = await chainOf(load, await introspectionHandlerOf(load, port, { path: '/hang' }));
      await chain.start();
      const first = chain.decide(newRequest());
      await new Promise(setImmediate);
      return { chain, first, count };
    },
    async hold({ chain, first, count }) {
      const callers = Array.from({ length: count }, () => chain.decide(newRequest()));
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
