// What a JWT costs: a decision about a token seen before, and the verification of one never seen, against node:crypto,
// jose, fast-jwt and jsonwebtoken in the same run (goals 3, 4, 5).
// Run after a build: npm run bench -- jwt [--quick]
import { hash } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { anyOf, SecurityChain } from '@sallyport/core';
import { SecurityRequest } from '@sallyport/core/extend';
import { JwtHandler } from '@sallyport/handlers/jwt';
import { createVerifier } from 'fast-jwt';
import { jwtVerify } from 'jose';
import jsonwebtoken from 'jsonwebtoken';
import { ALGORITHMS, AUDIENCE, fresh, ISSUER, issuerOf, verifyAsync, verifySync } from './authorities/issuer.js';
import { measure } from './measure.js';
import { atMost, IS_QUICK, printGoals, printTable, quartiles } from './report.js';

const ROUNDS = IS_QUICK ? 1 : 7;
/** Rounds that are not counted: until then the compiler is at work. */
const WARM_UP_ROUNDS = IS_QUICK ? 0 : 5;
const FIRST_CALLS = IS_QUICK ? 64 : 3_000;
/** A cache that has forgotten a token when it comes again in the next round, so that a chain goes on as in a server. */
const SMALL_CACHE = { ttlSeconds: 3_600, maxEntries: FIRST_CALLS / 4 };
const TOKENS = IS_QUICK ? 100 : 1_000;
const WIDTHS = [1, 64];
const CONNECTIONS = 50;
const HANDLERS = [1, 3, 10, 50];
const WITH_A_GOAL = ['RS256', 'ES256'];

const CACHE = { ttlSeconds: 3_600, maxEntries: 10_000 };

/** What a peer checks of a token. */
const PEER = (alg) => ({ algorithms: [alg], issuer: ISSUER, audience: AUDIENCE, typ: 'at+jwt' });

function handlerOf({ alg, publicKey }, name = ISSUER, cache = CACHE) {
  const issuer = { issuer: name, audience: AUDIENCE, algorithms: alg, keys: { publicKey, kid: 'key-1' } };
  return new JwtHandler({ name, realm: 'bench', issuers: [issuer], cache });
}

function chainOf(issuer) {
  return new SecurityChain({ requirement: handlerOf(issuer) });
}

/** The handler that takes the tokens is the last of so many. */
function chainOfMany(issuer, count) {
  const others = Array.from({ length: count - 1 }, (_, index) => handlerOf(issuer, `https://other-${index}.example`));
  return new SecurityChain({ requirement: anyOf(...others, handlerOf(issuer)) });
}

function requestOf(authorization, connection = undefined) {
  const rawHeaders = ['Authorization', authorization];
  return new SecurityRequest({ method: 'GET', target: '/orders', rawHeaders, connection });
}

async function cached() {
  const issuer = issuerOf('RS256', TOKENS);
  const chain = chainOf(issuer);
  const lines = issuer.tokens.map((token) => `Bearer ${token}`);
  const byHash = new Map();
  for (const [index, line] of lines.entries()) {
    const decision = await chain.decide(requestOf(line));
    if (decision.kind !== 'granted') throw new Error(decision.reason);
    byHash.set(hash('sha256', issuer.tokens[index], 'base64url'), decision);
  }
  const lineOf = (index) => fresh(lines[index % TOKENS]);
  if (chain.decide(requestOf(lineOf(0))) instanceof Promise) throw new Error('a cached decision is a promise');
  const connections = Array.from({ length: CONNECTIONS }, () => new EventEmitter());
  const sentAgain = (index) => requestOf(fresh(lines[index % CONNECTIONS]), connections[index % CONNECTIONS]);
  const figures = measure([
    ['limit: unkeyed hash, Map', lineOf, (line) => byHash.get(hash('sha256', line.slice(7), 'base64url'))],
    ['decide(), token seen before', (index) => requestOf(lineOf(index)), (request) => chain.decide(request)],
    ['decide(), the same header on its connection', sentAgain, (request) => chain.decide(request)],
  ]);
  const [limit, decided, again] = [...figures.values()];
  printTable(
    [...figures].map(([name, { ns, bytes, nsOfRounds }]) => ({
      'a token seen before': name,
      us: inUs(nsOfRounds),
      'x limit': (ns / limit.ns).toFixed(2),
      'bytes allocated': Math.round(bytes),
    })),
  );
  return [
    atMost(3, 'remembered decide(), JWT', decided.ns / 1_000, 1.6, 'us'),
    atMost(3, 'remembered decide(), JWT, the same header on its connection', again.ns / 1_000, 0.8, 'us'),
    atMost(3, 'remembered decide(), JWT, allocated', Math.round(decided.bytes), 600, 'bytes'),
  ];
}

function inUs(nsOfRounds) {
  return quartiles(nsOfRounds.map((ns) => ns / 1_000));
}

