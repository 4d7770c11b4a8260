import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from '@jest/globals';
import type { IntrospectionHandlerOptions } from '@sallyport/handlers/introspection';
import { type Caller, jsonDocument, type OutboundCall, outboundCallRules } from '../../rules/outbound-calls.js';
import { type Document, FaultServer } from '../../support/fault-server.js';
import { isNightly } from '../../support/nightly.js';
import { PromptClock } from '../../support/prompt-clock.js';
import { newKey, tokenOf } from '../jwt/signing.js';
import { IntrospectionUnderTest } from './introspection-fixture.js';

const KEY = newKey('ES256', 'k1');
const METADATA = '/.well-known/oauth-authorization-server';
const outbound = { allowInsecureLoopback: true };
const clock = new PromptClock();
/** Answers of 100 MB each: if a fortieth of them stayed, the memory would show it. */
const MEASURELESS = isNightly ? 200 : 40;
const WARMING = isNightly ? 40 : 15;

function signedAnswer(origin: string): Document {
  const claims = {
    iss: origin,
    aud: 'gateway',
    iat: clock.now() / 1_000,
    token_introspection: { active: true, sub: 'a' },
  };
  const header = { alg: 'ES256', kid: 'k1', typ: 'token-introspection+jwt' };
  const body = tokenOf(JSON.stringify(header), JSON.stringify(claims), 'ES256', KEY.privateKey);
  return { contentType: 'application/token-introspection+jwt', body };
}

function document(path: string, { origin }: FaultServer): Document | undefined {
  if (path === '/introspect') return jsonDocument({ active: true, sub: 'alice' });
  if (path === '/signed') return signedAnswer(origin);
  if (path === '/jwks') return jsonDocument({ keys: [KEY.jwk] });
  if (path === METADATA) return jsonDocument({ issuer: origin, introspection_endpoint: `${origin}/introspect` });
  return path === '/elsewhere' ? jsonDocument({ active: true, sub: 'mallory', keys: [KEY.jwk] }) : undefined;
}

function callerOf(options: Partial<IntrospectionHandlerOptions>): Caller {
  const subject = new IntrospectionUnderTest(options, { clock });
  return {
    clock,
    ask: () => subject.ask(),
    remembered: () => subject.handler.statistics.cache,
    close: () => subject.close(),
  };
}

const INTROSPECTION: OutboundCall = {
  name: 'introspection',
  path: '/introspect',
  carriesToken: true,
  document,
  open: (origin) => callerOf({ endpoint: `${origin}/introspect` }),
};

const CALLS: readonly OutboundCall[] = [
  INTROSPECTION,
  { name: 'discovery', path: METADATA, document, open: (origin) => callerOf({ issuer: origin }) },
  {
    name: 'the keys of signed answers',
    path: '/jwks',
    document,
    open: (origin, server) =>
      callerOf({
        endpoint: `${server.origin}/signed`,
        issuer: server.origin,
        signedAnswers: { algorithms: 'ES256', keys: { jwksUri: `${origin}/jwks`, outbound } },
      }),
  },
];

for (const call of CALLS) outboundCallRules(call);

test(`${MEASURELESS} answers without measure leave the memory as it was`, async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const used = () => {
    collect();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const server: FaultServer = await FaultServer.start((path) => document(path, server));
  const subject = new IntrospectionUnderTest({ endpoint: `${server.origin}/introspect` }, { clock });
  const flood = async (count: number) => {
    for (let index = 0; index < count; index += 1) {
      server.misbehave('/introspect', 'a body of 100 MB');
      expect(await subject.status(`token-${index}`)).toBe(503);
      subject.clock.pass(31);
    }
  };
  /** A body that was cut off is held by its connection, which ends a little later. */
  const settled = async () => {
    while (server.openSockets > 1) await new Promise(setImmediate);
    for (let turns = 0; turns < 20; turns += 1) await new Promise(setImmediate);
  };
  await flood(WARMING);
  await settled();
  const before = used();
  await flood(MEASURELESS);
  await settled();
  expect((used() - before) / 1_024 / 1_024).toBeLessThan(8);
  expect(server.targets).toHaveLength(WARMING + MEASURELESS);
  await subject.close();
  await server.close();
});
