import { Revocations, SecurityChain } from '@sallyport/core';
import { fresh } from '../authorities/issuer.js';
import { measure } from '../measure.js';
import { RememberingHandler } from '../parts/handlers.js';
import { requestOf, tokenOf } from '../parts/requests.js';
import { IS_QUICK, median } from '../report.js';

const SIZES = IS_QUICK ? [0, 10, 20] : [0, 100, 1_000, 10_000, 100_000];
const TOKENS = IS_QUICK ? 10 : 1_000;
const ROUNDS = IS_QUICK ? 1 : 9;
/** More would change the number that is looked at. */
const REVOKED = IS_QUICK ? 2 : 20;

/** A decision about a token that is remembered and not revoked, and one more revocation, where so many are revoked. */
export async function revocations() {
  const settings = [];
  for (const size of SIZES) settings.push(await settingOf(size));
  const figures = measure(
    settings.map(({ chain, size }) => [
      size,
      (call) => requestOf(fresh(`Bearer ${tokenOf(call % TOKENS)}`)),
      (request) => chain.decide(request),
    ]),
  );
  const samples = SIZES.map(() => ({ subject: [], token: [] }));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [index, { revoked }] of settings.entries()) {
      samples[index].subject.push(await revoke((each) => revoked.revokeSubject(`late-${round}-${each}`)));
      samples[index].token.push(await revoke((each) => revoked.revokeJti(`late-${round}-${each}`)));
    }
  }
  return {
    rows: SIZES.map((size, index) => ({
      'revocations, half of subjects and half of tokens': size,
      'remembered decision, ns': figures.get(size).ns,
      'to revoke a subject, us': median(samples[index].subject),
      'to revoke a token by its jti, us': median(samples[index].token),
    })),
    goals: [],
  };
}

async function settingOf(size) {
  const revoked = new Revocations();
  for (let index = 0; index < size / 2; index += 1) {
    await revoked.revokeSubject(`other-${index}`);
    await revoked.revokeJti(`other-${index}`);
  }
  if (revoked.size !== size) throw new Error(`${revoked.size} revocations, not ${size}`);
  const handler = new RememberingHandler({ revocations: revoked });
  for (let index = 0; index < TOKENS; index += 1) await handler.learn(tokenOf(index), index);
  return { size, revoked, chain: new SecurityChain({ requirement: handler }) };
}

/** Microseconds for each. */
async function revoke(task) {
  const started = performance.now();
  for (let each = 0; each < REVOKED; each += 1) await task(each);
  return ((performance.now() - started) * 1_000) / REVOKED;
}
