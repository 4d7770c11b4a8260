import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { metrics } from '@opentelemetry/api';
import {
  AggregationTemporality,
  type DataPoint,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  ConfigurationError,
  createPrincipal,
  type GrantedDecision,
  headerHandler,
  Revocations,
  route,
  routes,
  SecurityChain,
} from '@sallyport/core';
import { SecurityRequest } from '@sallyport/core/extend';
import { recordMetrics } from '@sallyport/core/opentelemetry';
import { AuthorizationServer, ask, ManualClock } from '@sallyport/core/testing';
import { IntrospectionHandler } from '@sallyport/handlers/introspection';
import { deciding } from './deciding.js';
import { counting } from './statistics/counting.js';

const ALICE = createPrincipal({ subject: 'alice' });

let exporter: InMemoryMetricExporter;
let provider: MeterProvider;
let stop: () => void;

beforeEach(() => {
  exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  provider = new MeterProvider({ readers: [reader] });
  stop = recordMetrics({ meterProvider: provider });
});
const closings: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(closings.splice(0).map((each) => each.close()));
  stop();
  metrics.disable();
  await provider.shutdown();
});

async function points(name: string): Promise<readonly DataPoint<unknown>[]> {
  await provider.forceFlush();
  const all =
    exporter
      .getMetrics()
      .at(-1)
      ?.scopeMetrics.flatMap((scope) => scope.metrics) ?? [];
  return all.find(({ descriptor }) => descriptor.name === name)?.dataPoints ?? [];
}

describe('metrics', () => {
  test('count decisions by chain, operation, outcome, status and reason', async () => {
    const { ask } = deciding();
    for (const token of ['good', 'good', 'token_expired', 'outage']) await ask(token);
    const counted = (await points('sallyport.decisions')).map(({ value, attributes }) => ({ value, ...attributes }));
    expect(counted).toEqual([
      { value: 2, 'sallyport.chain': 'api', 'sallyport.operation': 'readPet', 'sallyport.outcome': 'granted' },
      {
        value: 1,
        'sallyport.chain': 'api',
        'sallyport.operation': 'readPet',
        'sallyport.outcome': 'denied',
        'sallyport.reason': 'token_expired',
        'http.response.status_code': 401,
      },
      {
        value: 1,
        'sallyport.chain': 'api',
        'sallyport.operation': 'readPet',
        'sallyport.outcome': 'denied',
        'sallyport.reason': 'server_down',
        'http.response.status_code': 503,
        'error.type': 'server_down',
      },
    ]);
  });

  test('measure decisions and handlers in seconds', async () => {
    await deciding().ask('token_expired');
    const [decision] = await points('sallyport.decision.duration');
    const [verify] = await points('sallyport.verify.duration');
    expect(decision?.value).toMatchObject({ count: 1, sum: 0.5 });
    expect(verify?.value).toMatchObject({ count: 1, sum: 0.5 });
    expect(verify?.attributes).toEqual({
      'sallyport.handler': 'obedient',
      'sallyport.verdict': 'denied',
      'sallyport.cache': 'miss',
    });
  });

  test('no client makes time series: 1 000 paths, methods, addresses and tokens are one', async () => {
    const { ask } = deciding();
    for (let index = 0; index < 1_000; index += 1) {
      const rawHeaders = ['Authorization', `Unknown ${index}`];
      await ask(undefined, { rawHeaders, method: `M${index}`, target: `/${index}`, remoteAddress: `10.0.0.${index}` });
    }
    expect(await points('sallyport.decisions')).toHaveLength(1);
    expect(await points('sallyport.decision.duration')).toHaveLength(1);
    expect(await points('sallyport.verify.duration')).toHaveLength(0);
  });

  test('a handler that makes reason codes up as it goes is held to 128 of them', async () => {
    const { ask } = deciding();
    for (let index = 0; index < 500; index += 1) await ask(`reason_${index}`);
    const counted = await points('sallyport.decisions');
    expect(counted).toHaveLength(129);
    expect(counted.find(({ attributes }) => attributes['sallyport.reason'] === '_OTHER')?.value).toBe(372);
  });

  test('an application with endless operations is held to 256 of them', async () => {
    const rows = Array.from({ length: 300 }, (_, index) => route('GET', `/r${index}`, { id: `read${index}` }));
    const requirement = headerHandler({ name: 'key', header: 'X-Key', verify: () => ALICE });
    const chain = new SecurityChain({ requirement, operations: routes(rows) });
    for (let index = 0; index < 300; index += 1)
      await ask(chain, `/r${index}`, { headers: { 'X-Key': 'k' } }, { publish: true });
    const counted = await points('sallyport.decisions');
    expect(counted).toHaveLength(257);
    expect(counted.find(({ attributes }) => attributes['sallyport.operation'] === '_OTHER')?.value).toBe(44);
  });

  test('the globally registered provider is the default', async () => {
    stop();
    metrics.setGlobalMeterProvider(provider);
    stop = recordMetrics();
    await deciding().ask('good');
    expect(await points('sallyport.decisions')).toHaveLength(1);
  });

  test('end with the subscription', async () => {
    stop();
    await deciding().ask('good');
    expect(await points('sallyport.decisions')).toEqual([]);
  });

  test.each([['{"meterProvider":{}}'], ['{"meter":1}']])('wrong options are refused: %s', (options) => {
    expect(() => recordMetrics(JSON.parse(options))).toThrow(ConfigurationError);
  });
});

