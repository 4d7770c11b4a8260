import { describe, expect, test } from '@jest/globals';
import { type DecisionEvent, denied, headerHandler, onDecision, SecurityChain } from '@sallyport/core';
import { type AskOptions, ask } from '@sallyport/core/testing';

const heard: DecisionEvent[] = [];
const key = headerHandler({ name: 'key', header: 'X-Key', verify: () => denied('key_unknown') });
const chain = new SecurityChain({ requirement: key }, { listeners: [(event) => heard.push(event)] });
const SENT = { headers: { 'X-Key': 'key-number-one' } };

async function listening(options?: AskOptions): Promise<readonly DecisionEvent[]> {
  heard.length = 0;
  const everywhere: DecisionEvent[] = [];
  const stop = onDecision((event) => everywhere.push(event));
  try {
    const { event } = await ask(chain, 'GET /orders', SENT, options);
    expect(event.reason).toBe('key_unknown');
    expect(everywhere).toEqual(heard);
    return [...heard];
  } finally {
    stop();
  }
}

describe('ask()', () => {
  test('tells no listener, so that tests do not fill logs', async () => {
    expect(await listening()).toEqual([]);
    expect(await listening({ publish: false })).toEqual([]);
  });

  test('tells every listener once with `publish`', async () => {
    expect(await listening({ publish: true })).toEqual([
      expect.objectContaining({ outcome: 'denied', reason: 'key_unknown', method: 'GET' }),
    ]);
  });

  test('refuses a misspelt option', async () => {
    await expect(ask(chain, '/', SENT, { publsh: true } as AskOptions)).rejects.toThrow('did you mean publish?');
  });
});

describe('explain()', () => {
  test('takes the parts of a request as plain data', async () => {
    const { decision, event } = await chain.explain({
      method: 'GET',
      target: '/orders',
      rawHeaders: ['X-Key', 'key-number-one'],
    });
    expect([decision.kind, event.reason, event.steps.map(({ handler }) => handler)]).toEqual([
      'denied',
      'key_unknown',
      ['key'],
    ]);
  });
});
