import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { serve } from '@hono/node-server';
import { expect } from '@jest/globals';
import * as ofExpress from '@sallyport/adapters/express';
import * as ofFastify from '@sallyport/adapters/fastify';
import * as ofFetch from '@sallyport/adapters/fetch';
import * as ofHttp from '@sallyport/adapters/http';
import * as ofKoa from '@sallyport/adapters/koa';
import type { SecurityChain } from '@sallyport/core';
import express from 'express';
import Fastify from 'fastify';
import { Hono } from 'hono';
import Koa from 'koa';
import { type DemoServer, listening } from './demo-servers.js';

const express4: typeof express = require('express4');
const Koa2: typeof Koa = require('koa2');

/** What an application finds on a request, as each framework's users look for it. */
export interface Found {
  /** Null and undefined are told apart; absent for servers that have no property for users. */
  readonly user?: string;
  readonly principal: string;
  readonly attempted: { readonly kind: string; readonly reason: string } | undefined;
}

/** The last of the chains lets preflights through. */
export type Open = (chains: readonly SecurityChain[], report: (found: Found) => void) => Promise<DemoServer>;

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

export const SERVERS: readonly (readonly [name: string, open: Open, nobody: string | undefined])[] = [
  ['Express 4', openExpress(express4), 'undefined'],
  ['Express 5', openExpress(express), 'undefined'],
  ['Koa 2', openKoa(Koa2), 'undefined'],
  ['Koa 3', openKoa(Koa), 'undefined'],
  ['Fastify 5', openFastify, 'null'],
  ['Hono', openHono, 'undefined'],
  ['fetch', openFetch, undefined],
  ['node:http', openHttp, undefined],
];
