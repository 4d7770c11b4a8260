import { setImmediate as aTurn } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import {
  allOf,
  anyOf,
  attempt,
  authenticated,
  optional,
  type Requirement,
  SecurityChain,
  type SecurityHandler,
  type Verdict,
} from '@sallyport/core';
import { ANONYMOUS } from '@sallyport/core/extend';
import { ask, buildRequest } from '@sallyport/core/testing';
import { alice, apiKey, plain } from '../chain/scripted-handlers.js';
import { MISBEHAVIOURS, MISEXTRACTIONS, REFUSES_THEN_GRANTS, thenable } from './misbehaviours.js';

const KEY = 'key-1234567';
const SENDS = { headers: { 'x-odd': 'it', 'x-key': 'k' } };

/** What the compiler would not let pass arrives from JavaScript. */
function odd(verify: () => unknown): SecurityHandler {
  return { ...plain('odd'), verify: verify as () => Verdict };
}

function oddlyExtracting(extract: () => unknown): SecurityHandler {
  return { ...plain('odd'), extract };
}

/** Every way in which a good proof or a lenient operator might let a bug pass. */
const PLACES: readonly (readonly [string, (handler: SecurityHandler) => Requirement])[] = [
  ['alone', (handler) => handler],
  ['before an alternative that is good', (handler) => anyOf(handler, apiKey())],
  ['beside a member that is good', (handler) => allOf(apiKey(), handler)],
  ['where it is optional', (handler) => optional(handler)],
  ['where a bad credential may be ignored', (handler) => attempt(handler)],
];

async function refusal(requirement: Requirement) {
  const chain = new SecurityChain({ requirement });
  const { status, reason, event } = await ask(chain, 'GET /', SENDS);
  const unobserved = await chain.decide(buildRequest('GET /', SENDS));
  // A rejection that nobody handles would surface now, and fail the test.
  await aTurn();
  expect(unobserved).toMatchObject({ kind: 'denied', status, reason });
  return { status, reason, culprit: event.fault?.culprit };
}

describe('verify: a handler with a bug is refused with 500 and named, never granted, never a crash', () => {
  test.each(MISBEHAVIOURS)('%s', async (_what, verify) => {
    for (const [place, requirementOf] of PLACES) {
      const answer = await refusal(requirementOf(odd(verify)));
      expect({ place, ...answer }).toEqual({ place, status: 500, reason: 'handler_threw', culprit: 'odd' });
    }
  });

  test('grants the anonymous principal', async () => {
    const answer = await refusal(odd(() => authenticated(ANONYMOUS)));
    expect(answer).toEqual({ status: 500, reason: 'handler_threw', culprit: 'odd' });
  });

  test('the event holds the step of the handler, and its message without the credential', async () => {
    const requirement = odd(() => {
      throw new Error(`nobody has the key ${KEY}`);
    });
    const { event } = await ask(new SecurityChain({ requirement }), 'GET /', { headers: { 'x-odd': KEY } });
    expect(event.steps).toMatchObject([{ handler: 'odd', verdict: 'fault', reason: 'handler_threw' }]);
    expect(event.fault).toMatchObject({ culprit: 'odd', name: 'Error', message: 'nobody has the key (cut out)' });
    expect(JSON.stringify(event)).not.toContain(KEY);
  });
});

describe('extract: a handler with a bug is refused with 500 and named, never granted, never a crash', () => {
  test.each(MISEXTRACTIONS)('%s', async (_what, extract) => {
    for (const [place, requirementOf] of PLACES) {
      const answer = await refusal(requirementOf(oddlyExtracting(extract)));
      expect({ place, status: answer.status, culprit: answer.culprit }).toEqual({ place, status: 500, culprit: 'odd' });
      expect(answer.reason).toMatch(/^handler_(?:threw|extract_misbehaved)$/);
    }
  });
});

describe('what is odd but no bug', () => {
  test('a thenable that answers twice is held to its first word', async () => {
    const answer = await refusal(odd(() => REFUSES_THEN_GRANTS));
    expect(answer).toEqual({ status: 401, reason: 'first_word', culprit: undefined });
  });

  test('a thenable that is no promise may grant', async () => {
    const handler = odd(() => thenable((resolve) => resolve(alice())));
    expect(await ask(new SecurityChain({ requirement: handler }), 'GET /', SENDS)).toMatchObject({ status: 200 });
  });

  test('a credential that cannot be looked at is decided about as usual, watched or not', async () => {
    const credential = Object.defineProperty({}, 'fingerprint', {
      get() {
        throw new Error('do not look');
      },
    });
    const chain = new SecurityChain({ requirement: oddlyExtracting(() => credential) });
    expect(await ask(chain, 'GET /', SENDS)).toMatchObject({ status: 200 });
    expect(chain.decide(buildRequest('GET /', SENDS))).toMatchObject({ kind: 'granted' });
  });

  test('a broken handler breaks no other request', async () => {
    const says: (() => Verdict)[] = [
      () => {
        throw new Error('once');
      },
      () => alice(),
    ];
    const chain = new SecurityChain({ requirement: odd(() => says.shift()?.()) });
    expect((await ask(chain, 'GET /', SENDS)).status).toBe(500);
    expect((await ask(chain, 'GET /', SENDS)).status).toBe(200);
  });
});

describe('a handler that changes what it was given', () => {
  const meddler: SecurityHandler = {
    ...plain('meddler', 'authorization:bearer'),
    verify: (_credential, request) => {
      const { authorization } = request;
      for (const target of [request, authorization]) {
        for (const name of [
          'method',
          'target',
          'path',
          'authorization',
          'kind',
          'scheme',
          'value',
          'header',
          'route',
        ]) {
          Reflect.set(target, name, 'meddled');
          Reflect.defineProperty(target, name, { value: 'meddled' });
        }
      }
      request.headerLines('x-key').push('meddled');
      return alice();
    },
  };

  test('is not seen by the next handler, nor by guards', async () => {
    const seen: unknown[] = [];
    const witness = { ...plain('key', 'header:x-key') };
    const requirement = allOf(meddler, witness);
    const chain = new SecurityChain({
      requirement,
      guards: [
        function look(_principal, request) {
          const { method, target, path, authorization, route } = request;
          const { scheme, value } = authorization.kind === 'credentials' ? authorization : { scheme: '', value: '' };
          seen.push({ method, target, path, scheme, value, route, key: request.header('x-key') });
          return true;
        },
      ],
    });
    const answer = await ask(chain, 'GET /a?b', { bearer: 'token', headers: { 'x-key': 'k' } });
    expect(answer.status).toBe(200);
    expect(seen).toEqual([
      { method: 'GET', target: '/a?b', path: '/a', scheme: 'bearer', value: 'token', route: undefined, key: 'k' },
    ]);
  });

  test('cannot change a principal after the fact', async () => {
    const { principal } = await ask(new SecurityChain({ requirement: plain('odd') }), 'GET /', SENDS);
    expect(Reflect.set(principal ?? {}, 'subject', 'mallory')).toBe(false);
    expect(Reflect.set(principal?.scopes ?? {}, 0, 'admin')).toBe(false);
    expect(Reflect.set(principal?.claims ?? {}, 'admin', true)).toBe(false);
    expect(Reflect.set(principal?.via[0] ?? {}, 'handler', 'other')).toBe(false);
  });
});
