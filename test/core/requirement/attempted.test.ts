import { expect, test } from '@jest/globals';
import {
  allOf,
  anyOf,
  attempt,
  authenticated,
  createPrincipal,
  denied,
  type Requirement,
  SecurityChain,
  type SecurityHandler,
  unavailable,
  type Verdict,
} from '@sallyport/core';
import { challenge, SecurityRequest } from '@sallyport/core/extend';

function handler(name: string, verdict: Verdict): SecurityHandler {
  return {
    name,
    challenges: [challenge(name)],
    source: { at: `header:x-${name}` },
    extract: (request) => request.header(`x-${name}`),
    verify: () => verdict,
  };
}

const lapsed = handler('lapsed', denied('lapsed'));
const wrong = handler('wrong', denied('wrong'));
const down = handler('down', unavailable('down'));
const good = handler('good', authenticated(createPrincipal({ subject: 'alice' })));

async function decide(requirement: Requirement) {
  const rawHeaders = ['lapsed', 'wrong', 'down', 'good'].flatMap((name) => [`x-${name}`, 'it']);
  return new SecurityChain({ requirement }).decide(new SecurityRequest({ method: 'GET', target: '/', rawHeaders }));
}

test('attempt: the granted decision tells the first refusal that was let pass', async () => {
  expect(await decide(allOf(attempt(lapsed), attempt(wrong), good))).toMatchObject({
    kind: 'granted',
    attempted: { kind: 'denied', reason: 'lapsed' },
  });
});

test('attempt: what an alternative let pass is not told when that alternative did not grant', async () => {
  const decision = await decide(anyOf(allOf(attempt(lapsed), down), good));
  expect(decision).toMatchObject({ kind: 'granted', principal: { subject: 'alice' }, attempted: undefined });
});

test('attempt: around another attempt, the refusal that ended the whole is told', async () => {
  expect(await decide(attempt(allOf(attempt(lapsed), wrong)))).toMatchObject({
    kind: 'granted',
    principal: { kind: 'anonymous' },
    attempted: { reason: 'wrong' },
  });
});
