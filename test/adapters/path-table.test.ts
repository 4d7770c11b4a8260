import { Agent, createServer, request, type Server } from 'node:http';
import { serve } from '@hono/node-server';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { expressSecurity } from '@sallyport/adapters/express';
import { fastifySecurity } from '@sallyport/adapters/fastify';
import { fetchSecurity } from '@sallyport/adapters/fetch';
import { httpSecurity } from '@sallyport/adapters/http';
import { koaSecurity } from '@sallyport/adapters/koa';
import { headerHandler, SecurityChain } from '@sallyport/core';
import { openApi } from '@sallyport/openapi';
import express from 'express';
import Fastify from 'fastify';
import { Hono } from 'hono';
import Koa from 'koa';
import { isNightly } from '../support/nightly.js';
import { type DemoServer, listening } from './demo-servers.js';
import { BASES, OPEN, TARGETS, type Target, TEMPLATES } from './path-table.js';

const express4: typeof express = require('express4');

/** As much of @koa/router as is used here. */
interface Router {
  get(path: string | RegExp, handler: Koa.Middleware): Router;
  post(path: string | RegExp, handler: Koa.Middleware): Router;
  routes(): Koa.Middleware;
}
const { Router }: { Router: new () => Router } = require('@koa/router');

/** All of them nightly, and by day a third, in which each path occurs with one method. */
const ASKED = TARGETS.filter((_, index) => isNightly || index % 3 === Math.trunc(index / 3) % 3);
const METHODS = ['GET', 'POST'] as const;

/** A route of an application: what it runs tells its name in the header X-Ran. */
interface Declared {
  readonly method: (typeof METHODS)[number];
  readonly template: string;
  readonly scope: string;
}

const DECLARED: readonly Declared[] = TEMPLATES.flatMap((template, index) =>
  METHODS.flatMap((method) =>
    BASES.map((base) => ({ method, template: base + template, scope: `s${index}.${method}` })),
  ),
);
const SCOPES = [...new Set(DECLARED.map(({ scope }) => scope))];

const sender = headerHandler({
  name: 'sender',
  header: 'X-Scopes',
  verify: (scopes) => ({ subject: 'sender', scopes: scopes.split(' ') }),
});

async function chainOf(): Promise<SecurityChain> {
  const flows = { clientCredentials: { tokenUrl: 'https://as.example/token', scopes: namesOf(SCOPES) } };
  const responses = { 200: { description: 'fine' } };
  const paths = TEMPLATES.map((template, index) => {
    const parameters = Array.from(template.matchAll(/\{([^}]*)\}/g), ([, name]) => ({
      name,
      in: 'path',
      required: true,
      schema: { type: 'string' },
    }));
    const operations = METHODS.map((method) => {
      const security = OPEN.has(template) ? [] : [{ oauth: [`s${index}.${method}`] }];
      return [method.toLowerCase(), { operationId: `${method} ${template}`, security, responses }] as const;
    });
    return [template, { parameters, ...Object.fromEntries(operations) }] as const;
  });
  const definition = {
    openapi: '3.0.4',
    info: { title: 'Table', version: '1' },
    servers: [
      { url: 'https://api.example/' },
      { url: 'https://api.example/{version}', variables: { version: { default: 'v1', enum: ['v1', 'v2'] } } },
    ],
    components: { securitySchemes: { oauth: { type: 'oauth2', flows } } },
    paths: Object.fromEntries(paths),
  };
  const operations = await openApi(definition, { schemes: { oauth: sender } });
  const firewall = { allowEncodedUnreserved: true, allowDoubleSlash: true };
  return new SecurityChain({ operations, firewall });
}

function namesOf(scopes: readonly string[]): Record<string, string> {
  return Object.fromEntries(scopes.map((scope) => [scope, scope]));
}

/** A route as a regular expression that ignores case and a slash at the end, as most routers do. */
function patternOf(template: string): RegExp {
  const source = template
    .split(/\{[^}]*\}/)
    .map((literal) => literal.replace(/[.:]/g, '\\$&'))
    .join('([^/]+)');
  return new RegExp(`^${source}/?$`, 'i');
}

/** `/files/:name` where a router has a word for that; a pattern where it has none. */
function wordOf(template: string): string | RegExp {
  const isWord = template.split('/').every((segment) => /^(?:[\w.]*|\{\w+\})$/.test(segment));
  return isWord ? template.replace(/\{(\w+)\}/g, ':$1') : patternOf(template);
}

type Open = (chain: SecurityChain) => Promise<DemoServer>;

const nameOf = ({ method, template }: Declared): string => `${method} ${template}`;

const withExpress =
  (framework: typeof express, isInRoutes: boolean): Open =>
  (chain) => {
    const app = framework();
    const secure = expressSecurity(chain);
    if (!isInRoutes) app.use(secure());
    for (const each of DECLARED) {
      const handlers = isInRoutes ? [secure()] : [];
      const method = each.method.toLowerCase() as 'get' | 'post';
      app[method](wordOf(each.template), ...handlers, (_request, response) => {
        response.set('X-Ran', nameOf(each)).send('fine');
      });
    }
    return listening(createServer(app));
  };

