// What a cache costs: a hit, a lookup, and the memory of a million principals (goals 7, 10).
// Run after a build: npm run bench -- cache [--quick] [tokens]
import { hash } from 'node:crypto';
import { denied } from '@sallyport/core';
import { VerdictCache } from '@sallyport/core/extend';
import { LRUCache } from 'lru-cache';
import { fresh } from './authorities/issuer.js';
import { measure } from './measure.js';
import { bytesOf, cacheOf, claimsOf, verdictOf } from './parts/principals.js';
import { requestOf, tokenOf } from './parts/requests.js';
import { atMost, IS_QUICK, printGoals, printTable } from './report.js';

const ENOUGH = IS_QUICK ? 2_000 : 1_000_000;
const TOKENS = Number(process.argv.slice(2).find((argument) => /^\d+$/.test(argument)) ?? ENOUGH);
const LOOKUPS = IS_QUICK ? 800 : 100_000;

if (globalThis.gc === undefined) throw new Error('benches run by their names: npm run bench -- cache');

async function hits() {
  const tokens = Array.from({ length: 1_000 }, (_, index) => tokenOf(index));
  const cache = new VerdictCache({ namespace: 'bench', ttlSeconds: 3_600 });
  const byHash = new Map();
  const byToken = new LRUCache({ max: 10_000 });
  for (const [index, token] of tokens.entries()) {
    const verdict = verdictOf(index);
    await cache.resolve(token, requestOf('Bearer bench'), async () => verdict);
    byHash.set(hash('sha256', token, 'binary'), verdict);
    byToken.set(token, verdict);
  }
  const request = requestOf('Bearer bench');
  const load = () => Promise.reject(new Error('not asked'));
  const next = (index) => fresh(tokens[index % tokens.length]);
  const figures = measure([
    ['limit: unkeyed hash, Map', next, (token) => byHash.get(hash('sha256', token, 'binary'))],
    ['by hand: lru-cache by the whole token', next, (token) => byToken.get(token)],
    ['VerdictCache.find', next, (token) => cache.find(token, request)],
    ['VerdictCache.resolve', next, (token) => cache.resolve(token, request, load)],
  ]);
  return [...figures].map(([row, { ns, bytes }]) => ({
    row,
    ns: Math.round(ns),
    'bytes allocated': Math.round(bytes),
  }));
}

async function misses() {
  const cache = new VerdictCache({ namespace: 'bench' });
  const refusal = denied('token_inactive');
  const started = performance.now();
  for (let sent = 0; sent < LOOKUPS; sent += 8) {
    const request = requestOf('Bearer bench');
    await Promise.all(
      [0, 1, 2, 3, 4, 5, 6, 7].map((index) => cache.resolve(`bad ${sent + index}`, request, async () => refusal)),
    );
  }
  return [{ row: 'a lookup, without its handler', ns: Math.round(((performance.now() - started) / LOOKUPS) * 1e6) }];
}

async function stampede() {
  const cache = new VerdictCache({ namespace: 'bench' });
  let calls = 0;
  const load = async () => {
    calls += 1;
    return verdictOf(1);
  };
  await Promise.all(Array.from({ length: 1_000 }, () => cache.resolve('token', requestOf('Bearer bench'), load)));
  return atMost(7, 'loads for 1,000 concurrent first uses of one credential', calls, 1);
}

async function memory() {
  const rawKeys = await bytesOf(() => {
    const cache = new LRUCache({ max: TOKENS });
    for (let index = 0; index < TOKENS; index += 1) cache.set(tokenOf(index), JSON.parse(claimsOf(index)));
    return cache;
  });
  rawKeys.kept.clear();
  const hashKeys = await bytesOf(() => {
    const cache = new LRUCache({ max: TOKENS });
    const keyOf = (index) => hash('sha256', tokenOf(index), 'base64url');
    for (let index = 0; index < TOKENS; index += 1) cache.set(keyOf(index), JSON.parse(claimsOf(index)));
    return cache;
  });
  hashKeys.kept.clear();
  const ours = await bytesOf(() => cacheOf(TOKENS));
  const each = ({ bytes }) => Math.round(bytes / TOKENS);
  printTable([
    { row: 'by hand: lru-cache, token -> parsed claims', 'bytes per token': each(rawKeys) },
    { row: 'by hand: lru-cache, hash -> parsed claims', 'bytes per token': each(hashKeys) },
    { row: 'VerdictCache: hash -> verdict, principal, claims', 'bytes per token': each(ours) },
  ]);
  return atMost(10, `memory per cached principal, ${TOKENS} tokens`, each(ours), 500, 'bytes');
}

printTable(await hits());
printTable(await misses());
printGoals([await stampede(), await memory()]);
