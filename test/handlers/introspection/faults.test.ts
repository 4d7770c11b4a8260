import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { IntrospectionHandlerOptions } from '@sallyport/handlers/introspection';
import { closedOrigin, type Document, FAULTS, FaultServer } from '../../support/fault-server.js';
import { PromptClock } from '../../support/prompt-clock.js';
import { newKey, tokenOf } from '../jwt/signing.js';
import { IntrospectionUnderTest } from './introspection-fixture.js';

const KEY = newKey('ES256', 'k1');
const METADATA = '/.well-known/oauth-authorization-server';
const DEADLINE_SECONDS = 2;

interface Call {
  readonly path: string;
  /** How the handler is set up to make this call to `origin`, and all others to the server. */
  readonly options: (origin: string) => Partial<IntrospectionHandlerOptions>;
}

let server: FaultServer;
let subject: IntrospectionUnderTest;

const json = (value: object): Document => ({ contentType: 'application/json', body: JSON.stringify(value) });

function signedAnswer(): Document {
  const claims = {
    iss: server.origin,
    aud: 'gateway',
    iat: subject.now,
    token_introspection: { active: true, sub: 'a' },
  };
  const header = { alg: 'ES256', kid: 'k1', typ: 'token-introspection+jwt' };
  const body = tokenOf(JSON.stringify(header), JSON.stringify(claims), 'ES256', KEY.privateKey);
  return { contentType: 'application/token-introspection+jwt', body };
}

function document(path: string): Document | undefined {
  if (path === '/introspect') return json({ active: true, sub: 'alice' });
  if (path === '/signed') return signedAnswer();
  if (path === '/jwks') return json({ keys: [KEY.jwk] });
  if (path === METADATA) return json({ issuer: server.origin, introspection_endpoint: `${server.origin}/introspect` });
  return path === '/elsewhere' ? json({ active: true, sub: 'mallory', keys: [KEY.jwk] }) : undefined;
}

const outbound = { allowInsecureLoopback: true };

const CALLS: Readonly<Record<string, Call>> = {
  introspection: { path: '/introspect', options: (origin) => ({ endpoint: `${origin}/introspect` }) },
  discovery: { path: METADATA, options: (origin) => ({ issuer: origin }) },
  'the keys of signed answers': {
    path: '/jwks',
    options: (origin) => ({
      endpoint: `${server.origin}/signed`,
      issuer: server.origin,
      signedAnswers: { algorithms: 'ES256', keys: { jwksUri: `${origin}/jwks`, outbound } },
    }),
  },
};

beforeEach(async () => {
  server = await FaultServer.start(document);
});

afterEach(async () => {
  await subject.close();
  for (let turns = 0; server.openSockets > 0 && turns < 10_000; turns += 1) await new Promise(setImmediate);
  const { openSockets } = server;
  await server.close();
  expect(openSockets).toBe(0);
});

function subjectFor(call: Call, origin = server.origin): void {
  subject = new IntrospectionUnderTest(call.options(origin), { clock: new PromptClock() });
}

const known = { entries: 0, negativeEntries: 0, flights: 0 };

describe.each(Object.entries(CALLS))('in the call for %s', (_name, call) => {
  test.each(FAULTS)('%s is 503 by the deadline, not remembered, and over when it is over', async (fault) => {
    subjectFor(call);
    const hanging = server.misbehave(call.path, fault);
    const pending = subject.ask();
    let isSettled = false;
    pending.finally(() => {
      isSettled = true;
    });
    if ((await Promise.race([pending, hanging])) === 'hanging') {
      subject.clock.pass(DEADLINE_SECONDS - 0.001);
      await new Promise(setImmediate);
      expect(isSettled).toBe(false);
      subject.clock.pass(0.001);
    }
    const { status, reason, challenges, principal } = await pending;
    expect({ status, challenges, principal }).toEqual({ status: 503, challenges: [], principal: undefined });
    expect(reason).toMatch(/^(?:err_sallyport_upstream_|introspection_)/);
    expect(subject.handler.statistics.cache).toMatchObject(known);
    expect(server.targets).not.toContain('/elsewhere');
    expect(server.bytesPoured).toBeLessThan(32 * 1_024 * 1_024);
    server.recover();
    subject.clock.pass(31);
    expect(await subject.outcome()).toBe('200');
  });

  test('a refused connection is 503', async () => {
    subjectFor(call, await closedOrigin());
    expect(await subject.outcome()).toBe('503 err_sallyport_upstream_unreachable');
    expect(subject.handler.statistics.cache).toMatchObject(known);
  });

  test('a name that does not resolve is 503', async () => {
    subjectFor(call, 'https://sallyport.invalid');
    expect(await subject.outcome()).toBe('503 err_sallyport_upstream_unreachable');
    expect(subject.handler.statistics.cache).toMatchObject(known);
  });

  test('a certificate that nobody trusts is 503, and nothing is sent', async () => {
    const untrusted = await FaultServer.startUntrusted(document);
    subjectFor(call, untrusted.origin);
    expect(await subject.outcome()).toBe('503 err_sallyport_upstream_unreachable');
    expect(subject.handler.statistics.cache).toMatchObject(known);
    expect(untrusted.targets).toEqual([]);
    await untrusted.close();
  });

  test('a server without TLS where TLS is expected is 503', async () => {
    subjectFor(call, server.origin.replace('http://127.0.0.1', 'https://localhost'));
    expect(await subject.outcome()).toBe('503 err_sallyport_upstream_unreachable');
    expect(subject.handler.statistics.cache).toMatchObject(known);
  });
});

test('200 answers without measure leave the memory as it was', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const used = () => {
    collect();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  subjectFor(CALLS['introspection'] as Call);
  const flood = async (count: number) => {
    for (let index = 0; index < count; index += 1) {
      server.misbehave('/introspect', 'a body of 100 MB');
      expect(await subject.status(`token-${index}`)).toBe(503);
      subject.clock.pass(31);
    }
  };
  await flood(40);
  const before = used();
  await flood(200);
  expect((used() - before) / 1_024 / 1_024).toBeLessThan(8);
  expect(server.targets).toHaveLength(240);
});
