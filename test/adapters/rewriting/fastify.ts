import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fastifySecurity } from '@sallyport/adapters/fastify';
import { anonymous } from '@sallyport/core';
import Fastify, { type FastifyInstance, type FastifyRequest, type FastifyServerOptions } from 'fastify';
import { overridden, type RewritingRow, stripped, strippedToMount, withoutFirstSegment } from './row.js';

const answer = async () => 'ran';
const rewriteUrl: FastifyServerOptions['rewriteUrl'] = ({ url = '' }) => withoutFirstSegment(url);
const LEVELS = ['open', 'token', 'scoped'];

interface Mounting extends Omit<RewritingRow, 'open'> {
  readonly server?: FastifyServerOptions;
  mount(app: FastifyInstance, secure: ReturnType<typeof fastifySecurity>): void;
}

const MOUNTINGS: readonly Mounting[] = [
  {
    name: 'rewriteUrl to a wildcard route',
    sent: stripped,
    server: { rewriteUrl },
    mount: (app, secure) => app.register(secure.plugin).get('/*', answer),
  },
  {
    name: 'rewriteUrl to a route of one operation',
    sent: stripped,
    server: { rewriteUrl },
    mount: (app, secure) => {
      app.register(secure.plugin).after(() => {
        for (const level of LEVELS) app.get(`/${level}`, answer);
      });
    },
  },
  {
    name: 'rewriteUrl to a route with a hook of its own',
    sent: stripped,
    server: { rewriteUrl },
    mount: (app, secure) => app.get('/*', { onRequest: secure() }, answer),
  },
  {
    name: 'rewriteUrl to a route with a requirement of its own',
    sent: stripped,
    server: { rewriteUrl },
    mount: (app, secure) => app.get('/*', { onRequest: secure(anonymous()) }, answer),
  },
  {
    name: 'rewriteUrl to a prefix',
    sent: strippedToMount,
    server: { rewriteUrl },
    mount: (app, secure) =>
      app.register(
        async (part) => {
          await part.register(secure.plugin);
          for (const level of LEVELS) part.get(`/${level}`, answer);
        },
        { prefix: '/m' },
      ),
  },
  {
    name: 'raw.url = in a hook in front of secure(), behind the router',
    sent: (from, to) => ({ method: 'GET', target: `/${to}/${from}` }),
    // What is routed is judged by itself, and the URL that the handler sees as well.
    isAskedBefore: true,
    mount: (app, secure) => {
      app.addHook('onRequest', async ({ raw }) => {
        raw.url = withoutFirstSegment(raw.url ?? '');
      });
      app.register(secure.plugin).get('/*', answer);
    },
  },
  {
    name: 'the request handed to the router again',
    sent: stripped,
    isAskedBefore: true,
    mount: (app, secure) => {
      const forward = (request: FastifyRequest, reply: { hijack(): void; raw: unknown }) => {
        reply.hijack();
        request.raw.url = withoutFirstSegment(request.url);
        app.routing(request.raw, reply.raw as Parameters<typeof app.routing>[1]);
      };
      app.register(secure.plugin).after(() => {
        for (const level of LEVELS) app.get(`/${level}/*`, forward).get(`/${level}`, answer);
      });
    },
  },
  {
    name: 'the method overridden in front of the server',
    sent: overridden,
    isReceivedLost: true,
    server: {
      serverFactory: (handle) =>
        createServer((request, response) => {
          request.method = String(request.headers['x-http-method-override']);
          handle(request, response);
        }),
    },
    mount: (app, secure) => app.register(secure.plugin).all('/things', answer),
  },
];

export const FASTIFY_ROWS: readonly RewritingRow[] = MOUNTINGS.map(({ mount, server, name, ...row }) => ({
  ...row,
  name: `Fastify: ${name}`,
  open: async (chain, options) => {
    const app = Fastify({ ...server, exposeHeadRoutes: false }) as FastifyInstance;
    mount(app, fastifySecurity(chain, options));
    await app.listen({ port: 0, host: '127.0.0.1' });
    const { port } = app.server.address() as AddressInfo;
    return {
      port,
      close: async () => {
        app.server.closeAllConnections();
        await app.close();
      },
    };
  },
}));