async function lastOfMany() {
  const issuer = issuerOf('RS256', TOKENS);
  const lines = issuer.tokens.map((token) => `Bearer ${token}`);
  const rows = [];
  for (const count of HANDLERS) {
    const chain = chainOfMany(issuer, count);
    for (const line of lines) await chain.decide(requestOf(line));
    rows.push([count, (index) => requestOf(fresh(lines[index % TOKENS])), (request) => chain.decide(request)]);
  }
  const figures = measure(rows);
  const [first] = HANDLERS;
  const each = (count) => (figures.get(count).ns - figures.get(first).ns) / (count - first) / 1_000;
  printTable(
    [...figures].map(([count, { bytes, nsOfRounds }]) => ({
      'JWT handlers, the last takes the token': count,
      us: inUs(nsOfRounds),
      'us for each more': count === first ? '' : each(count).toFixed(2),
      'bytes allocated': Math.round(bytes),
    })),
  );
  return atMost(
    4,
    `each more JWT handler in front of that of a remembered token, ${HANDLERS.at(-1)}`,
    each(HANDLERS.at(-1)),
    0.3,
    'us',
  );
}

/** Verification by fast-jwt, which remembers only if it is told to. */
function fastVerifierOf({ alg, publicKey }) {
  const { algorithms, issuer, audience, typ } = PEER(alg);
  const key = publicKey.export({ format: 'pem', type: 'spki' });
  return createVerifier({ key, algorithms, allowedIss: issuer, allowedAud: audience, checkTyp: typ });
}

/** It does not know EdDSA. */
function jsonwebtokenVerify({ alg, publicKey }, token) {
  const { typ, ...options } = PEER(alg);
  const { header, payload } = jsonwebtoken.verify(token, publicKey, { ...options, complete: true });
  if (header.typ !== typ) throw new Error('another type');
  return payload;
}

const nextTurn = () => new Promise(setImmediate);

/**
 * Runs a task for every token, so many at a time, each in a turn of the event loop of its own, as requests come: the CPU time
 * of all threads per token, in us.
 */
async function inFlight(tokens, width, task) {
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < tokens.length; index = next++) {
      await task(tokens[index]);
      await nextTurn();
    }
  };
  const started = process.cpuUsage();
  await Promise.all(Array.from({ length: width }, worker));
  const { user, system } = process.cpuUsage(started);
  return (user + system) / tokens.length;
}

async function first(alg) {
  const issuer = issuerOf(alg, FIRST_CALLS);
  const proveWithChain = () => {
    const chain = new SecurityChain({ requirement: handlerOf(issuer, ISSUER, SMALL_CACHE) });
    return async (token) => {
      const decision = await chain.decide(requestOf(`Bearer ${token}`));
      if (decision.kind !== 'granted') throw new Error(decision.reason);
    };
  };
  const fastVerifier = fastVerifierOf(issuer);
  const ways = [
    ['limit: verify and JSON.parse at once', () => async (token) => verifySync(issuer, token)],
    ['the same in the thread pool', () => (token) => verifyAsync(issuer, token)],
    ['jose jwtVerify', () => (token) => jwtVerify(token, issuer.publicKey, PEER(alg))],
    ['decide()', proveWithChain],
    ['fast-jwt', () => async (token) => fastVerifier(token)],
    ...(alg === 'EdDSA' ? [] : [['jsonwebtoken', () => async (token) => jsonwebtokenVerify(issuer, token)]]),
  ];
  const rows = ways.flatMap(([name, start]) => WIDTHS.map((width) => [name, width, start()]));
  const samples = rows.map(() => []);
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round += 1) {
    for (const [row, [, width, task]] of rows.entries()) {
      const sample = await inFlight(issuer.tokens, width, task);
      if (round >= 0) samples[row].push(sample);
    }
  }
  const figures = samples.map(quartiles);
  const cpuOf = (wanted, width) => figures[rows.findIndex(([name, each]) => name === wanted && each === width)].median;
  const [limit, , jose, ours] = ways.map(([name]) => name);
  printTable(
    rows.map(([name, width], row) => ({
      [`${alg}, a token never seen`]: name,
      'in flight': width,
      'CPU us, least': Math.min(...samples[row]).toFixed(1),
      'CPU us': figures[row],
      'x limit': figures[row].median / cpuOf(limit, width),
    })),
  );
  return WIDTHS.flatMap((width) => {
    const what = `${alg} never seen before, ${width} in flight, CPU`;
    return [
      atMost(5, `${what} against verify and JSON.parse`, cpuOf(ours, width) / cpuOf(limit, width), 1.7),
      atMost(5, `${what} against jose`, cpuOf(ours, width) / cpuOf(jose, width), 1),
    ];
  });
}

const goals = [...(await cached()), await lastOfMany()];
for (const alg of Object.keys(ALGORITHMS)) {
  const reached = await first(alg);
  if (WITH_A_GOAL.includes(alg)) goals.push(...reached);
}
printGoals(goals);
