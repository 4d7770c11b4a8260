import { once } from 'node:events';
import type { Server } from 'node:http';
import { createSecureServer } from 'node:http2';
import { serve } from '@hono/node-server';
import { fetchSecurity } from '@sallyport/adapters/fetch';
import { anonymous } from '@sallyport/core';
import { Hono } from 'hono';
import { methodOverride } from 'hono/method-override';
import { closing } from '../demo-servers.js';
import { testCertificate } from '../test-certificate.js';
import { overridden, type RewritingRow, stripped, strippedInMount, withoutFirstSegment } from './row.js';

type Fetch = (request: Request, bindings: object) => Response | Promise<Response>;

interface Mounting extends Omit<RewritingRow, 'open'> {
  mount(secure: ReturnType<typeof fetchSecurity>): Fetch;
}

/** The URL without the first segment of its path. */
function strippedUrl(request: Request): URL {
  const url = new URL(request.url);
  url.pathname = withoutFirstSegment(url.pathname);
  return url;
}

const plain = () => new Response('ran');

const MOUNTINGS: readonly Mounting[] = [
  {
    name: 'a copy with another URL in front of the application',
    sent: stripped,
    mount: (secure) => {
      const app = new Hono().use(secure.middleware()).get('*', plain);
      return (request, bindings) => app.fetch(new Request(strippedUrl(request), request), bindings);
    },
  },
  {
    name: 'a copy with another URL in front of a secured handler',
    sent: stripped,
    mount: (secure) => {
      const secured = secure<[object]>(plain);
      return (request, bindings) => secured(new Request(strippedUrl(request), request), bindings);
    },
  },
  {
    name: 'a copy with another URL in front of a handler with a requirement of its own',
    sent: stripped,
    mount: (secure) => {
      const secured = secure<[object]>(plain, anonymous());
      return (request, bindings) => secured(new Request(strippedUrl(request), request), bindings);
    },
  },
  {
    name: 'a new Request with the same headers in front of a secured handler',
    sent: stripped,
    mount: (secure) => {
      const secured = secure<[object]>(plain);
      return (request, bindings) =>
        secured(new Request(strippedUrl(request), { method: request.method, headers: request.headers }), bindings);
    },
  },
  {
    name: 'app.mount() of a secured handler',
    sent: stripped,
    mount: (secure) => {
      const app = new Hono();
      for (const level of ['open', 'token', 'scoped']) app.mount(`/${level}`, secure(plain));
      return app.fetch;
    },
  },
  {
    name: 'app.fetch() with another Request and the same bindings',
    sent: stripped,
    isAskedBefore: true,
    mount: (secure) => {
      const app = new Hono().use(secure.middleware());
      app.get('/:from/:to', ({ req, env }) =>
        app.fetch(new Request(strippedUrl(req.raw), { headers: req.raw.headers }), env),
      );
      return app.get('/:to', plain).fetch;
    },
  },
  {
    name: 'app.fetch() of another application below a mount',
    sent: strippedInMount,
    mount: (secure) => {
      const inner = new Hono().use(secure.middleware()).get('*', plain);
      return new Hono().all('/m/:from/:to', ({ req, env }) => {
        const url = new URL(`/m/${req.param('to')}`, req.url);
        return inner.fetch(new Request(url, req.raw), env);
      }).fetch;
    },
  },
  {
    name: 'getPath, by which Hono routes',
    sent: stripped,
    mount: (secure) => {
      const app = new Hono({ getPath: (request) => strippedUrl(request).pathname });
      return app.use(secure.middleware()).get('*', plain).fetch;
    },
  },
  {
    name: 'getPath in an application that is handed a copy',
    sent: (from, to) => ({ method: 'GET', target: `/${from}/m/${to}` }),
    mount: (secure) => {
      const app = new Hono({ getPath: (request) => strippedUrl(request).pathname.replace(/^\/m/, '') });
      app.use(secure.middleware()).get('*', plain);
      return (request, bindings) =>
        app.fetch(new Request(request, { headers: { ...Object.fromEntries(request.headers), 'x-a': 'b' } }), bindings);
    },
  },
  {
    name: 'methodOverride in front of secure.middleware()',
    sent: overridden,
    mount: (secure) => {
      const app = new Hono();
      app.use(methodOverride({ app, header: 'X-HTTP-Method-Override' }));
      return app.use(secure.middleware()).all('*', plain).fetch;
    },
  },
  {
    name: 'methodOverride behind secure.middleware(), in front of a route with a requirement of its own',
    sent: overridden,
    isAskedBefore: true,
    mount: (secure) => {
      const app = new Hono().use(secure.middleware());
      app.use(methodOverride({ app, header: 'X-HTTP-Method-Override' }));
      return app.all('*', secure.middleware(anonymous()), plain).fetch;
    },
  },
  {
    name: 'methodOverride behind secure.middleware()',
    sent: overridden,
    isAskedBefore: true,
    mount: (secure) => {
      const app = new Hono().use(secure.middleware());
      app.use(methodOverride({ app, header: 'X-HTTP-Method-Override' }));
      return app.all('*', plain).fetch;
    },
  },
];

function rowOf({ mount, name, ...row }: Mounting): RewritingRow {
  return {
    ...row,
    name: `fetch${row.protocol === 'h2' ? ' over HTTP/2' : ''}: ${name}`,
    open: async (chain, options) => {
      const fetch = mount(fetchSecurity(chain, options)) as Parameters<typeof serve>[0]['fetch'];
      const base = { fetch, port: 0, hostname: '127.0.0.1' };
      const server =
        row.protocol === 'h2'
          ? serve({ ...base, createServer: createSecureServer, serverOptions: await testCertificate() })
          : serve(base);
      await once(server, 'listening');
      return closing(server as Server);
    },
  };
}

/** Over HTTP/2 half of them, since every request there has a connection of its own. */
export const FETCH_ROWS: readonly RewritingRow[] = MOUNTINGS.flatMap((mounting, index) =>
  index % 2 === 0 ? [rowOf(mounting), rowOf({ ...mounting, protocol: 'h2' })] : [rowOf(mounting)],
);
