import awsLambdaFastify from '@fastify/aws-lambda';
import { expressSecurity, principalOf } from '@sallyport/adapters/express';
import { fastifySecurity } from '@sallyport/adapters/fastify';
import { fetchSecurity } from '@sallyport/adapters/fetch';
import { koaSecurity } from '@sallyport/adapters/koa';
import type { Decider } from '@sallyport/core';
import express from 'express';
import Fastify from 'fastify';
import { Hono } from 'hono';
import { handle } from 'hono/aws-lambda';
import Koa from 'koa';
import serverlessHttp from 'serverless-http';
import type { LambdaEvent } from './lambda-events.js';

/** What the function returns. */
export interface LambdaAnswer {
  readonly statusCode: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly multiValueHeaders?: Readonly<Record<string, readonly string[]>>;
  readonly body: string;
  readonly isBase64Encoded?: boolean;
}

export type LambdaFunction = (event: LambdaEvent) => Promise<LambdaAnswer>;

/** An application inside a Lambda function, as its users write it. */
export interface LambdaHost {
  readonly name: string;
  open(chain: Decider, trustedHops: number): LambdaFunction;
}

/** Every application answers this once a request is let in. */
const answerOf = (request: object, orderId: string, body: string) =>
  JSON.stringify({ subject: principalOf(request).subject, orderId, body });

const express4: typeof express = require('express4');

function expressApp(framework: typeof express, chain: Decider, trustedHops: number): express.Express {
  const secure = expressSecurity(chain, { trustedHops });
  const app = framework();
  app.use(secure());
  app.use(express.text({ type: '*/*' }));
  app.all(['/orders', '/orders/:id'], (request, response) => {
    const body = typeof request.body === 'string' ? request.body : '';
    response.type('json').send(answerOf(request, String(request.params['id'] ?? ''), body));
  });
  return app;
}

function koaApp(chain: Decider, trustedHops: number): Koa {
  const app = new Koa();
  app.use(koaSecurity(chain, { trustedHops })());
  app.use(async (context) => {
    const chunks: Buffer[] = [];
    for await (const chunk of context.req) chunks.push(Buffer.from(chunk));
    const [, orderId = ''] = /^\/orders\/(.*)$/.exec(context.path) ?? [];
    context.type = 'json';
    context.body = answerOf(context, decodeURIComponent(orderId), Buffer.concat(chunks).toString());
  });
  return app;
}

/** What serverless-http takes; the events are those of AWS. */
const served = (app: object) => serverlessHttp(app) as unknown as (event: object, context: object) => Promise<unknown>;

/** These hosts write into the event, and AWS makes a new one for each call. */
const called =
  (run: (event: object, context: object) => Promise<unknown>): LambdaFunction =>
  (event) =>
    run(structuredClone(event), {}) as Promise<LambdaAnswer>;

export const LAMBDA_HOSTS: readonly LambdaHost[] = [
  {
    name: 'Express 4 in serverless-http',
    open: (chain, trustedHops) => called(served(expressApp(express4, chain, trustedHops))),
  },
  {
    name: 'Express 5 in serverless-http',
    open: (chain, trustedHops) => called(served(expressApp(express, chain, trustedHops))),
  },
  {
    name: 'Koa 3 in serverless-http',
    open: (chain, trustedHops) => called(served(koaApp(chain, trustedHops))),
  },
  {
    name: 'Fastify 5 in @fastify/aws-lambda',
    open: (chain, trustedHops) => {
      const app = Fastify();
      app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
      app.register(fastifySecurity(chain, { trustedHops }).plugin);
      app.register(async (orders) => {
        const handler = async (request: { params: unknown; body: unknown }, reply: { type(name: string): unknown }) => {
          reply.type('application/json');
          return answerOf(request, (request.params as { id?: string }).id ?? '', String(request.body ?? ''));
        };
        orders.all('/orders', handler);
        orders.all('/orders/:id', handler);
      });
      return called(
        awsLambdaFastify(app, { albMultiValueHeaders: true }) as (event: object, context: object) => Promise<unknown>,
      );
    },
  },
  {
    name: 'Hono in hono/aws-lambda',
    open: (chain, trustedHops) => {
      const secure = fetchSecurity(chain, { trustedHops, remoteAddress: (_request, env) => sourceIpOf(env) });
      const app = new Hono();
      app.use(secure.middleware());
      app.all('/orders/:id?', async (context) =>
        context.body(answerOf(context, context.req.param('id') ?? '', await context.req.text()), 200, {
          'content-type': 'application/json',
        }),
      );
      const run = handle(app);
      return called((event, context) => run(event as never, context as never) as Promise<unknown>);
    },
  },
];

interface RequestContext {
  readonly http?: { readonly sourceIp: string };
  readonly identity?: { readonly sourceIp: string };
}

/** As its users write it, too. */
function sourceIpOf(env: unknown): string | undefined {
  const { requestContext } = env as { readonly requestContext?: RequestContext };
  return (requestContext?.http ?? requestContext?.identity)?.sourceIp;
}
