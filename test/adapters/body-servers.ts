import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { PassThrough, type Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { serve } from '@hono/node-server';
import { expressSecurity } from '@sallyport/adapters/express';
import { fastifySecurity } from '@sallyport/adapters/fastify';
import { fetchSecurity } from '@sallyport/adapters/fetch';
import { httpSecurity } from '@sallyport/adapters/http';
import { koaSecurity } from '@sallyport/adapters/koa';
import type { Decider } from '@sallyport/core';
import busboy from 'busboy';
import express from 'express';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import fastifyRawBody from 'fastify-raw-body';
import { Hono } from 'hono';
import Koa from 'koa';
import { closing, type DemoServer, listening } from './demo-servers.js';
import { testCertificate } from './test-certificate.js';

const express4: typeof express = require('express4');
const Koa2: typeof Koa = require('koa2');
const koaBodyparser: (options: object) => Koa.Middleware = require('koa-bodyparser');
const multer: () => { any(): express.RequestHandler } = require('multer');

/** A server whose application reads bodies in the ways of its framework, and answers what it has seen. */
export interface BodyServer {
  readonly name: string;
  readonly protocol: 'http' | 'https' | 'h2';
  /** Fetch has no bodies of GET and HEAD requests, and nothing that a parser could leave. */
  readonly isFetch?: boolean;
  /** Without a decider, the same application alone. */
  open(decider?: Decider): Promise<DemoServer>;
}

/** Bytes by length and digest, so that a lost byte shows; anything else as JSON. */
export function seen(body: unknown): string {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  if (!(bytes instanceof Uint8Array)) return JSON.stringify(body) ?? 'nothing';
  return `${bytes.length} bytes ${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}`;
}

type AnyRequest = (IncomingMessage | Http2ServerRequest) & { rawBody?: unknown };
type AnyResponse = ServerResponse | Http2ServerResponse;

/** The ways to read that every request of Node has. Undefined where `path` means another way. */
async function readAsStream(path: string, request: AnyRequest): Promise<string | undefined> {
  switch (path) {
    case '/iterated':
      return seen(await collected(request));
    case '/events':
      return new Promise((resolve, reject) => {
        const chunks: Buffer[] = [];
        request.on('data', (chunk) => chunks.push(chunk));
        request.on('end', () => resolve(seen(Buffer.concat(chunks))));
        request.on('error', reject);
      });
    case '/piped':
      return seen(await collected((request as Readable).pipe(new PassThrough())));
    case '/readable':
      return new Promise((resolve) => {
        const chunks: Buffer[] = [];
        request.on('readable', () => {
          for (let chunk = request.read(); chunk !== null; chunk = request.read()) chunks.push(chunk);
        });
        request.on('end', () => resolve(seen(Buffer.concat(chunks))));
      });
    case '/late-read':
      await new Promise((resolve) => setImmediate(resolve));
      return seen(await collected(request));
    case '/unread':
      return 'unread';
    case '/raw-body':
      return `raw ${seen(request.rawBody)} ${Buffer.isBuffer(request.rawBody)}`;
    default:
      return undefined;
  }
}

async function collected(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The fields and files of a form, by busboy. */
function uploaded(request: AnyRequest): Promise<string> {
  return new Promise((resolve, reject) => {
    const parts: Promise<string>[] = [];
    const parser = busboy({ headers: request.headers as { 'content-type': string } });
    parser.on('file', (name, file) => {
      parts.push(collected(file).then((bytes) => `${name}: ${seen(bytes)}`));
    });
    parser.on('close', () => void Promise.all(parts).then((all) => resolve(seen(all)), reject));
    parser.on('error', reject);
    (request as Readable).pipe(parser);
  });
}

function pathOf(url: string | undefined): string {
  return (url ?? '').split('?', 1)[0] as string;
}

const BAD = 'not to be parsed';

/** As users of node:http read bodies. */
async function answerOnNode(request: AnyRequest, response: AnyResponse): Promise<void> {
  const path = pathOf(request.url);
  const answer = await readAsStream(path, request)
    .then((known) => known ?? parsedOnNode(path, request))
    .catch(() => BAD);
  response.writeHead(answer === BAD ? 400 : 200, { 'content-length': String(Buffer.byteLength(answer)) });
  response.end(answer);
}

async function parsedOnNode(path: string, request: AnyRequest): Promise<string> {
  if (path === '/upload') return uploaded(request);
  const { rawBody } = request;
  const body = Buffer.isBuffer(rawBody) ? rawBody : await collected(request);
  if (path === '/form') return seen(Object.fromEntries(new URLSearchParams(body.toString())));
  return seen(path === '/json' ? JSON.parse(body.toString()) : body);
}

function nodeListener(decider: Decider | undefined): (request: AnyRequest, response: AnyResponse) => void {
  const answer = (request: AnyRequest, response: AnyResponse) => void answerOnNode(request, response);
  const secured = decider === undefined ? answer : httpSecurity(decider)(answer);
  return async (request, response) => {
    const path = pathOf(request.url);
    if (path === '/parsed-before' || path === '/kept-before') {
      const body = await collected(request);
      if (path === '/kept-before') request.rawBody = body;
    }
    if (path === '/text-before') request.rawBody = await text(request as Readable);
    if (path === '/decoded-before') (request as Readable).setEncoding('utf8');
    if (path === '/awaited-before') await new Promise((resolve) => setImmediate(resolve));
    if (path === '/paused-before') request.pause();
    secured(request, response);
  };
}

function expressApp(framework: typeof express, decider: Decider | undefined): express.Express {
  const app = framework().set('env', 'test');
  const keep = (request: object, _response: unknown, bytes: Buffer) => Object.assign(request, { rawBody: bytes });
  app.use('/parsed-before', framework.json());
  app.use('/kept-before', framework.json({ verify: keep }));
  if (decider !== undefined) app.use(expressSecurity(decider)());
  app.use(['/json', '/kept-before'], framework.json({ limit: '1mb' }));
  app.use('/text', framework.text({ limit: '1mb' }));
  app.use('/form', framework.urlencoded({ extended: false }));
  app.use('/bytes', framework.raw({ type: () => true, limit: '1mb' }));
  app.use('/upload', multer().any());
  app.use(async (request: express.Request, response: express.Response) => {
    const { files } = request as { readonly files?: readonly { fieldname: string; buffer: Buffer }[] };
    const known = await readAsStream(request.path, request);
    response.send(
      known ?? seen(files?.map(({ fieldname, buffer }) => `${fieldname}: ${seen(buffer)}`) ?? request.body),
    );
  });
  const failed: express.ErrorRequestHandler = (_error, _request, response, _next) =>
    void response.status(400).send(BAD);
  return app.use(failed);
}

function koaApp(framework: typeof Koa, decider: Decider | undefined): Koa {
  const app = new framework();
  app.silent = true;
  const parser = koaBodyparser({ enableTypes: ['json', 'form', 'text'], jsonLimit: '1mb', textLimit: '1mb' });
  const on = (paths: readonly string[]): Koa.Middleware => {
    return (context, next) => (paths.includes(context.path) ? parser(context, next) : next());
  };
  app.use(on(['/parsed-before']));
  if (decider !== undefined) app.use(koaSecurity(decider)());
  app.use(on(['/json', '/form', '/text']));
  app.use(async (context) => {
    if (context.path === '/upload') context.body = await uploaded(context.req);
    else if (context.path === '/bytes') context.body = seen(await collected(context.req));
    else {
      // What the parser keeps is text by custom; so it stays.
      const { body, rawBody } = context.request as { body?: unknown; rawBody?: unknown };
      context.body = (await readAsStream(context.path, context.req)) ?? `${seen(body)} ${typeof rawBody}`;
    }
  });
  return app;
}

async function openFastify(decider: Decider | undefined): Promise<DemoServer> {
  const app = Fastify();
  await app.register(fastifyRawBody, { global: false, encoding: false });
  await app.register(async (scope: FastifyInstance) => {
    if (decider !== undefined) await scope.register(fastifySecurity(decider).plugin);
    scope.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) =>
      done(null, Object.fromEntries(new URLSearchParams(body as string))),
    );
    scope.addContentTypeParser('application/octet-stream', { parseAs: 'buffer' }, (_request, body, done) =>
      done(null, body),
    );
    scope.addContentTypeParser('multipart/form-data', (_request, payload, done) => {
      void uploaded(payload).then((parts) => done(null, parts));
    });
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    scope.all('/plugin', { config: { rawBody: true } }, async ({ body, rawBody }) => `${seen(body)} ${seen(rawBody)}`);
    scope.all('/upload', async ({ body }) => body);
    scope.all('/raw-body', async (request) => readAsStream('/raw-body', request as never));
    scope.all('/*', async ({ body, url }) =>
      typeof (body as Partial<Readable> | null)?.pipe === 'function'
        ? readAsStream(pathOf(url), body as AnyRequest)
        : seen(body),
    );
  });
  const late = decider === undefined ? [] : [fastifySecurity(decider)()];
  const answer = async ({ body }: FastifyRequest, _reply: FastifyReply) => seen(body);
  app.all('/parsed-before', { preHandler: late }, answer);
  app.all('/kept-before', { preHandler: late, config: { rawBody: true } }, answer);
  await app.listen({ port: 0, host: '127.0.0.1' });
  return {
    port: (app.server.address() as AddressInfo).port,
    close: async () => {
      app.server.closeAllConnections();
      await app.close();
    },
  };
}

