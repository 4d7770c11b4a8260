import { describe, expect, test } from '@jest/globals';
import {
  allOf,
  anyOf,
  attempt,
  type Decision,
  denied,
  guard,
  type Principal,
  SecurityChain,
  type SecurityHandler,
  unavailable,
  type Verdict,
} from '@sallyport/core';
import { buildRequest } from '@sallyport/core/testing';
import { alice, plain } from './scripted-handlers.js';

/** A handler that grants, at once or when it is let go, and says afterwards what the test wants. */
class Rechecked {
  readonly asked: (readonly [credential: unknown, principal: Principal])[] = [];
  letGo: () => void = () => {};
  says: () => unknown = () => undefined;
  readonly handler: SecurityHandler<unknown>;

  constructor(name: string, { isSlow = false }: { isSlow?: boolean } = {}) {
    this.handler = {
      ...plain(name),
      extract: (request) => request.headerLines(`x-${name}`)[0],
      verify: () => {
        if (!isSlow) return alice();
        return new Promise((resolve) => {
          this.letGo = () => resolve(alice());
        });
      },
      recheck: (credential, principal) => {
        this.asked.push([credential, principal]);
        return this.says() as Verdict | undefined;
      },
    };
  }
}

function request(...names: readonly string[]) {
  return buildRequest('GET /', { headers: Object.fromEntries(names.map((name) => [`x-${name}`, `${name} value`])) });
}

function outcomeOf(decision: Decision | undefined): string | undefined {
  return decision?.kind === 'denied' ? `${decision.status} ${decision.reason}` : decision?.kind;
}

describe('a grant is asked about once more before the decision is given', () => {
  const members = () => ({ quick: new Rechecked('quick'), slow: new Rechecked('slow', { isSlow: true }) });

  test.each(['first', 'last'])('where it came %s of several, and one of them had to be waited for', async (place) => {
    const { quick, slow } = members();
    const order = place === 'first' ? [quick.handler, slow.handler] : [slow.handler, quick.handler];
    const pending = new SecurityChain({ requirement: allOf(...order) }).decide(request('quick', 'slow'));
    quick.says = () => denied('token_revoked');
    await new Promise((resolve) => setImmediate(resolve));
    slow.letGo();
    expect(outcomeOf(await pending)).toBe('401 token_revoked');
    expect(quick.asked).toMatchObject([['quick value', { subject: 'alice' }]]);
  });

  test('where a guard had to be waited for, and not where the guard refuses', async () => {
    for (const [permits, outcome] of [
      [true, '401'],
      [false, '403'],
    ] as const) {
      const { quick } = members();
      quick.says = () => denied('token_revoked');
      const slowGuard = guard('slow', async () => permits);
      const chain = new SecurityChain({ requirement: quick.handler, guards: [slowGuard] });
      const seen = outcomeOf(await chain.decide(request('quick')));
      expect(seen?.slice(0, 3)).toBe(outcome);
      expect(quick.asked).toHaveLength(permits ? 1 : 0);
    }
  });

  test('and stands where there is nothing to say', async () => {
    const { quick, slow } = members();
    const pending = new SecurityChain({ requirement: allOf(quick.handler, slow.handler) }).decide(
      request('quick', 'slow'),
    );
    slow.letGo();
    expect(outcomeOf(await pending)).toBe('granted');
    expect([quick.asked.length, slow.asked.length]).toEqual([1, 1]);
  });

  test('also behind attempt: what fell while it was waited for is refused', async () => {
    const { quick, slow } = members();
    const chain = new SecurityChain({ requirement: allOf(attempt(quick.handler), slow.handler) });
    const pending = chain.decide(request('quick', 'slow'));
    quick.says = () => denied('token_revoked');
    slow.letGo();
    expect(outcomeOf(await pending)).toBe('401 token_revoked');
  });

  test('by the verdict that it gives: an outage is 503', async () => {
    const { quick, slow } = members();
    quick.says = () => unavailable('proof_outdated');
    const pending = new SecurityChain({ requirement: allOf(quick.handler, slow.handler) }).decide(
      request('quick', 'slow'),
    );
    slow.letGo();
    expect(outcomeOf(await pending)).toBe('503 proof_outdated');
  });

  test.each([
    ['a grant', () => alice()],
    ['a promise', () => Promise.resolve(undefined)],
    ['true', () => true],
    [
      'an error',
      () => {
        throw new Error('no');
      },
    ],
  ])('%s instead of a refusal is a bug: 500', async (_what, says) => {
    const { quick, slow } = members();
    quick.says = says;
    const pending = new SecurityChain({ requirement: allOf(quick.handler, slow.handler) }).decide(
      request('quick', 'slow'),
    );
    slow.letGo();
    expect(outcomeOf(await pending)).toBe('500 handler_threw');
  });
});

describe('a grant is not asked about', () => {
  test('where nothing had to be waited for', () => {
    const [one, two] = [new Rechecked('one'), new Rechecked('two')];
    const chain = new SecurityChain({ requirement: allOf(one.handler, two.handler), guards: [() => true] });
    expect(outcomeOf(chain.decide(request('one', 'two')) as Decision)).toBe('granted');
    expect([...one.asked, ...two.asked]).toEqual([]);
  });

  test('where it is the only one, and was waited for itself', async () => {
    const slow = new Rechecked('slow', { isSlow: true });
    const pending = new SecurityChain({ requirement: slow.handler }).decide(request('slow'));
    slow.letGo();
    expect(outcomeOf(await pending)).toBe('granted');
    expect(slow.asked).toEqual([]);
  });

  test('where the decision rests on another alternative', async () => {
    const [one, two] = [new Rechecked('one'), new Rechecked('two', { isSlow: true })];
    const down: SecurityHandler<unknown> = {
      ...plain('down'),
      extract: () => 'there',
      verify: async () => unavailable('down'),
    };
    const chain = new SecurityChain({ requirement: anyOf(allOf(one.handler, down), two.handler) });
    const pending = chain.decide(request('one', 'two'));
    one.says = () => denied('token_revoked');
    await new Promise((resolve) => setImmediate(resolve));
    two.letGo();
    expect(outcomeOf(await pending)).toBe('granted');
    expect(one.asked).toEqual([]);
  });
});
