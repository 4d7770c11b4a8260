import { afterEach, describe, expect, jest, test } from '@jest/globals';
import {
  createPrincipal,
  denied,
  guard,
  headerHandler,
  onDecision,
  SecurityChain,
  type SecurityHandler,
} from '@sallyport/core';
import { bearerChallenge, isDecision, SecurityRequest, systemClock } from '@sallyport/core/extend';
import { ask, buildRequest } from '@sallyport/core/testing';
import { deciding, eventsOf } from './deciding.js';

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
  jest.restoreAllMocks();
});

describe('a decision as an event', () => {
  test('tells chain, route, operation, caller, outcome and every handler asked', async () => {
    const [event] = await eventsOf(() => deciding().ask('good'));
    expect(event).toEqual({
      chain: 'api',
      method: 'GET',
      route: '/pets/{petId}',
      operation: 'readPet',
      guard: undefined,
      remoteAddress: '192.0.2.1',
      requestId: 'request-1',
      outcome: 'granted',
      status: undefined,
      reason: undefined,
      principal: { kind: 'user', issuer: 'https://as.example', subject: 'alice', clientId: 'shop' },
      missing: undefined,
      steps: [
        {
          handler: 'obedient',
          fingerprint: expect.stringMatching(/^[0-9a-f]{8}$/),
          verdict: 'authenticated',
          reason: undefined,
          detail: undefined,
          cache: 'hit',
          startedAfterMs: 0,
          durationMs: 0,
        },
      ],
      unclaimed: [],
      limits: [],
      fault: undefined,
      correlationId: undefined,
      durationMs: 0,
    });
  });

  test('tells the operator what a handler says of a refusal or an outage, on one line (CWE-117), and nobody else', async () => {
    let answer: unknown;
    const [event] = await eventsOf(async () => {
      answer = await deciding().ask('outage');
    });
    expect(event?.steps[0]).toMatchObject({ reason: 'server_down', detail: 'db.internal: no?answer' });
    expect(JSON.stringify(answer)).not.toContain('db.internal');
    expect(denied('no', { detail: 'x'.repeat(2_000) }).detail).toHaveLength(1_000);
  });

  test('tells why a handler left a credential to others', async () => {
    const leaving: SecurityHandler = {
      name: 'leaving',
      challenges: [bearerChallenge('test')],
      extract: (request) => void request.trace?.noteUnclaimed('leaving', 'iss is "x"'),
      verify: () => denied('never'),
    };
    const { event } = await ask(new SecurityChain({ requirement: leaving }), 'GET /', { bearer: 'token' });
    expect(event).toMatchObject({
      reason: 'credentials_unrecognised',
      steps: [],
      unclaimed: [{ handler: 'leaving', detail: 'iss is "x"' }],
    });
  });

  test('measures the decision and each handler on the monotonic clock', async () => {
    const [event] = await eventsOf(() => deciding().ask('token_expired'));
    expect(event).toMatchObject({ durationMs: 500, steps: [{ durationMs: 500, startedAfterMs: 0 }] });
  });

  test('has times to the microsecond, without the digits that no clock measures', async () => {
    const readings: number[] = [];
    let last = 0;
    const clock = { ...systemClock, monotonic: () => (last = readings.shift() ?? last) };
    const handler = headerHandler({
      name: 'key',
      header: 'X-Key',
      verify: () => createPrincipal({ subject: 'alice' }),
    });
    const chain = new SecurityChain({ requirement: handler }, { clock });
    readings.push(100.000_1, 100.123_456_7, 100.823_456_7, 101.999_999_9);
    const { event } = await chain.explain(buildRequest('/', { headers: { 'X-Key': 'k' } }));
    expect(event).toMatchObject({ durationMs: 2, steps: [{ startedAfterMs: 0.123, durationMs: 0.7 }] });
  });

  test.each([
    ['nothing sent', undefined, 401, 'credentials_missing'],
    ['a bad token', 'token_expired', 401, 'token_expired'],
    ['an outage', 'outage', 503, 'server_down'],
    ['a bug', 'bug', 500, 'handler_threw'],
  ])('%s is told with status and reason, and without a principal', async (_case, token, status, reason) => {
    const [event] = await eventsOf(() => deciding().ask(token));
    expect(event).toMatchObject({ outcome: 'denied', status, reason, principal: undefined, operation: 'readPet' });
  });

  test('a bug is told by class, culprit and place, with the id that the client got, and without its message', async () => {
    const { ask } = deciding();
    let answer: unknown;
    const [event] = await eventsOf(async () => {
      answer = await ask('bug');
    });
    expect(event?.fault).toMatchObject({ culprit: 'obedient', name: 'RangeError' });
    expect(event?.fault?.frames[0]).toMatch(/^at .*ObedientHandler\.verify/);
    expect(JSON.stringify(event)).not.toContain('cannot read');
    expect(event?.correlationId).toBe((answer as { correlationId: string }).correlationId);
  });

  test('a target that is refused before it is routed has neither route nor operation', async () => {
    const [event] = await eventsOf(() => deciding().ask('good', { target: '/pets/../admin' }));
    expect(event).toMatchObject({ status: 400, reason: 'path_dot_segment', route: undefined, operation: undefined });
  });

  test('holds neither path nor query, since both may carry a secret', async () => {
    const events = await eventsOf(async () => {
      const { ask } = deciding();
      for (const target of ['/pets/s3cret?key=s3cret', '/s3cret/../s3cret', 'http://s3cret/']) {
        await ask('good', { target });
      }
    });
    expect(events).toHaveLength(3);
    expect(JSON.stringify(events)).not.toContain('s3cret');
  });

  test('is frozen all through', async () => {
    const [event] = await eventsOf(() => deciding().ask('bug'));
    const frozen = (value: unknown): boolean =>
      typeof value !== 'object' || value === null || (Object.isFrozen(value) && Object.values(value).every(frozen));
    expect(frozen(event)).toBe(true);
  });

  test('the guard that a route adds makes an event of its own, since it may still refuse', async () => {
    const { chain, ask } = deciding();
    const events = await eventsOf(async () => {
      const granted = await ask('good');
      if (granted.kind !== 'granted') throw new Error('not granted');
      const request = new SecurityRequest({ method: 'GET', target: '/pets/7', rawHeaders: [] });
      await chain.authorize(
        granted,
        guard('owner', () => false),
        request,
      );
    });
    expect(events.map(({ guard, outcome, reason }) => [guard, outcome, reason])).toEqual([
      [undefined, 'granted', undefined],
      ['owner', 'denied', 'policy_refused'],
    ]);
  });
});

