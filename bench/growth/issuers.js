import { SecurityChain } from '@sallyport/core';
import { JwtHandler } from '@sallyport/handlers/jwt';
import { AUDIENCE, fresh, issuerOf } from '../authorities/issuer.js';
import { measure } from '../measure.js';
import { requestOf } from '../parts/requests.js';
import { IS_QUICK, median } from '../report.js';

const SIZES = IS_QUICK ? [1, 10] : [1, 10, 100, 1_000];
const TOKENS = IS_QUICK ? 10 : 1_000;
const [WARM_UP_ROUNDS, ROUNDS] = IS_QUICK ? [0, 1] : [3, 9];

/** A decision by one handler that trusts so many issuers, each of which issued its share of the tokens. */
export async function issuers() {
  const settings = [];
  for (const size of SIZES) settings.push(await settingOf(size));
  const figures = measure(
    settings.map(({ size, lines, chain }) => [
      size,
      (call) => requestOf(fresh(lines[call % TOKENS])),
      (request) => chain.decide(request),
    ]),
  );
  const first = SIZES.map(() => []);
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round += 1) {
    for (const [index, setting] of settings.entries()) {
      const us = await firstUses(setting);
      if (round >= 0) first[index].push(us);
    }
  }
  return {
    rows: SIZES.map((size, index) => ({
      'issuers of a handler': size,
      'remembered, ns': figures.get(size).ns,
      'first use, CPU us': median(first[index]),
    })),
    goals: [],
  };
}

/** A chain and tokens of all its issuers, for which it was asked before. They share one key, as nothing depends on it. */
async function settingOf(size) {
  const nameOf = (index) => `https://as-${index % size}.example.com`;
  const { publicKey, tokens } = issuerOf('ES256', TOKENS, nameOf);
  const keys = { publicKey, kid: 'key-1' };
  const issuers = Array.from({ length: size }, (_, index) => ({
    issuer: nameOf(index),
    audience: AUDIENCE,
    algorithms: 'ES256',
    keys,
  }));
  const chainWith = (cache) => new SecurityChain({ requirement: new JwtHandler({ realm: 'bench', issuers, cache }) });
  const lines = tokens.map((token) => `Bearer ${token}`);
  const chain = chainWith({});
  for (const line of lines) await prove(chain, line);
  return { size, lines, chain, forgetful: chainWith({ ttlSeconds: 0 }) };
}

/** CPU time of all threads per token, each in a turn of the event loop of its own, as requests come. */
async function firstUses({ lines, forgetful }) {
  const started = process.cpuUsage();
  for (const line of lines) {
    await prove(forgetful, line);
    await new Promise(setImmediate);
  }
  const { user, system } = process.cpuUsage(started);
  return (user + system) / lines.length;
}

async function prove(chain, line) {
  const decision = await chain.decide(requestOf(line));
  if (decision.kind !== 'granted') throw new Error(decision.reason);
}
