// What a project does with Sallyport, once around the house: every kind of handler, contract, container and adapter.
// Runners call the proofs one by one; compilers turn this file into an ES module and into CommonJS.
import 'reflect-metadata';
import { deepEqual, equal, rejects } from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expressSecurity, principalOf } from '@sallyport/adapters/express';
import { fastifySecurity } from '@sallyport/adapters/fastify';
import { fetchSecurity } from '@sallyport/adapters/fetch';
import { httpSecurity } from '@sallyport/adapters/http';
import { koaSecurity } from '@sallyport/adapters/koa';
import { container, registerSecurity, resolveChain } from '@sallyport/configuration/tsyringe';
import {
  anyOf,
  authenticated,
  ConfigurationError,
  createPrincipal,
  denied,
  headerHandler,
  requireScopes,
  SecurityChain,
  type SecurityHandler,
  type Verdict,
} from '@sallyport/core';
import { type AuditEntry, auditDecisions } from '@sallyport/core/audit';
import { challenge, type SecurityRequest } from '@sallyport/core/extend';
import { recordSpans } from '@sallyport/core/opentelemetry';
import { RedisCacheStore } from '@sallyport/core/redis';
import { AuthorizationServer, ask, buildRequest, handlerRules } from '@sallyport/core/testing';
import { BasicHandler, hashPassword, InMemoryUserStore } from '@sallyport/handlers/basic';
import { IntrospectionHandler } from '@sallyport/handlers/introspection';
import { JwtHandler } from '@sallyport/handlers/jwt';
import { builtInHandlers } from '@sallyport/handlers/kinds';
import { oryHydra } from '@sallyport/handlers/providers';
import { openApi } from '@sallyport/openapi';
import express from 'express';
import Fastify from 'fastify';
import Koa from 'koa';

/** Patient: other rows of the matrix keep the machine busy meanwhile. */
const outbound = { allowInsecureLoopback: true, timeoutMs: 30_000 };
const deadlineMs = 60_000;
const ALICE = { subject: 'alice', scopes: ['orders:read'] };

/** Takes the key `good`. */
const key = headerHandler({
  name: 'key',
  header: 'X-Key',
  verify: (value) => (value === 'good' ? ALICE : denied('key_unknown')),
});

/** A handler as a class, from what authors of handlers import. */
class BadgeHandler implements SecurityHandler<string> {
  readonly name = 'badge';
  readonly challenges = [challenge('Badge', { realm: 'doors' })];
  readonly source = 'header:x-badge';

  extract(request: SecurityRequest): string | undefined {
    return request.header('x-badge');
  }

  verify(badge: string): Verdict {
    return badge === 'badge-0001' ? authenticated(createPrincipal(ALICE)) : denied('badge_unknown');
  }
}

async function withAuthority(use: (authority: AuthorizationServer) => Promise<void>): Promise<void> {
  const authority = await AuthorizationServer.start();
  await use(authority).finally(() => authority.close());
}

