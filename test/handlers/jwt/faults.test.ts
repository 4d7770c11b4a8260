import { SecurityChain } from '@sallyport/core';
import { ask } from '@sallyport/core/testing';
import { JwtHandler, type TrustedIssuer } from '@sallyport/handlers/jwt';
import { type Caller, jsonDocument, type OutboundCall, outboundCallRules } from '../../rules/outbound-calls.js';
import type { FaultServer } from '../../support/fault-server.js';
import { PromptClock } from '../../support/prompt-clock.js';
import { ISSUER, tokenBy, trusted } from './jwt-fixture.js';
import { newKey } from './signing.js';

const KEY = newKey('ES256', 'key-1');
const MALLORY = newKey('ES256', 'key-1');
const METADATA = '/.well-known/oauth-authorization-server';
const outbound = { allowInsecureLoopback: true };

function document(path: string, { origin }: FaultServer) {
  if (path === '/jwks') return jsonDocument({ keys: [KEY.jwk] });
  if (path === METADATA) return jsonDocument({ issuer: origin, jwks_uri: `${origin}/jwks` });
  return path === '/elsewhere' ? jsonDocument({ keys: [MALLORY.jwk] }) : undefined;
}

function callerOf(issuer: TrustedIssuer): Caller {
  const clock = new PromptClock();
  const handler = new JwtHandler({ realm: 'test', issuers: [issuer] }, { clock });
  const chain = new SecurityChain({ requirement: handler }, { clock, random: () => 0 });
  // Issued by this clock, so that the token is as old after each pause.
  const token = () => {
    const now = clock.now() / 1_000;
    return tokenBy(KEY, { iss: issuer.issuer, iat: now - 60, exp: now + 600 });
  };
  return {
    clock,
    ask: () => ask(chain, 'GET /orders', { bearer: token() }),
    remembered: () => handler.statistics.cache,
    close: () => chain.close(),
  };
}

const CALLS: readonly OutboundCall[] = [
  {
    name: 'the keys of an issuer',
    path: '/jwks',
    document,
    open: (origin) => callerOf(trusted({ jwksUri: `${origin}/jwks`, outbound }, { issuer: ISSUER })),
  },
  {
    name: 'the keys that metadata name',
    path: '/jwks',
    document,
    open: (origin) => callerOf(trusted({ discovery: true, outbound }, { issuer: origin })),
  },
  {
    name: 'the metadata of an issuer',
    path: METADATA,
    document,
    open: (origin) => callerOf(trusted({ discovery: true, outbound }, { issuer: origin })),
  },
];

for (const call of CALLS) outboundCallRules(call);
