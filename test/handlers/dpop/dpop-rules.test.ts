import { hash } from 'node:crypto';
import { describe, test } from '@jest/globals';
import { handlerRules, type ManualClock } from '@sallyport/core/testing';
import { DpopClient, DpopUnderTest } from './dpop-fixture.js';

const client = new DpopClient();
const token = client.token();

/** The key of a mark, by the `jti` of its proof. */
const markOf = (jti: string) => hash('sha256', JSON.stringify(['dpop', 'jwt', client.thumbprint, jti]), 'base64url');

/** The rules send the same proof several times, so this store takes each again. */
const onceStore = {
  mark(key: string) {
    if (key === markOf('stalled')) return new Promise<never>(() => {});
    if (key === markOf('outage')) throw new Error('the store is down');
    return true;
  },
};

const sent = (proof: string | readonly string[], of = token) => ({
  headers: { Authorization: `DPoP ${of}`, DPoP: proof },
});
const proofOf = (jti: string) => client.proof(token, { line: 'GET /', claims: { jti } });

describe('a JWT handler that takes DPoP tokens', () => {
  const rules = handlerRules(
    (clock: ManualClock) => new DpopUnderTest({ windowSeconds: 600 }, { clock, onceStore }).handler,
    {
      accepted: [sent(proofOf('good'))],
      refused: [
        sent(client.proof(token, { line: 'POST /' })),
        sent(new DpopClient().proof(token, { line: 'GET /' })),
        sent([proofOf('one'), proofOf('another')]),
        sent('not.a.proof'),
        sent(proofOf('of-another-token'), new DpopClient().token()),
      ],
      foreign: [{ basic: ['alice', 'correct horse battery'] }],
      unavailable: [sent(proofOf('outage'))],
      stalled: sent(proofOf('stalled')),
    },
  );
  for (const { title, check } of rules) test(title, check);
});
