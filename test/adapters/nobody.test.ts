import { request as ask, createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { serve } from '@hono/node-server';
import { afterEach, describe, expect, test } from '@jest/globals';
import * as ofExpress from '@sallyport/adapters/express';
import * as ofFastify from '@sallyport/adapters/fastify';
import * as ofFetch from '@sallyport/adapters/fetch';
import * as ofHttp from '@sallyport/adapters/http';
import * as ofKoa from '@sallyport/adapters/koa';
import {
  anonymous,
  anyOf,
  attempt,
  cookieHandler,
  denied,
  optional,
  type Requirement,
  SecurityChain,
} from '@sallyport/core';
import { contract } from '@sallyport/core/openapi';
import express from 'express';
import Fastify from 'fastify';
import { Hono } from 'hono';
import Koa from 'koa';
import { WebSocket } from 'ws';
import { DemoTokens } from './demo-chain.js';
import { type DemoServer, listening } from './demo-servers.js';

const express4: typeof express = require('express4');
const Koa2: typeof Koa = require('koa2');

/** What an application finds on a request, as each framework's users look for it. */
interface Found {
  /** Null and undefined are told apart; absent for servers that have no property for users. */
  readonly user?: string;
  readonly principal: string;
  readonly attempted: { readonly kind: string; readonly reason: string } | undefined;
}

/** The last of the chains lets preflights through. */
type Open = (chains: readonly SecurityChain[], report: (found: Found) => void) => Promise<DemoServer>;

function optionsFor(chain: SecurityChain, chains: readonly SecurityChain[]): { allowPreflight: boolean } {
  return { allowPreflight: chain === chains.at(-1) };
}

const FORGED = { subject: 'mallory', kind: 'user' };

function described(user: unknown): string {
  return user === undefined || user === null ? String(user) : (user as { subject: string }).subject;
}

function openExpress(framework: typeof express): Open {
  return (chains, report) => {
    const app = framework();
    app.use((request, _response, next) => {
      Object.assign(request, { user: FORGED });
      next();
    });
    for (const chain of chains) app.use(ofExpress.expressSecurity(chain, optionsFor(chain, chains))());
    app.use((request, response) => {
      const { user } = request as { user?: unknown };
      report({
        user: described(user),
        principal: ofExpress.principalOf(request).subject,
        attempted: ofExpress.attemptedOf(request),
      });
      response.end();
    });
    return listening(createServer(app));
  };
}

function openKoa(framework: typeof Koa): Open {
  return (chains, report) => {
    const app = new framework();
    app.use((context, next) => {
      context.state['user'] = FORGED;
      return next();
    });
    for (const chain of chains) app.use(ofKoa.koaSecurity(chain, optionsFor(chain, chains))());
    app.use((context) => {
      report({
        user: described(context.state['user']),
        principal: ofKoa.principalOf(context).subject,
        attempted: ofKoa.attemptedOf(context),
      });
      context.body = '';
    });
    return listening(createServer(app.callback()));
  };
}

const openFastify: Open = async (chains, report) => {
  const app = Fastify();
  app.decorateRequest('user', null);
  app.addHook('onRequest', async (request) => void Object.assign(request, { user: FORGED }));
  for (const chain of chains) await app.register(ofFastify.fastifySecurity(chain, optionsFor(chain, chains)).plugin);
  app.all('/*', async (request) => {
    const { user } = request as { user?: unknown };
    report({
      user: described(user),
      principal: ofFastify.principalOf(request).subject,
      attempted: ofFastify.attemptedOf(request),
    });
    return '';
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  return { port: (app.server.address() as { port: number }).port, close: () => app.close() };
};

const openHono: Open = async (chains, report) => {
  const app = new Hono<{ Variables: { user: unknown } }>();
  app.use(async (context, next) => {
    context.set('user', FORGED);
    await next();
  });
  for (const chain of chains) app.use(ofFetch.fetchSecurity(chain, optionsFor(chain, chains)).middleware());
  app.all('*', (context) => {
    expect(ofFetch.principalOf(context)).toBe(ofFetch.principalOf(context.req.raw));
    expect(ofFetch.attemptedOf(context)).toBe(ofFetch.attemptedOf(context.req.raw));
    report({
      user: described(context.get('user')),
      principal: ofFetch.principalOf(context).subject,
      attempted: ofFetch.attemptedOf(context),
    });
    return context.text('');
  });
  return listeningTo(serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }) as Server);
};

/** A fetch handler without a framework: it has no property for users. */
const openFetch: Open = async (chains, report) => {
  const answer: ofFetch.FetchHandler<unknown[]> = (request) => {
    report({ principal: ofFetch.principalOf(request).subject, attempted: ofFetch.attemptedOf(request) });
    return new Response();
  };
  const handler = chains.reduceRight(
    (next, chain) => ofFetch.fetchSecurity(chain, optionsFor(chain, chains))(next),
    answer,
  );
  return listeningTo(serve({ fetch: handler, port: 0, hostname: '127.0.0.1' }) as Server);
};

const openHttp: Open = (chains, report) => {
  const answer: ofHttp.SecuredListener<IncomingMessage, ServerResponse> = (request, response, principal) => {
    expect(principal).toBe(ofHttp.principalOf(request));
    report({ principal: principal.subject, attempted: ofHttp.attemptedOf(request) });
    response.end();
  };
  const listener = chains.reduceRight(
    (next, chain) => ofHttp.httpSecurity(chain, optionsFor(chain, chains))(next),
    answer,
  );
  return listening(createServer(listener as (request: IncomingMessage, response: unknown) => void));
};

async function listeningTo(server: Server): Promise<DemoServer> {
  if (!server.listening) await new Promise((resolve) => server.once('listening', resolve));
  return {
    port: (server.address() as { port: number }).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const SERVERS: readonly (readonly [name: string, open: Open, nobody: string | undefined])[] = [
  ['Express 4', openExpress(express4), 'undefined'],
  ['Express 5', openExpress(express), 'undefined'],
  ['Koa 2', openKoa(Koa2), 'undefined'],
  ['Koa 3', openKoa(Koa), 'undefined'],
  ['Fastify 5', openFastify, 'null'],
  ['Hono', openHono, 'undefined'],
  ['fetch', openFetch, undefined],
  ['node:http', openHttp, undefined],
];

const tokens = new DemoTokens();
const chainOf = (requirement: Requirement, name = 'demo') => new SecurityChain({ name, requirement });
/** Refuses every token, in a later tick. */
const slowly = Object.assign(new DemoTokens(), {
  verify: async () => denied('token_unknown'),
});

const sessions = cookieHandler({ name: 'sessions', cookie: 'session', verify: (subject) => ({ subject }) });

async function openContract(): Promise<SecurityChain> {
  const definition = {
    openapi: '3.0.4',
    info: { title: 'demo', version: '1' },
    components: { securitySchemes: { Token: { type: 'http', scheme: 'bearer' } } },
    paths: { '/': { get: { security: [{}, { Token: [] }], responses: { 200: { description: 'ok' } } } } },
  };
  return new SecurityChain({ operations: await contract(definition, { schemes: { Token: tokens } }) });
}

let server: DemoServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

describe.each(SERVERS)('%s', (_name, open, nobody) => {
  async function findings(chains: readonly SecurityChain[], headers: Record<string, string>, method = 'GET') {
    let found: Found | undefined;
    const report = (latest: Found) => {
      found = latest;
    };
    server = await open(chains, report);
    const { port } = server;
    await new Promise<void>((resolve, reject) => {
      ask({ port, host: '127.0.0.1', method, headers, agent: false }, (response) => {
        response.resume().on('end', resolve);
      })
        .on('error', reject)
        .end();
    });
    return found;
  }
  const ofNobody = (attempted?: Found['attempted']) => ({
    ...(nobody !== undefined && { user: nobody }),
    principal: '',
    attempted,
  });
  const ALICE = { authorization: 'Bearer now.alice' };
  const BAD = { authorization: 'Bearer bad' };

  test.each([
    ['anonymous()', anonymous(), {}],
    ['anonymous() with a token', anonymous(), ALICE],
    ['anonymous() with joined credentials', anonymous(), { authorization: 'Bearer a, Basic YTpi' }],
    ['optional()', optional(tokens), {}],
    ['anyOf() with anonymous()', anyOf(tokens, anonymous()), {}],
    ['attempt()', attempt(tokens), {}],
  ])('a caller that %s lets in is no user, and inherits none', async (_requirement, requirement, headers) => {
    expect(await findings([chainOf(requirement)], headers)).toEqual(ofNobody());
  });

  test('a caller that {} of a contract lets in is no user, and inherits none', async () => {
    expect(await findings([await openContract()], {})).toEqual(ofNobody());
  });

  test.each([
    ['at once', attempt(tokens)],
    ['later', attempt(slowly)],
  ])('after an attempt that failed %s, the application can read the verdict', async (_when, requirement) => {
    const refused = { kind: 'denied', reason: 'token_unknown' };
    expect(await findings([chainOf(requirement)], BAD)).toEqual(ofNobody(refused));
  });

  test('what nobody recognises, an attempt tells without what was sent', async () => {
    const refused = { kind: 'unrecognised', reason: 'credentials_unrecognised' };
    expect(await findings([chainOf(attempt(tokens))], { authorization: 's3cret' })).toEqual(ofNobody(refused));
  });

  test('a preflight that is let through has no user, also behind a chain that found one', async () => {
    const preflight = { origin: 'https://a.example', 'access-control-request-method': 'PUT' };
    expect(await findings([chainOf(tokens)], preflight, 'OPTIONS')).toEqual(ofNobody());
    await server?.close();
    const chains = [chainOf(sessions, 'sessions'), chainOf(tokens)];
    const headers = { ...preflight, cookie: 'session=alice' };
    expect(await findings(chains, headers, 'OPTIONS')).toEqual(ofNobody());
  });

  test('of two chains the last one tells who it is, also when that is nobody', async () => {
    const chains = [chainOf(tokens), chainOf(anonymous(), 'open')];
    expect(await findings(chains, ALICE)).toEqual(ofNobody());
    await server?.close();
    expect(await findings(chains.toReversed(), ALICE)).toEqual({
      ...ofNobody(),
      ...(nobody !== undefined && { user: 'alice' }),
      principal: 'alice',
    });
  });

  test('an attempt that succeeds has refused nothing', async () => {
    expect(await findings([chainOf(attempt(tokens))], ALICE)).toMatchObject({
      principal: 'alice',
      attempted: undefined,
    });
  });
});

describe('an upgrade', () => {
  test.each([
    [undefined, undefined],
    ['bad', { kind: 'denied', reason: 'token_unknown' }],
  ])('with the token %p tells the application what an attempt let pass', async (token, attempted) => {
    const listener = createServer();
    server = await listening(listener);
    const accepted = new Promise<unknown[]>((resolve) => {
      const secure = ofHttp.upgradeSecurity(chainOf(attempt(tokens)));
      listener.on(
        'upgrade',
        secure((request, socket, _head, principal) => {
          resolve([principal.kind, ofHttp.principalOf(request).kind, ofHttp.attemptedOf(request)]);
          socket.destroy();
        }),
      );
    });
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    new WebSocket(`ws://127.0.0.1:${server.port}/`, { headers }).on('error', () => {});
    expect(await accepted).toEqual(['anonymous', 'anonymous', attempted]);
  });
});

test('where no chain has run, nothing was attempted', () => {
  for (const { attemptedOf } of [ofExpress, ofFastify, ofFetch, ofHttp, ofKoa]) {
    expect(attemptedOf({})).toBeUndefined();
  }
});
