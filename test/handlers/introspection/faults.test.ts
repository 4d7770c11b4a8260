import { expect, test } from '@jest/globals';
import type { IntrospectionHandlerOptions } from '@sallyport/handlers/introspection';
import { type Caller, jsonDocument, type OutboundCall, outboundCallRules } from '../../rules/outbound-calls.js';
import { type Document, FaultServer } from '../../support/fault-server.js';
import { heldBytes } from '../../support/held-memory.js';
import { isNightly } from '../../support/nightly.js';
import { PromptClock } from '../../support/prompt-clock.js';
import { newKey, tokenOf } from '../jwt/signing.js';
import { IntrospectionUnderTest } from './introspection-fixture.js';

const KEY = newKey('ES256', 'k1');
const METADATA = '/.well-known/oauth-authorization-server';
const outbound = { allowInsecureLoopback: true };
const clock = new PromptClock();
/** Answers of 100 MB each. */
const MEASURELESS = isNightly ? 200 : 40;
const WARMING = isNightly ? 40 : 15;
/** A call takes 256 KB of an answer before it refuses the rest. If 40 calls kept that, the memory would show 10 MB. */
const TOLERATED_BYTES = 8 * 1_024 * 1_024;

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
  const server: FaultServer = await FaultServer.start((path) => document(path, server));
  const subject = new IntrospectionUnderTest({ endpoint: `${server.origin}/introspect` }, { clock });
  const flood = async (count: number) => {
    for (let index = 0; index < count; index += 1) {
      server.misbehave('/introspect', 'a body of 100 MB');
      expect(await subject.status(`token-${index}`)).toBe(503);
      subject.clock.pass(31);
    }
  };
  await flood(WARMING);
  const before = await heldBytes();
  await flood(MEASURELESS);
  const after = await heldBytes(before + TOLERATED_BYTES);
  await subject.close();
  await server.close();
  expect(after - before).toBeLessThanOrEqual(TOLERATED_BYTES);
  expect(server.targets).toHaveLength(WARMING + MEASURELESS);
});
