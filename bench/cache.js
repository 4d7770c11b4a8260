// What a cache costs: a hit, a lookup, and the memory of a million principals (goals 7, 10).
// Run after a build: npm run bench -- cache [--quick] [tokens]
import { hash, randomUUID } from 'node:crypto';
import { authenticated, createPrincipal, denied } from '@sallyport/core';
import { SecurityRequest, VerdictCache } from '@sallyport/core/extend';
import { LRUCache } from 'lru-cache';
import { measure } from './measure.js';
import { atMost, IS_QUICK, printGoals, printTable } from './report.js';

const ENOUGH = IS_QUICK ? 2_000 : 1_000_000;
const TOKENS = Number(process.argv.slice(2).find((argument) => /^\d+$/.test(argument)) ?? ENOUGH);
const LOOKUPS = IS_QUICK ? 800 : 100_000;
const VIA = Object.freeze([Object.freeze({ handler: 'introspection', scheme: 'bearer' })]);

if (globalThis.gc === undefined) throw new Error('benches run by their names: npm run bench -- cache');

function aRequest() {
  return new SecurityRequest({ method: 'GET', target: '/', rawHeaders: [] });
}

/** A token of 700 characters, as a flat string, the way a header brings it. */
function tokenOf(index) {
  return Buffer.from(`${index}.`.padEnd(700, 'eyJhbGciOiJSUzI1NiJ9')).toString('latin1');
}

function claimsOf(index) {
  return JSON.stringify({
    active: true,
    iss: 'https://as.example.com',
    sub: `user-${100_000 + index}`,
    aud: 'https://api.example.com',
    client_id: 'web-shop',
    scope: 'orders:read orders:write',
    exp: 2_000_000_000 + (index % 3_600),
    iat: 1_763_996_400 + (index % 3_600),
    jti: randomUUID(),
  });
}

function verdictOf(index) {
  const claims = JSON.parse(claimsOf(index));
  return authenticated(
    createPrincipal({
      issuer: claims.iss,
      subject: claims.sub,
      clientId: claims.client_id,
      scopes: claims.scope.split(' '),
      audience: [claims.aud],
      claims,
      expiresAt: claims.exp,
      issuedAt: claims.iat,
      via: VIA,
    }),
  );
}

async function hits() {
  const tokens = Array.from({ length: 1_000 }, (_, index) => tokenOf(index));
  const cache = new VerdictCache({ namespace: 'bench', ttlSeconds: 3_600 });
  const byHash = new Map();
  const byToken = new LRUCache({ max: 10_000 });
  for (const [index, token] of tokens.entries()) {
    const verdict = verdictOf(index);
    await cache.resolve(token, aRequest(), async () => verdict);
    byHash.set(hash('sha256', token, 'binary'), verdict);
    byToken.set(token, verdict);
  }
  const request = aRequest();
  const load = () => Promise.reject(new Error('not asked'));
  // A header brings a new string each time; a string that was looked up before would bring its hash along.
  const fresh = (index) => Buffer.from(tokens[index % tokens.length], 'latin1').latin1Slice();
  const figures = measure([
    ['limit: unkeyed hash, Map', fresh, (token) => byHash.get(hash('sha256', token, 'binary'))],
    ['by hand: lru-cache by the whole token', fresh, (token) => byToken.get(token)],
    ['VerdictCache.find', fresh, (token) => cache.find(token, request)],
    ['VerdictCache.resolve', fresh, (token) => cache.resolve(token, request, load)],
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
    const request = aRequest();
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
  await Promise.all(Array.from({ length: 1_000 }, () => cache.resolve('token', aRequest(), load)));
  return atMost(7, 'loads for 1,000 concurrent first uses of one credential', calls, 1);
}

function usedBytes() {
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

async function bytesPer(keep) {
  const before = usedBytes();
  const kept = await keep();
  const bytes = Math.round((usedBytes() - before) / TOKENS);
  return { kept, bytes };
}

async function memory() {
  const rawKeys = await bytesPer(() => {
    const cache = new LRUCache({ max: TOKENS });
    for (let index = 0; index < TOKENS; index += 1) cache.set(tokenOf(index), JSON.parse(claimsOf(index)));
    return cache;
  });
  rawKeys.kept.clear();
  const hashKeys = await bytesPer(() => {
    const cache = new LRUCache({ max: TOKENS });
    const keyOf = (index) => hash('sha256', tokenOf(index), 'base64url');
    for (let index = 0; index < TOKENS; index += 1) cache.set(keyOf(index), JSON.parse(claimsOf(index)));
    return cache;
  });
  hashKeys.kept.clear();
  const ours = await bytesPer(async () => {
    const options = { namespace: 'bench', ttlSeconds: 3_600, maxEntries: TOKENS, maxBytes: 2 ** 40 };
    const cache = new VerdictCache(options);
    for (let index = 0; index < TOKENS; index += 1) {
      await cache.resolve(tokenOf(index), aRequest(), async () => verdictOf(index));
    }
    return cache;
  });
  if (ours.kept.statistics.entries !== TOKENS) throw new Error('not all of them were kept');
  printTable([
    { row: 'by hand: lru-cache, token -> parsed claims', 'bytes per token': rawKeys.bytes },
    { row: 'by hand: lru-cache, hash -> parsed claims', 'bytes per token': hashKeys.bytes },
    { row: 'VerdictCache: hash -> verdict, principal, claims', 'bytes per token': ours.bytes },
  ]);
  return atMost(10, `memory per cached principal, ${TOKENS} tokens`, ours.bytes, 400, 'bytes');
}

printTable(await hits());
printTable(await misses());
printGoals([await stampede(), await memory()]);
