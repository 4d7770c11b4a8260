import { anyOf, SecurityChain } from '@sallyport/core';
import { JwtHandler } from '@sallyport/handlers/jwt';
import { AUDIENCE, fresh, ISSUER, issuerOf } from '../authorities/issuer.js';
import { measure } from '../measure.js';
import { RememberingHandler, UnconcernedHandler } from '../parts/handlers.js';
import { requestOf, tokenOf } from '../parts/requests.js';
import { atMost, IS_QUICK } from '../report.js';
import { dearestOfRounds } from './fit.js';

const SIZES = IS_QUICK ? [1, 3] : [1, 3, 10, 30, 100];
const TOKENS = IS_QUICK ? 10 : 1_000;
const NUMBER = 'handlers of a chain';
const CONCERNED = 'JWT, the last has seen the token, ns';
const UNCONCERNED = 'of other schemes, before one that has, ns';

/** A decision by the last of so many handlers: each in front of it trusts another issuer, or looks for another scheme. */
export async function handlers() {
  const { publicKey, tokens } = issuerOf('ES256', TOKENS);
  const jwts = tokens.map((token) => `Bearer ${token}`);
  const opaque = Array.from({ length: TOKENS }, (_, index) => `Bearer ${tokenOf(index)}`);
  const rows = [];
  for (const size of SIZES) {
    const before = size - 1;
    const others = made(before, (index) => jwtHandler(publicKey, `https://other-${index}.example`));
    const concerned = [...others, jwtHandler(publicKey, ISSUER)];
    const unconcerned = [...made(before, (index) => new UnconcernedHandler(index)), await remembering()];
    rows.push(await rowOf(CONCERNED, size, concerned, jwts), await rowOf(UNCONCERNED, size, unconcerned, opaque));
  }
  const figures = measure(rows);
  const figureOf = (column, size) => figures.get(`${size} ${column}`);
  // Between rows of the same round: what disturbs the machine disturbs both.
  const rounds = figureOf(CONCERNED, SIZES[0]).nsOfRounds.map((_, round) =>
    SIZES.map((size) => [size, figureOf(CONCERNED, size).nsOfRounds[round]]),
  );
  return {
    rows: SIZES.map((size) => ({
      [NUMBER]: size,
      [CONCERNED]: figureOf(CONCERNED, size).ns,
      [UNCONCERNED]: figureOf(UNCONCERNED, size).ns,
    })),
    goals: [
      atMost(4, `each more of up to ${SIZES.at(-1)} JWT handlers, the dearest`, dearestOfRounds(rounds), 300, 'ns'),
    ],
  };

  async function remembering() {
    const handler = new RememberingHandler();
    for (let index = 0; index < TOKENS; index += 1) await handler.learn(tokenOf(index), index);
    return handler;
  }
}

function made(count, make) {
  return Array.from({ length: count }, (_, index) => make(index));
}

function jwtHandler(publicKey, issuer) {
  const keys = { publicKey, kid: 'key-1' };
  const issuers = [{ issuer, audience: AUDIENCE, algorithms: 'ES256', keys }];
  return new JwtHandler({ name: issuer, realm: 'bench', issuers });
}

async function rowOf(column, size, all, lines) {
  const chain = new SecurityChain({ requirement: size === 1 ? all[0] : anyOf(...all) });
  for (const line of lines) {
    const decision = await chain.decide(requestOf(line));
    if (decision.kind !== 'granted') throw new Error(decision.reason);
  }
  const make = (index) => requestOf(fresh(lines[index % lines.length]));
  return [`${size} ${column}`, make, (request) => chain.decide(request)];
}