/** The answers of a server to a caller with the key, to one without, and who the first one was. */
async function answersOf(server: Server): Promise<readonly unknown[]> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/orders`;
  const granted = await fetch(url, { headers: { 'X-Key': 'good' } });
  const answers = [granted.status, await granted.text(), (await fetch(url)).status];
  server.closeAllConnections();
  server.close();
  return answers;
}

async function jwt(): Promise<void> {
  await withAuthority(async (authority) => {
    const { issuer, jwksUri, audience } = authority;
    const issuers = [{ issuer, audience, algorithms: 'ES256' as const, keys: { jwksUri, outbound } }];
    const chain = new SecurityChain({ deadlineMs, requirement: new JwtHandler({ realm: 'orders', issuers }) });
    const alice = await authority.as(ALICE);
    const { status, principal } = await ask(chain, 'GET /orders', alice);
    deepEqual([status, principal?.subject, principal?.scopes], [200, 'alice', ['orders:read']]);
    const refused = await ask(chain, 'GET /orders', { bearer: `${alice.bearer.slice(0, -8)}AAAAAAAA` });
    deepEqual([refused.status, /error="invalid_token"/.test(refused.challenges[0] ?? '')], [401, true]);
    await chain.close();
  });
}

async function introspection(): Promise<void> {
  await withAuthority(async (authority) => {
    const { introspectionEndpoint: endpoint, clientId, clientSecret } = authority;
    const clientAuthentication = { method: 'client_secret_basic' as const, clientId, clientSecret };
    const handler = new IntrospectionHandler({ realm: 'orders', endpoint, clientAuthentication, outbound });
    const chain = new SecurityChain({ deadlineMs, requirement: handler });
    const alice = await authority.as(ALICE, { opaque: true });
    equal((await ask(chain, 'GET /orders', alice)).principal?.subject, 'alice');
    equal((await ask(chain, 'GET /orders', { bearer: 'unknown' })).status, 401);
    authority.breakDown('introspection', 'reset');
    equal((await ask(chain, 'GET /orders', { bearer: 'another' })).status, 503);
    await chain.close();
  });
}

async function provider(): Promise<void> {
  await withAuthority(async (authority) => {
    const { issuer, audience } = authority;
    const issuers = [{ ...oryHydra({ issuer, audience }), keys: { discovery: true as const, outbound } }];
    const chain = new SecurityChain({ deadlineMs, requirement: new JwtHandler({ realm: 'orders', issuers }) });
    const { status, principal } = await ask(chain, 'GET /orders', await authority.as(ALICE));
    deepEqual([status, principal?.kind, principal?.subject], [200, 'user', 'alice']);
    await chain.close();
  });
}

async function basic(): Promise<void> {
  const users = new InMemoryUserStore([{ name: 'alice', hash: await hashPassword('a long passphrase') }]);
  const chain = new SecurityChain({ deadlineMs, requirement: new BasicHandler({ realm: 'orders', users }) });
  equal((await ask(chain, 'GET /', { basic: ['alice', 'a long passphrase'] })).principal?.subject, 'alice');
  equal((await ask(chain, 'GET /', { basic: ['alice', 'another passphrase'] })).status, 401);
  await chain.close();
}

async function contract(): Promise<void> {
  const definition = `
    openapi: 3.0.4
    info: { title: Orders, version: '1' }
    components:
      securitySchemes:
        Key: { type: apiKey, in: header, name: X-Key }
    paths:
      /orders:
        get:
          security: [{ Key: [] }]
          responses: { '200': { description: The orders } }`;
  const operations = await openApi(definition, { schemes: { Key: key } });
  const chain = new SecurityChain({ operations });
  equal((await ask(chain, 'GET /orders', { headers: { 'X-Key': 'good' } })).status, 200);
  equal((await ask(chain, 'GET /orders')).status, 401);
  equal((await ask(chain, 'GET /unknown')).status, 404);
  await rejects(openApi('openapi: 3.0.4', { schemes: {} }), ConfigurationError);
}

async function ownHandler(): Promise<void> {
  const chain = new SecurityChain({ requirement: anyOf(new BadgeHandler(), key) });
  equal((await ask(chain, 'GET /', { headers: { 'X-Badge': 'badge-0001' } })).principal?.subject, 'alice');
  deepEqual((await ask(chain)).challenges, ['Badge realm="doors"', 'ApiKey header="X-Key"']);
  const cases = {
    accepted: [{ headers: { 'X-Badge': 'badge-0001' } }],
    refused: [{ headers: { 'X-Badge': 'badge-0002' } }],
  };
  for (const { check } of handlerRules(() => new BadgeHandler(), cases)) await check();
}

async function containers(): Promise<void> {
  const child = container.createChildContainer();
  registerSecurity(child, {
    kinds: builtInHandlers,
    handlers: {
      badge: { useFactory: () => new BadgeHandler() },
      users: { type: 'basic', options: { realm: 'doors', users: { accounts: [] } } },
    },
    chain: (handler) => ({ name: 'doors', requirement: anyOf(handler('badge'), handler('users')) }),
  });
  const chain = await resolveChain(child);
  equal((await ask(chain, 'GET /', { headers: { 'X-Badge': 'badge-0001' } })).status, 200);
  equal((await ask(chain, 'GET /', { basic: ['nobody', 'a long passphrase'] })).status, 401);
  await chain.close();
}

async function onlookers(): Promise<void> {
  const lines: AuditEntry[] = [];
  const write = (entry: AuditEntry) => void lines.push(entry);
  const ends = [auditDecisions({ trace: write, debug: write, info: write, warn: write, error: write }), recordSpans()];
  const chain = new SecurityChain({ name: 'heard', requirement: key });
  await chain.decide(buildRequest('GET /', { headers: { 'X-Key': 'good' } }));
  for (const end of ends) end();
  deepEqual(
    lines.map(({ chain, outcome }) => [chain, outcome]),
    [['heard', 'granted']],
  );
}

async function redis(): Promise<void> {
  const values = new Map([['sallyport:a', 'remembered']]);
  const client = {
    sendCommand: async (...given: never[]) => {
      const [[, name = '']] = given as unknown as [string[]];
      return values.get(name) ?? '';
    },
  };
  const store = new RedisCacheStore({}, { client });
  deepEqual([await store.get('a'), await store.get('b')], ['remembered', undefined]);
}

async function adapters(): Promise<void> {
  const chain = new SecurityChain({ requirement: key });
  const expected = [200, 'alice', 401];

  const app = express();
  app.use(expressSecurity(chain)(requireScopes('orders:read')));
  app.get('/orders', (request, response) => void response.send(principalOf(request).subject));
  deepEqual(await answersOf(createServer(app)), expected);

  const fastify = Fastify();
  await fastify.register(fastifySecurity(chain).plugin);
  fastify.get('/orders', async (request) => principalOf(request).subject);
  await fastify.ready();
  deepEqual(await answersOf(createServer(fastify.routing)), expected);
  await fastify.close();

  const koa = new Koa();
  koa.use(koaSecurity(chain)());
  koa.use((context) => {
    context.body = principalOf(context).subject;
  });
  deepEqual(await answersOf(createServer(koa.callback())), expected);

  const secure = httpSecurity(chain);
  deepEqual(await answersOf(createServer(secure((_, response, { subject }) => response.end(subject)))), expected);

  const answer = fetchSecurity(chain)((request) => new Response(principalOf(request).subject));
  equal(await (await answer(new Request('http://orders.example/', { headers: { 'X-Key': 'good' } }))).text(), 'alice');
  equal((await answer(new Request('http://orders.example/'))).status, 401);
}

/** By title, for every runner. */
export const proofs: readonly (readonly [title: string, prove: () => Promise<void>])[] = [
  ['JWT', jwt],
  ['introspection', introspection],
  ['a provider', provider],
  ['Basic', basic],
  ['a contract', contract],
  ['a handler of its own', ownHandler],
  ['a container', containers],
  ['audit lines and spans', onlookers],
  ['a store in Redis', redis],
  ['adapters', adapters],
];