describe('metrics of the chains and revocations that are given', () => {
  test('tell caches, circuits and refused credentials of each handler', async () => {
    const server = await AuthorizationServer.start();
    const { introspectionEndpoint: endpoint, clientId, clientSecret } = server;
    const handler = (name: string, secret: string) =>
      new IntrospectionHandler({
        name,
        realm: 'test',
        endpoint,
        clientAuthentication: { method: 'client_secret_basic', clientId, clientSecret: secret },
        outbound: { allowInsecureLoopback: true },
      });
    const chainOf = (name: string, secret: string) =>
      new SecurityChain({ name, requirement: handler(`${name}-tokens`, secret) });
    const chains = [chainOf('good', clientSecret), chainOf('bad', 'another secret')] as const;
    closings.push(server, ...chains);
    const stopMeasuring = recordMetrics({ meterProvider: provider, chains });
    const { bearer } = await server.as({ subject: 'alice' }, { opaque: true });
    for (const chain of [...chains, ...chains]) await ask(chain, '/', { bearer });
    const figures = async (name: string) =>
      (await points(name)).map(({ value, attributes }) => [value, ...Object.values(attributes)]);
    expect((await figures('sallyport.cache.lookups')).filter(([value]) => value !== 0)).toEqual([
      [1, 'good', 'good-tokens', 'hit'],
      [1, 'good', 'good-tokens', 'miss'],
      [1, 'bad', 'bad-tokens', 'negative_hit'],
      [1, 'bad', 'bad-tokens', 'miss'],
    ]);
    expect(await figures('sallyport.cache.entries')).toEqual([
      [1, 'good', 'good-tokens'],
      [1, 'bad', 'bad-tokens'],
    ]);
    expect(await figures('sallyport.cache.evictions')).toEqual([
      [0, 'good', 'good-tokens'],
      [0, 'bad', 'bad-tokens'],
    ]);
    expect(await figures('sallyport.circuit')).toEqual(
      [
        ['good', 'closed'],
        ['bad', 'half_open'],
      ].flatMap(([name, current]) =>
        ['closed', 'half_open', 'open'].map((state) => [
          Number(state === current),
          ...[name, `${name}-tokens`, 'introspection', endpoint, state],
        ]),
      ),
    );
    expect(await figures('sallyport.credentials_refused')).toEqual([
      [0, 'good', 'good-tokens'],
      [1, 'bad', 'bad-tokens'],
    ]);
    stopMeasuring();
  });

  test('tell the clients and operations of chains with statistics, and no more of them than those have rows', async () => {
    const { chain, ask: say, clock } = counting({ maxClients: 2 });
    const stopMeasuring = recordMetrics({ meterProvider: provider, chains: [chain] });
    for (const said of ['shop', 'shop', 'app', 'late', 'later', 'bad_key'])
      await say(said, undefined, () => clock.pass(1));
    await say('shop', 'DELETE /pets/7', () => clock.pass(1));
    const figures = async (name: string, ...names: string[]) =>
      (await points(name))
        .filter(({ value }) => value !== 0)
        .map(({ value, attributes }) => [value, ...names.map((each) => attributes[`sallyport.${each}`])]);
    expect(await figures('sallyport.client.decisions', 'client', 'client.issuer', 'result')).toEqual([
      [2, 'shop', 'https://as.example', 'granted'],
      [1, 'shop', 'https://as.example', 'refused'],
      [1, 'app', 'https://as.example', 'granted'],
      [1, undefined, undefined, 'refused'],
      [2, '_OTHER', undefined, 'granted'],
    ]);
    expect(await figures('sallyport.client.decision.time', 'client')).toEqual([
      [3, 'shop'],
      [1, 'app'],
      [1, undefined],
      [2, '_OTHER'],
    ]);
    expect(await figures('sallyport.client.cache.lookups', 'client', 'cache')).toEqual([
      [2, 'shop', 'hit'],
      [1, 'shop', 'miss'],
      [1, 'app', 'miss'],
      [1, undefined, 'miss'],
      [2, '_OTHER', 'miss'],
    ]);
    expect(await figures('sallyport.operation.cache.lookups', 'chain', 'operation', 'cache')).toEqual([
      [1, 'api', 'readPet', 'hit'],
      [5, 'api', 'readPet', 'miss'],
      [1, 'api', 'deletePet', 'hit'],
    ]);
    stopMeasuring();
  });

  test('tell how many leases go on, by chain', async () => {
    const requirement = headerHandler({ name: 'key', header: 'X-Key', verify: () => ALICE });
    const [held, idle] = ['held', 'idle'].map((name) => new SecurityChain({ name, requirement })) as [
      SecurityChain,
      SecurityChain,
    ];
    closings.push(held, idle);
    const decider = { name: 'decider', handlers: [] };
    const stopMeasuring = recordMetrics({ meterProvider: provider, chains: [held, idle, decider] });
    const figures = async () =>
      (await points('sallyport.leases')).map(({ value, attributes }) => [value, ...Object.values(attributes)]);
    const asked = { method: 'GET', target: '/events', rawHeaders: ['X-Key', 'k'] };
    const granted = (await held.decide(new SecurityRequest(asked))) as GrantedDecision;
    const leases = [1, 2].map(() => held.lease(granted, asked, { guards: [], others: [], recheckSeconds: 60 }));
    expect(await figures()).toEqual([
      [2, 'held'],
      [0, 'idle'],
    ]);
    leases[0]?.release();
    expect(await figures()).toEqual([
      [1, 'held'],
      [0, 'idle'],
    ]);
    stopMeasuring();
  });

  test('tell for how long revocations may be missing', async () => {
    const clock = new ManualClock();
    let isComplete = true;
    const bus = {
      publish: async () => true,
      receive: async () => ({ notices: [], isComplete }),
      listen: async () => {},
      close: async () => {},
    };
    const secret = 'a deployment secret of 32 characters or more';
    const revocations = [new Revocations({ secret }, { bus, clock }), new Revocations()];
    const stopMeasuring = recordMetrics({ meterProvider: provider, revocations });
    const lag = async () => (await points('sallyport.revocation.lag')).map(({ value }) => value);
    await revocations[0]?.start();
    clock.pass(2);
    expect(await lag()).toEqual([0]);
    isComplete = false;
    await revocations[0]?.synchronise();
    clock.pass(3);
    expect(await lag()).toEqual([5]);
    isComplete = true;
    await revocations[0]?.synchronise();
    expect(await lag()).toEqual([0]);
    stopMeasuring();
  });

  test.each([
    ['chains', { chains: ['chain'] }, 'MetricOptions.chains[0] must be a chain'],
    ['revocations', { revocations: [{}] }, 'MetricOptions.revocations[0] must be Revocations'],
  ])('refuse %s that are none', (_what, options, problem) => {
    expect(() => recordMetrics(JSON.parse(JSON.stringify(options)))).toThrow(problem);
  });
});
