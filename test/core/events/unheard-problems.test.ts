import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import {
  allOf,
  createPrincipal,
  denied,
  guard,
  headerHandler,
  onDecision,
  SecurityChain,
  type SecurityChainCollaborators,
  unavailable,
} from '@sallyport/core';
import { EventChannel, SecurityRequest } from '@sallyport/core/extend';
import { recordMetrics, recordSpans } from '@sallyport/core/opentelemetry';
import { ask, buildRequest, ManualClock } from '@sallyport/core/testing';

let clock: ManualClock;
let warnings: string[];
beforeEach(() => {
  clock = new ManualClock();
  warnings = [];
  jest.spyOn(process, 'emitWarning').mockImplementation((warning) => {
    warnings.push(String(warning));
  });
});
afterEach(() => {
  jest.restoreAllMocks();
});

const ALICE = createPrincipal({ subject: 'alice' });

/** A chain whose handler does what its key says. */
function chainOf(collaborators: SecurityChainCollaborators = {}): SecurityChain {
  const requirement = headerHandler({
    name: 'keys',
    header: 'X-Key',
    verify(key) {
      if (key.startsWith('bug')) throw new RangeError(`no room for ${key}`);
      if (key.startsWith('outage')) return unavailable('econnrefused', { detail: `db-${key.at(-1)}.internal:5432` });
      if (key === 'gone') return unavailable('client_gone');
      return key === 'good' ? ALICE : denied('key_unknown');
    },
  });
  return new SecurityChain({ name: 'api', requirement }, { clock, ...collaborators });
}

/** As an adapter does: nobody asks for an explanation. */
async function decide(chain: SecurityChain, ...keys: readonly string[]): Promise<void> {
  for (const key of keys) await chain.decide(buildRequest('/', { headers: { 'X-Key': key } }));
}

describe('a problem that nobody hears of is told on stderr', () => {
  test('a bug: who, class, message without the credential, place, and what to change', async () => {
    await decide(chainOf(), 'bug-1234567');
    expect(warnings).toEqual([
      expect.stringMatching(
        /^chain api: keys failed with RangeError: no room for \(cut out\), at .*unheard-problems\.test\.ts:\d+:\d+\): callers get 500 handler_threw\. Mend the code .* \(told once; onDecision\(\) or a listener of the chain hears of each\)$/,
      ),
    ]);
  });

  test('an outage: who, why and where', async () => {
    await decide(chainOf(), 'outage-1');
    expect(warnings).toEqual([
      'chain api: keys: callers get 503 econnrefused (db-1.internal:5432). (told once; onDecision() or a listener of the chain hears of each)',
    ]);
  });

  test('of a guard as well, by its name', async () => {
    const requirement = headerHandler({ name: 'keys', header: 'X-Key', verify: () => ALICE });
    const broken = guard('broken', async () => {
      throw new Error('no engine');
    });
    await decide(new SecurityChain({ requirement, guards: [broken] }), 'x');
    expect(warnings[0]).toContain('broken failed with Error: no engine, at ');
  });

  test('once for each kind and detail, and again after ten minutes without it', async () => {
    const chain = chainOf();
    await decide(chain, 'outage-1', 'outage-1', 'outage-2', 'outage-1');
    expect(warnings).toHaveLength(2);
    clock.pass(599);
    await decide(chain, 'outage-1');
    clock.pass(599);
    await decide(chain, 'outage-1');
    expect(warnings).toHaveLength(2);
    clock.pass(600);
    await decide(chain, 'outage-1');
    expect(warnings).toHaveLength(3);
  });

  test('nothing but bugs and outages: no grant, no refusal, no client that has gone', async () => {
    await decide(chainOf(), 'good', 'bad', 'gone');
    expect(warnings).toEqual([]);
  });

  test('256 different ones are remembered, and no more are told (CWE-779)', async () => {
    const causes = Array.from({ length: 301 }, (_, index) => `cause_${index}`);
    const requirement = headerHandler({
      name: 'keys',
      header: 'X-Key',
      verify: () => unavailable(causes.shift()),
    });
    const chain = new SecurityChain({ requirement }, { clock });
    await decide(chain, ...Array.from({ length: 300 }, () => 'x'));
    expect(warnings).toHaveLength(256);
    clock.pass(600);
    await decide(chain, 'x');
    expect(warnings).toHaveLength(257);
  });

  test('32 of one kind, so that what a caller chooses in them leaves room for others (CWE-779)', async () => {
    const issuers = Array.from({ length: 50 }, (_, index) => `issuer-${index}`);
    const requirement = headerHandler({
      name: 'keys',
      header: 'X-Key',
      verify: () => unavailable(issuers.length > 0 ? 'issuer_unreachable' : 'store_down', { detail: issuers.shift() }),
    });
    await decide(new SecurityChain({ requirement }, { clock }), ...Array.from({ length: 51 }, () => 'x'));
    expect(warnings).toHaveLength(33);
    expect(warnings.at(-1)).toContain('store_down');
  });

  test.each([
    ['a listener of the chain', () => chainOf({ listeners: [() => {}] })],
    ['the writer of lines', () => chainOf({ debug: () => {} })],
  ])('not where %s hears of it', async (_who, make) => {
    await decide(make(), 'bug', 'outage-1');
    expect(warnings).toEqual([]);
  });

  test('not where onDecision() hears of it, and again when that has ended', async () => {
    const chain = chainOf();
    const stop = onDecision(() => {});
    await decide(chain, 'outage-1');
    expect(warnings).toEqual([]);
    stop();
    await decide(chain, 'outage-1');
    expect(warnings).toHaveLength(1);
  });

  test.each(['metrics', 'spans'])('also where there are %s of it: these do not tell why', async (kind) => {
    const meterProvider = new MeterProvider();
    const tracerProvider = new BasicTracerProvider();
    const stop = kind === 'metrics' ? recordMetrics({ meterProvider }) : recordSpans({ tracerProvider });
    const chain = chainOf();
    await decide(chain, 'outage-1', 'outage-1', 'bug-1234567', 'good');
    expect(warnings).toEqual([
      expect.stringContaining('callers get 503 econnrefused (db-1.internal:5432)'),
      expect.stringContaining('keys failed with RangeError: no room for (cut out)'),
    ]);
    await ask(chain, '/', { headers: { 'X-Key': 'outage-2' } });
    const stopListening = onDecision(() => {});
    await decide(chain, 'outage-3');
    stopListening();
    stop();
    expect(warnings).toHaveLength(2);
  });

  test('not where it is explained', async () => {
    for (const key of ['bug', 'outage-1']) await ask(chainOf(), '/', { headers: { 'X-Key': key } });
    expect(warnings).toEqual([]);
  });

  test('a request that breaks when it is read again makes the refusal no other', async () => {
    let reads = 0;
    const source = {
      method: 'GET',
      target: '/',
      get rawHeaders() {
        reads += 1;
        if (reads > 2) throw new Error('read too often');
        return ['X-Key', 'bug-1234567'];
      },
    };
    const decision = await chainOf().decide(new SecurityRequest(source));
    expect(decision).toMatchObject({ kind: 'denied', status: 500 });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).not.toContain('1234567');
  });
});