async function openHono(decider: Decider | undefined): Promise<DemoServer> {
  const app = new Hono();
  app.onError((_error, context) => context.text(BAD, 400));
  app.all('/json', async ({ req }) => new Response(seen(await req.json())));
  app.all('/text', async ({ req }) => new Response(seen(await req.text())));
  app.all('/form', async ({ req }) => new Response(seen(await req.parseBody())));
  app.all('/events', async ({ req }) => new Response(seen(new Uint8Array(await (await req.blob()).arrayBuffer()))));
  app.all('/unread', () => new Response('unread'));
  app.all('/iterated', async ({ req }) => new Response(seen(await collected(req.raw.body ?? emptyBody()))));
  app.all('/piped', async ({ req }) => new Response(seen(new Uint8Array(await req.raw.clone().arrayBuffer()))));
  app.all('/upload', async ({ req }) => {
    const parts = [...(await req.formData())].map(async ([name, part]) =>
      typeof part === 'string' ? '' : `${name}: ${seen(new Uint8Array(await part.arrayBuffer()))}`,
    );
    return new Response(seen(await Promise.all(parts)));
  });
  app.all('*', async ({ req }) => new Response(seen(new Uint8Array(await req.arrayBuffer()))));
  const secured = decider === undefined ? app.fetch : fetchSecurity(decider)(app.fetch);
  const fetch = async (request: Request, bindings: unknown) => {
    if (/\/(?:parsed|kept)-before$/.test(request.url)) await request.text();
    return secured(request, bindings as never);
  };
  const server = serve({ fetch, port: 0, hostname: '127.0.0.1' });
  await once(server, 'listening');
  return closing(server as Server);
}

async function* emptyBody(): AsyncGenerator<Uint8Array> {}

export const BODY_SERVERS: readonly BodyServer[] = [
  { name: 'node:http', protocol: 'http', open: (decider) => listening(createServer(nodeListener(decider))) },
  {
    name: 'node:https',
    protocol: 'https',
    open: async (decider) => listening(createHttpsServer(await testCertificate(), nodeListener(decider))),
  },
  {
    name: 'node:http2',
    protocol: 'h2',
    open: async (decider) => listening(createSecureServer(await testCertificate(), nodeListener(decider))),
  },
  { name: 'Express 4', protocol: 'http', open: (decider) => listening(createServer(expressApp(express4, decider))) },
  { name: 'Express 5', protocol: 'http', open: (decider) => listening(createServer(expressApp(express, decider))) },
  { name: 'Fastify 5', protocol: 'http', open: openFastify },
  { name: 'Koa 2', protocol: 'http', open: (decider) => listening(createServer(koaApp(Koa2, decider).callback())) },
  { name: 'Koa 3', protocol: 'http', open: (decider) => listening(createServer(koaApp(Koa, decider).callback())) },
  { name: 'fetch (Hono)', protocol: 'http', isFetch: true, open: openHono },
];
