import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { httpSecurity } from '@sallyport/adapters/http';
import { allOf, anyOf, type Requirement, SecurityChain, type SecurityHandler, type Verdict } from '@sallyport/core';
import { buildRequest, ManualClock } from '@sallyport/core/testing';
import { alice, apiKey, bearer, plain } from '../chain/scripted-handlers.js';

const SENDS = { headers: { 'x-key': 'k', 'x-slow': 'it' } };
const TOKEN = { bearer: 'token' };

/** Hangs until the test settles it; notes why its signal was aborted. */
class SlowHandler {
  readonly handler: SecurityHandler;
  readonly aborted: string[] = [];
  readonly begun: Promise<void>;
  #begin: () => void = () => {};
  settle: (verdict: Verdict) => void = () => {};
  reject: (error: Error) => void = () => {};

  constructor() {
    this.begun = new Promise((resolve) => {
      this.#begin = resolve;
    });
    this.handler = {
      ...plain('slow'),
      verify: (_credential, { signal }) => {
        this.#begin();
        signal.addEventListener('abort', () => this.aborted.push(signal.reason.name));
        return new Promise((resolve, reject) => {
          this.settle = resolve;
          this.reject = reject;
        });
      },
    };
  }
}

function slowChain(requirementOf: (slow: SecurityHandler) => Requirement = (slow) => slow) {
  const slow = new SlowHandler();
  const clock = new ManualClock();
  const requirement = requirementOf(slow.handler);
  const chain = new SecurityChain({ requirement, deadlineMs: 2_000 }, { clock, random: () => 0 });
  return { slow, clock, chain };
}

describe('the deadline of a decision', () => {
  test('a handler that hangs is 503 when the deadline has passed, and not a moment earlier', async () => {
    const { slow, clock, chain } = slowChain();
    const explained = chain.explain(buildRequest('/', SENDS));
    clock.pass(1.999);
    expect(slow.aborted).toEqual([]);
    clock.pass(0.001);
    const { decision, event } = await explained;
    expect(decision).toMatchObject({ status: 503, reason: 'deadline_exceeded' });
    expect(decision.headers).toContainEqual(['Retry-After', '5']);
    expect(decision.headers.map(([name]) => name)).not.toContain('WWW-Authenticate');
    expect(event.steps).toMatchObject([{ handler: 'slow', verdict: 'unfinished', durationMs: 2_000 }]);
    expect(slow.aborted).toEqual(['TimeoutError']);
    expect(clock.waiting).toBe(0);
  });

  test('a handler that hangs is not rescued by an alternative', async () => {
    const { clock, chain } = slowChain((slow) => anyOf(slow, apiKey()));
    const decision = chain.decide(buildRequest('/', SENDS));
    clock.pass(2);
    expect(await decision).toMatchObject({ kind: 'denied', reason: 'deadline_exceeded' });
  });

  test('nothing waits once a decision was made, and a decision at once waits for nothing', async () => {
    const { slow, clock, chain } = slowChain((handler) => anyOf(bearer(), handler));
    expect(chain.decide(buildRequest('/', TOKEN))).toMatchObject({ kind: 'granted' });
    expect(clock.waiting).toBe(0);
    const decision = chain.decide(buildRequest('/', { headers: { 'x-slow': 'it' } }));
    expect(clock.waiting).toBe(1);
    slow.settle(alice());
    expect(await decision).toMatchObject({ kind: 'granted' });
    expect(clock.waiting).toBe(0);
    expect(slow.aborted).toEqual([]);
  });

  test('any number of decisions wait by one timer, and each ends at its own deadline', async () => {
    const { clock, chain } = slowChain();
    const ended: number[] = [];
    const decisions = [0, 1, 2].map(async (index) => {
      clock.pass(index * 0.5);
      const decision = await chain.decide(buildRequest('/', SENDS));
      ended.push(index);
      return decision;
    });
    expect(clock.waiting).toBe(1);
    clock.pass(0.5);
    await decisions[0];
    expect(ended).toEqual([0]);
    clock.pass(0.5);
    await decisions[1];
    expect(ended).toEqual([0, 1]);
    clock.pass(1);
    expect(await decisions[2]).toMatchObject({ status: 503, reason: 'deadline_exceeded' });
    expect(clock.waiting).toBe(0);
  });

  test('a verdict that comes too late changes nothing, and nobody else is asked', async () => {
    const other = apiKey();
    const { slow, clock, chain } = slowChain((handler) => allOf(handler, other));
    const decision = chain.decide(buildRequest('/', SENDS));
    clock.pass(2);
    expect(await decision).toMatchObject({ status: 503 });
    slow.settle(alice());
    await new Promise(setImmediate);
    expect(other.asked).toBe(0);
  });

  test('a rejection that comes too late hurts nobody', async () => {
    const { slow, clock, chain } = slowChain();
    const decision = chain.decide(buildRequest('/', SENDS));
    clock.pass(2);
    slow.reject(new Error('too late'));
    expect(await decision).toMatchObject({ status: 503, reason: 'deadline_exceeded' });
    await new Promise(setImmediate);
  });

  test('a guard that hangs is held to it, too', async () => {
    const clock = new ManualClock();
    const guards = [() => new Promise<boolean>(() => {})];
    const chain = new SecurityChain({ requirement: bearer(), guards, deadlineMs: 1_000 }, { clock });
    const decision = chain.decide(buildRequest('/', TOKEN));
    clock.pass(1);
    expect(await decision).toMatchObject({ status: 503, reason: 'deadline_exceeded' });
  });
});

describe('a client that goes away', () => {
  test('aborts the signal and ends the decision', async () => {
    const { slow, clock, chain } = slowChain();
    const client = new AbortController();
    const decision = chain.decide(buildRequest('/', { ...SENDS, client: client.signal }));
    client.abort();
    expect(await decision).toMatchObject({ status: 503, reason: 'client_gone' });
    expect(slow.aborted).toEqual(['AbortError']);
    expect(clock.waiting).toBe(0);
  });

  test('before a route adds its guard: the guard is not asked', async () => {
    const { chain, clock } = slowChain(() => bearer());
    const client = new AbortController();
    const request = buildRequest('/', { ...TOKEN, client: client.signal });
    const granted = await chain.decide(request);
    if (granted.kind !== 'granted') throw new Error('not granted');
    expect(request.signal.aborted).toBe(false);
    client.abort();
    const never = { name: 'never', check: () => new Promise<never>(() => {}) };
    expect(await chain.authorize(granted, never, request)).toMatchObject({ status: 503, reason: 'abandoned' });
    expect(clock.waiting).toBe(0);
  });
});

describe('over a real socket', () => {
  const closing: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });

  test('a client that hangs up aborts the signal of the handler that works for it [RFC 9110 7.8]', async () => {
    const slow = new SlowHandler();
    const chain = new SecurityChain({ requirement: slow.handler });
    const server = createServer(httpSecurity(chain)((_request, response) => response.end()));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.push(() => new Promise((resolve) => server.close(resolve)));
    const { port } = server.address() as AddressInfo;
    const gone = new Promise<void>((resolve) =>
      server.once('connection', (socket) => socket.once('close', () => resolve())),
    );
    const client = httpRequest({ port, host: '127.0.0.1', headers: { 'x-slow': 'it' } });
    client.on('error', () => {});
    client.end();
    await slow.begun;
    client.destroy();
    await gone;
    await new Promise(setImmediate);
    expect(slow.aborted).toEqual(['AbortError']);
  });
});