describe('a start that fails', () => {
  const failing = {
    name: 'keys',
    challenges: [{ scheme: 'Key', parameters: {} }],
    extract: () => undefined,
    verify: () => denied('no'),
    start: async () => {
      throw new Error('no key server');
    },
  };

  test('is told on stderr, and rejects all the same', async () => {
    const chain = new SecurityChain({ name: 'api', requirement: failing });
    await expect(chain.start()).rejects.toThrow('no key server');
    expect(warnings).toEqual([
      expect.stringMatching(/^chain api did not start: start\(\) failed with Error: no key server, at .*\(told once; /),
    ]);
  });

  test('is told as well where decisions are only recorded', async () => {
    const stop = recordMetrics({ meterProvider: new MeterProvider() });
    await expect(new SecurityChain({ requirement: failing }).start()).rejects.toThrow('no key server');
    stop();
    expect(warnings).toHaveLength(1);
  });

  test('is not told where a listener of the chain is given', async () => {
    const chain = new SecurityChain({ requirement: allOf(failing) }, { listeners: [() => {}] });
    await expect(chain.start()).rejects.toThrow('no key server');
    expect(warnings).toEqual([]);
  });
});

describe('an event of a channel that nobody listens to', () => {
  const channel = new EventChannel<{ readonly kind: 'down' | 'up'; readonly why?: string }>('test:unheard', {
    listener: 'onTest()',
    problemOf: ({ kind, why }) => (kind === 'down' ? `it is down: ${why}` : undefined),
  });

  test('is told once in words, if it needs care', () => {
    for (const why of ['a', 'a', 'b']) channel.publish({ kind: 'down', why });
    channel.publish({ kind: 'up' });
    expect(warnings).toEqual([
      'it is down: a (told once; onTest() hears of each)',
      'it is down: b (told once; onTest() hears of each)',
    ]);
  });

  test('is not told where somebody listens', () => {
    const heard: unknown[] = [];
    const stop = channel.listen((event) => heard.push(event));
    channel.publish({ kind: 'down', why: 'c' });
    stop();
    expect([heard.length, warnings.length]).toEqual([1, 0]);
  });
});