describe('a listener', () => {
  test('hears nothing any more once it has unsubscribed', async () => {
    const { ask } = deciding();
    const listener = jest.fn();
    const stop = onDecision(listener);
    await ask('good');
    stop();
    await ask('good');
    expect(listener).toHaveBeenCalledTimes(1);
  });

  test.each([
    [
      'throws',
      () => {
        throw new TypeError('s3cret');
      },
    ],
    ['rejects', () => Promise.reject(new TypeError('s3cret'))],
    [
      'throws no error',
      () => {
        throw 's3cret';
      },
    ],
  ])(
    'that %s changes no decision, harms no other listener, and is reported once without its message',
    async (_case, fail) => {
      const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
      const { ask } = deciding();
      const before = await Promise.all([ask('good'), ask('token_expired')]);
      const other = jest.fn();
      stops.push(onDecision(fail), onDecision(other));
      const after = await Promise.all([ask('good'), ask('token_expired')]);
      expect(after).toEqual(before);
      expect(after.every(isDecision)).toBe(true);
      expect(other).toHaveBeenCalledTimes(2);
      await new Promise(setImmediate);
      expect(warn).toHaveBeenCalledTimes(1);
      expect(String(warn.mock.calls)).toMatch(/listener of sallyport:decision failed with (?:TypeError|string)/);
      expect(String(warn.mock.calls)).not.toContain('s3cret');
    },
  );

  test('of one chain hears of this chain only, and harms nobody either when it throws', async () => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const heard = jest.fn();
    const fail = () => {
      throw new TypeError('s3cret');
    };
    const { ask } = deciding([fail, heard]);
    expect(await ask('good')).toEqual(await deciding().ask('good'));
    expect(await ask('token_expired')).toMatchObject({ kind: 'denied', status: 401 });
    expect(heard).toHaveBeenCalledTimes(2);
    expect(warn).toHaveBeenCalledTimes(1);
    expect(String(warn.mock.calls)).not.toContain('s3cret');
  });

  test('cannot change the decision that it hears of', async () => {
    stops.push(
      onDecision((event) => {
        Object.assign(event, { outcome: 'granted' });
      }),
    );
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    expect(await deciding().ask('token_expired')).toMatchObject({ kind: 'denied', status: 401 });
    expect(warn).toHaveBeenCalledTimes(1);
  });

  test('keeps a decision synchronous that is synchronous without it', () => {
    stops.push(onDecision(() => {}));
    const { chain } = deciding();
    const request = new SecurityRequest({
      method: 'GET',
      target: '/pets/7',
      rawHeaders: ['Authorization', 'Bearer good'],
    });
    expect(isDecision(chain.decide(request))).toBe(true);
  });
});
