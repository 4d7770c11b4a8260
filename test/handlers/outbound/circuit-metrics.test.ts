import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { SecurityChain } from '@sallyport/core';
import { recordMetrics } from '@sallyport/core/opentelemetry';
import { AuthorizationServer } from '@sallyport/core/testing';
import { IntrospectionHandler } from '@sallyport/handlers/introspection';
import { closedOrigin } from '../../support/fault-server.js';
import { PromptClock } from '../../support/prompt-clock.js';
import { CLIENT, IntrospectionUnderTest } from '../introspection/introspection-fixture.js';
import { ISSUER, jwtWith, keyServer, nextKeySetEvent, published, tokenBy, trusted } from '../jwt/jwt-fixture.js';
import { json } from '../jwt/key-server.js';
import { newKey } from '../jwt/signing.js';

const KEY = newKey('ES256', 'k1');
const outbound = { allowInsecureLoopback: true };

let exporter: InMemoryMetricExporter;
let provider: MeterProvider;
const closings: (() => unknown)[] = [];

beforeEach(() => {
  // Problems of keys and servers are told on stderr: not what is tried here.
  jest.spyOn(process, 'emitWarning').mockReturnValue(undefined);
  exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  provider = new MeterProvider({ readers: [reader] });
});
afterEach(async () => {
  for (const close of closings.splice(0).reverse()) await close();
  await provider.shutdown();
  jest.restoreAllMocks();
});

function measure(chain: SecurityChain): void {
  closings.push(recordMetrics({ meterProvider: provider, chains: [chain] }));
}

/** The circuits that the SDK exports, without those of which there is none in that state. */
async function circuits(): Promise<readonly string[]> {
  await provider.forceFlush();
  const metrics = exporter
    .getMetrics()
    .at(-1)
    ?.scopeMetrics.flatMap((scope) => scope.metrics);
  const points = metrics?.find(({ descriptor }) => descriptor.name === 'sallyport.circuit')?.dataPoints ?? [];
  return points
    .filter(({ value }) => value !== 0)
    .map(({ value, attributes }) => {
      const server = attributes['sallyport.server'] ?? '(found at run time)';
      return `${value} ${attributes['sallyport.calls']} of ${server}: ${attributes['sallyport.circuit.state']}`;
    });
}

describe('sallyport.circuit tells whether calls to other servers are made', () => {
  test('fetches of keys: open in the pause after a failure, half-open after it, closed after an answer', async () => {
    const server = await keyServer(KEY.jwk);
    const under = jwtWith(trusted(published(server)));
    measure(under.chain);
    expect(await circuits()).toEqual([`1 keys of ${ISSUER}: closed`]);
    server.answer = (_request, response) => void response.writeHead(500).end();
    expect(await under.outcome(tokenBy(KEY))).toBe('503 err_sallyport_upstream_status');
    expect(await circuits()).toEqual([`1 keys of ${ISSUER}: open`]);
    under.clock.pass(2);
    expect(await circuits()).toEqual([`1 keys of ${ISSUER}: half_open`]);
    server.publish(KEY.jwk);
    expect(await under.outcome(tokenBy(KEY))).toBe('granted');
    expect(await circuits()).toEqual([`1 keys of ${ISSUER}: closed`]);
  });

  test('each issuer by itself, with the discovery of its keys; configured keys have none', async () => {
    const server = await keyServer(KEY.jwk);
    const lost = await closedOrigin();
    const under = jwtWith(
      [
        trusted(published(server)),
        trusted({ discovery: true, outbound }, { issuer: lost }),
        trusted({ jwks: { keys: [KEY.jwk] } }, { issuer: 'https://configured.example' }),
      ],
      {},
      { clock: new PromptClock() },
    );
    measure(under.chain);
    await under.outcome(tokenBy(KEY, { iss: lost }));
    await under.outcome(tokenBy(KEY));
    expect(await circuits()).toEqual([`1 keys of ${ISSUER}: closed`, `1 keys of ${lost}: open`]);
  });

  test('resolved issuers are counted together: tokens make no time series', async () => {
    const server = await keyServer(KEY.jwk);
    const lost = await closedOrigin();
    const jwksUri = `${lost}/jwks`;
    const resolve = async (issuer: string) =>
      trusted(issuer.endsWith('lost') ? { jwksUri, outbound } : published(server), { issuer });
    const under = jwtWith([], { issuerResolver: { trusts: () => true, resolve } }, { clock: new PromptClock() });
    measure(under.chain);
    for (const tenant of ['a', 'b', 'c', 'lost']) {
      await under.outcome(tokenBy(KEY, { iss: `https://tenants.example/${tenant}` }));
    }
    expect(await circuits()).toEqual(['3 keys of (found at run time): closed', '1 keys of (found at run time): open']);
  });

  test('introspection by the circuit of its calls; its address without the query, which may hold a secret', async () => {
    const endpoint = `${await closedOrigin()}/introspect`;
    const under = new IntrospectionUnderTest({ endpoint: `${endpoint}?key=hidden` }, { clock: new PromptClock() });
    closings.push(() => under.close());
    measure(under.chain);
    await under.status('first');
    expect(await circuits()).toEqual([`1 introspection of ${endpoint}: closed`]);
    for (let call = 0; call < 20; call += 1) await under.status(`token-${call}`);
    expect(await circuits()).toEqual([`1 introspection of ${endpoint}: open`]);
    under.clock.pass(31);
    expect(await circuits()).toEqual([`1 introspection of ${endpoint}: half_open`]);
  });

  test('introspection whose address and keys have to be found: each of the three', async () => {
    const issuer = await closedOrigin();
    const signedAnswers = { algorithms: 'ES256', keys: { discovery: true, outbound } } as const;
    const under = new IntrospectionUnderTest({ issuer, signedAnswers }, { clock: new PromptClock() });
    closings.push(() => under.close());
    measure(under.chain);
    const failed = nextKeySetEvent('keys_unavailable');
    await under.chain.start();
    await failed;
    await turn();
    expect(await circuits()).toEqual([
      `1 introspection of ${issuer}: closed`,
      `1 metadata of ${issuer}: open`,
      `1 keys of ${issuer}: open`,
    ]);
  });

  test('all are closed where the servers answer', async () => {
    const server = await AuthorizationServer.start();
    closings.push(() => server.close());
    const { introspectionEndpoint: endpoint, issuer } = server;
    const tokens = new IntrospectionHandler({
      realm: 'test',
      endpoint,
      issuer,
      clientAuthentication: { ...CLIENT, clientId: server.clientId, clientSecret: server.clientSecret },
      outbound,
    });
    const metadata = await keyServer(KEY.jwk);
    metadata.answer = json({ issuer: metadata.origin, jwks_uri: metadata.jwksUri, keys: [KEY.jwk] });
    const { handler } = jwtWith(trusted({ discovery: true, outbound }, { issuer: metadata.origin }));
    const chain = new SecurityChain({ requirement: handler });
    measure(chain);
    measure(new SecurityChain({ name: 'other', requirement: tokens }));
    closings.push(() => tokens.close());
    await chain.start();
    expect(await circuits()).toEqual([`1 keys of ${metadata.origin}: closed`, `1 introspection of ${issuer}: closed`]);
  });
});