const withKoa: Open = (chain) => {
  const router = new Router();
  for (const each of DECLARED) {
    const method = each.method.toLowerCase() as 'get' | 'post';
    router[method](wordOf(each.template), (context) => {
      context.set('X-Ran', nameOf(each));
      context.body = 'fine';
    });
  }
  return listening(createServer(new Koa().use(koaSecurity(chain)()).use(router.routes()).callback()));
};

const withFastify =
  (isLenient: boolean): Open =>
  async (chain) => {
    const routerOptions = isLenient
      ? { caseSensitive: false, ignoreTrailingSlash: true, ignoreDuplicateSlashes: true }
      : {};
    const app = Fastify({ routerOptions });
    await app.register(fastifySecurity(chain).plugin);
    for (const each of DECLARED) {
      // A parameter ends where its expression does, and two colons are one.
      const url = each.template
        .replaceAll(':', '::')
        .replace(/\{(\w+)\}/g, (whole, name: string, at: number, all: string) =>
          /^(?:\/|$)/.test(all.slice(at + whole.length)) ? `:${name}` : `:${name}([^/]+)`,
        );
      app.route({
        method: each.method,
        url,
        handler: async (_request, reply) => reply.header('X-Ran', nameOf(each)).send('fine'),
      });
    }
    await app.ready();
    return listening(app.server as Server);
  };

const withHono: Open = async (chain) => {
  const app = new Hono();
  app.use(fetchSecurity(chain).middleware());
  for (const each of DECLARED) {
    const path = each.template
      .split('/')
      .map((segment, index) =>
        segment.includes('{') ? `:p${index}{${segment.replace(/[.]/g, '\\.').replace(/\{\w+\}/g, '.+')}}` : segment,
      )
      .join('/');
    app.on(each.method, path, (context) => context.text('fine', 200, { 'X-Ran': nameOf(each) }));
  }
  return listening(serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }) as Server);
};

/** No router at all: the first pattern that fits. */
const withNode: Open = (chain) => {
  const patterns = DECLARED.map((each) => ({ each, pattern: patternOf(each.template) }));
  const secure = httpSecurity(chain);
  const listener = secure((incoming, response) => {
    const method = incoming.method === 'HEAD' ? 'GET' : incoming.method;
    const path = incoming.url?.split('?', 1)[0] ?? '';
    const found = patterns.find(({ each, pattern }) => each.method === method && pattern.test(path));
    response.writeHead(found ? 200 : 404, found ? { 'X-Ran': nameOf(found.each) } : {}).end('fine');
  });
  return listening(createServer(listener));
};

const FRAMEWORKS: readonly (readonly [string, Open])[] = [
  ['node:http', withNode],
  ['Express 4', withExpress(express4, false)],
  ['Express 5', withExpress(express, false)],
  ['Express 4, secured in its routes', withExpress(express4, true)],
  ['Express 5, secured in its routes', withExpress(express, true)],
  ['Koa with its router', withKoa],
  ['Fastify', withFastify(false)],
  ['Fastify, neither case nor slashes', withFastify(true)],
  ['Hono', withHono],
];

test('the table has at least 300 targets with their methods', () => {
  expect(ASKED.length).toBeGreaterThanOrEqual(300);
  expect(new Set(TARGETS.map(({ method, path }) => `${method} ${path}`)).size).toBe(TARGETS.length);
});

describe.each(FRAMEWORKS)('%s: no protected operation is reached without its scope', (_name, open) => {
  let server: DemoServer | undefined;
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  beforeAll(async () => {
    server = await open(await chainOf());
  });
  afterAll(async () => {
    agent.destroy();
    await server?.close();
  });

  /** What ran, if anything did. */
  function ranFor({ method, path }: Target, scopes: readonly string[]): Promise<Declared | undefined> {
    return new Promise((resolve, reject) => {
      const headers = { 'x-scopes': scopes.join(' ') || 'none', 'content-length': '0' };
      const sent = request({ host: '127.0.0.1', port: server?.port, method, path, headers, agent }, (response) => {
        response.resume().on('end', () => {
          const ran = response.headers['x-ran'];
          resolve(DECLARED.find((each) => nameOf(each) === ran));
        });
      });
      sent.on('error', reject).end();
    });
  }

  test('by whatever path, spelling, server and method', async () => {
    const reached = new Set<string>();
    const wrong: string[] = [];
    const look = async (target: Target): Promise<void> => {
      const ran = await ranFor(target, SCOPES);
      if (ran === undefined) return;
      reached.add(ran.template);
      if (OPEN.has(ran.template.replace(/^\/v\d/, ''))) return;
      const others = SCOPES.filter((scope) => scope !== ran.scope);
      const again = await ranFor(target, others);
      if (again !== undefined && again.scope === ran.scope)
        wrong.push(`${target.method} ${target.path}: ${nameOf(ran)}`);
    };
    for (let index = 0; index < ASKED.length; index += 4) await Promise.all(ASKED.slice(index, index + 4).map(look));
    expect(wrong).toEqual([]);
    // Without this, a server that refuses everything would pass.
    expect(reached.size).toBeGreaterThanOrEqual(TEMPLATES.length);
  });
});
