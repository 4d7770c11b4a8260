import { beforeEach, describe, expect, test } from '@jest/globals';
import { anyOf, optional, SecurityChain, type SecurityHandler } from '@sallyport/core';
import { buildRequest, ManualClock } from '@sallyport/core/testing';
import { plain } from './scripted-handlers.js';

let log: string[];

beforeEach(() => {
  log = [];
});

/** Lets a start or close go on. */
type Gate = () => Promise<unknown>;
const AT_ONCE: Gate = async () => {};

function handler(name: string, { start = AT_ONCE, close = AT_ONCE }: { start?: Gate; close?: Gate } = {}) {
  return Object.assign(plain(name), {
    start: async () => {
      log.push(`start ${name}`);
      await start();
    },
    close: async () => {
      log.push(`close ${name}`);
      await close();
    },
  }) as SecurityHandler;
}

/** A promise that is settled from outside. */
function held(): { gate: Gate; open: () => void; fail: (error: Error) => void } {
  let open!: () => void;
  let fail!: (error: Error) => void;
  const promise = new Promise<void>((resolve, reject) => {
    open = resolve;
    fail = reject;
  });
  promise.catch(() => {});
  return { gate: () => promise, open, fail };
}

const chainOf = (requirement: SecurityHandler, clock = new ManualClock()) =>
  new SecurityChain({ requirement }, { clock });
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('a handler of several chains', () => {
  test('starts with the first and closes with the last', async () => {
    const shared = handler('shared');
    const [one, other] = [chainOf(shared), chainOf(shared)];
    await Promise.all([one.start(), other.start()]);
    await one.start();
    expect(log).toEqual(['start shared']);
    await one.close();
    await one.close();
    expect(log).toEqual(['start shared']);
    await other.close();
    expect(log).toEqual(['start shared', 'close shared']);
    await Promise.all([one.close(), other.close()]);
    expect(log).toHaveLength(2);
  });

  test('starts again for a chain that starts after all have closed', async () => {
    const shared = handler('shared');
    const [one, other] = [chainOf(shared), chainOf(shared)];
    await one.start();
    await one.close();
    await other.start();
    await other.close();
    expect(log).toEqual(['start shared', 'close shared', 'start shared', 'close shared']);
  });

  test('starts for another chain only when it has closed', async () => {
    const { gate, open } = held();
    const shared = handler('shared', { close: gate });
    const [one, other] = [chainOf(shared), chainOf(shared)];
    await one.start();
    const closing = one.close();
    const starting = other.start();
    await turn();
    expect(log).toEqual(['start shared', 'close shared']);
    open();
    await Promise.all([closing, starting]);
    expect(log).toEqual(['start shared', 'close shared', 'start shared']);
  });

  test('does not start for a chain that has closed while it waited', async () => {
    const { gate, open } = held();
    const shared = handler('shared', { close: gate });
    const [one, other] = [chainOf(shared), chainOf(shared)];
    await one.start();
    const ending = [one.close(), other.start(), other.close()];
    open();
    await Promise.all(ending);
    expect(log).toEqual(['start shared', 'close shared']);
  });

  test('that fails to start is given back by each chain, and may be tried again', async () => {
    const first = held();
    let start: Gate = first.gate;
    const shared = handler('shared', { start: () => start() });
    const [one, other] = [chainOf(shared), chainOf(shared)];
    const failures = Promise.allSettled([one.start(), other.start()]);
    first.fail(new Error('no keys'));
    expect((await failures).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(log).toEqual(['start shared', 'close shared']);
    start = AT_ONCE;
    await other.start();
    await other.close();
    expect(log.slice(2)).toEqual(['start shared', 'close shared']);
  });

  test('stays open for the others where one chain fails because of another handler', async () => {
    const shared = handler('shared');
    const broken = handler('broken', { start: () => Promise.reject(new Error('no keys')) });
    const sound = chainOf(shared);
    await sound.start();
    await expect(chainOf(anyOf(shared, broken) as never).start()).rejects.toThrow('no keys');
    expect(log).toEqual(['start shared', 'start broken', 'close broken']);
    await sound.close();
    expect(log.at(-1)).toBe('close shared');
  });

  test('stays open where a chain that never started closes', async () => {
    const shared = handler('shared');
    const started = chainOf(shared);
    await started.start();
    await chainOf(shared).close();
    expect(log).toEqual(['start shared']);
    await started.close();
    expect(log).toEqual(['start shared', 'close shared']);
  });

  test('is waited for by each chain as long as the limit of that chain', async () => {
    const { gate, open } = held();
    const shared = handler('shared', { start: gate });
    const clock = new ManualClock();
    const [hasty, patient] = [chainOf(shared, clock), chainOf(shared, clock)];
    const hurried = hasty.start({ timeoutMs: 1_000 });
    const waiting = patient.start({ timeoutMs: 9_000 });
    clock.pass(1);
    await expect(hurried).rejects.toThrow('handler shared did not start within 1000 ms');
    open();
    await waiting;
    expect(log).toEqual(['start shared']);
    await patient.close();
    expect(log).toEqual(['start shared', 'close shared']);
  });
});

describe('a handler that a route brings', () => {
  test('starts and closes with those of the chain', async () => {
    const chain = chainOf(handler('own'));
    chain.requiring(optional(handler('added')));
    await chain.start();
    expect(log).toEqual(['start own', 'start added']);
    await chain.close();
    expect(log.slice(2)).toEqual(['close added', 'close own']);
  });

  test('starts at once where the chain runs already, and requests wait for it', async () => {
    const { gate, open } = held();
    const chain = chainOf(handler('own'));
    await chain.start();
    const own = chain.requiring(optional(handler('added', { start: gate })));
    expect(log).toEqual(['start own', 'start added']);
    const decision = own.decide(buildRequest('GET /'));
    expect(decision).toBeInstanceOf(Promise);
    open();
    expect((await decision).kind).toBe('granted');
    expect(own.decide(buildRequest('GET /'))).not.toBeInstanceOf(Promise);
    await chain.close();
    expect(log.slice(2)).toEqual(['close added', 'close own']);
  });

  test('that does not start is an outage, which the next request may find over; the chain goes on (CWE-636)', async () => {
    let failure: Error | undefined = new Error('no keys');
    const chain = chainOf(handler('own'));
    await chain.start();
    const added = handler('added', { start: async () => failure && Promise.reject(failure) });
    const own = chain.requiring(optional(added));
    expect(await own.decide(buildRequest('GET /'))).toMatchObject({ kind: 'denied', status: 503 });
    expect(log).not.toContain('close own');
    failure = undefined;
    await turn();
    expect((await own.decide(buildRequest('GET /'))).kind).toBe('granted');
    await chain.close();
  });
});
