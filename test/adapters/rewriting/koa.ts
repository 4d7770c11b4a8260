import { createServer } from 'node:http';
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import { koaSecurity } from '@sallyport/adapters/koa';
import { anonymous } from '@sallyport/core';
import Koa from 'koa';
import { listening } from '../demo-servers.js';
import { testCertificate } from '../test-certificate.js';
import { KOA_BEHIND } from './koa-behind.js';
import { ANY, answer, type Mounting, mounted, override, proxy, Router, stripPath, stripUrl } from './koa-middleware.js';
import {
  overridden,
  type RewritingRow,
  stripped,
  strippedInMount,
  strippedToMount,
  strippedTwice,
  withoutFirstSegment,
} from './row.js';

const Koa2: typeof Koa = require('koa2');

/** Mounts applications that leave every request to what stands behind them; the context goes on telling their mount. */
function passedThrough(app: Koa): void {
  for (const level of ['open', 'token', 'scoped']) app.use(mounted(`/${level}`, (_context, next) => next()));
}

const MOUNTINGS: readonly Mounting[] = [
  {
    name: 'ctx.url = in front of the app-wide secure()',
    sent: stripped,
    mount: (app, secure) => app.use(stripUrl).use(secure()).use(answer),
  },
  {
    name: 'ctx.path = in front of the app-wide secure()',
    sent: stripped,
    mount: (app, secure) => app.use(stripPath).use(secure()).use(answer),
  },
  {
    name: 'ctx.path = between two secure()',
    sent: stripped,
    isAskedBefore: true,
    mount: (app, secure) => app.use(secure()).use(stripPath).use(secure()).use(answer),
  },
  {
    name: 'ctx.path = in front of a route with secure()',
    sent: stripped,
    mount: (app, secure) => app.use(stripPath).use(new Router().get(ANY, secure(), answer).routes()),
  },
  {
    name: 'ctx.path = in front of a route with a requirement of its own',
    sent: stripped,
    mount: (app, secure) => app.use(stripPath).use(new Router().get(ANY, secure(anonymous()), answer).routes()),
  },
  {
    name: 'ctx.path = in front of a route of one operation',
    sent: stripped,
    mount: (app, secure) => {
      const router = new Router();
      for (const level of ['open', 'token', 'scoped']) router.get(`/${level}`, secure(), answer);
      app.use(stripPath).use(router.routes());
    },
  },
  {
    name: 'ctx.path = in front of a router with a prefix',
    sent: strippedToMount,
    mount: (app, secure) =>
      app.use(stripPath).use(new Router({ prefix: '/m' }).use(secure()).get('/:to', answer).routes()),
  },
  {
    name: 'ctx.path = in front of a mounted application',
    sent: strippedToMount,
    mount: (app, secure) => app.use(stripPath).use(mounted('/m', secure(), answer)),
  },
  {
    name: 'ctx.path = in front of a mounted router with secure() in its route',
    sent: strippedToMount,
    mount: (app, secure) => app.use(stripPath).use(mounted('/m', new Router().get(ANY, secure(), answer).routes())),
  },
  {
    name: 'ctx.path = in a mounted application',
    sent: strippedInMount,
    mount: (app, secure) => app.use(mounted('/m', stripPath, secure(), answer)),
  },
  {
    name: 'ctx.path = behind the app-wide secure(), in front of a router',
    sent: stripped,
    isAskedBefore: true,
    isReadAtOnce: true,
    mount: (app, secure) => app.use(secure()).use(stripPath).use(new Router().get(ANY, answer).routes()),
  },
  {
    name: 'ctx.url = behind two app-wide secure(), in front of a router',
    sent: stripped,
    isAskedBefore: true,
    isReadAtOnce: true,
    mount: (app, secure) => app.use(secure()).use(secure()).use(stripUrl).use(new Router().get(ANY, answer).routes()),
  },
  {
    name: 'ctx.path = behind the app-wide secure(), in front of a mounted router',
    sent: strippedToMount,
    isAskedBefore: true,
    isReadAtOnce: true,
    mount: (app, secure) =>
      app
        .use(secure())
        .use(stripPath)
        .use(mounted('/m', new Router().get(ANY, answer).routes())),
  },
  {
    name: 'ctx.path = in a mounted application, behind its secure()',
    sent: strippedInMount,
    isAskedBefore: true,
    isReadAtOnce: true,
    mount: (app, secure) => app.use(mounted('/m', secure(), stripPath, new Router().get(ANY, answer).routes())),
  },
  {
    name: 'ctx.path = of the mount, behind secure() and applications there that pass on, in front of a router',
    sent: stripped,
    isAskedBefore: true,
    isReadAtOnce: true,
    mount: (app, secure) => {
      app.use(secure());
      passedThrough(app);
      app.use(stripPath).use(new Router().get(ANY, answer).routes());
    },
  },
  {
    name: 'ctx.method = behind the app-wide secure(), in front of a router',
    sent: overridden,
    isAskedBefore: true,
    isReadAtOnce: true,
    mount: (app, secure) => app.use(secure()).use(override).use(new Router().all('/things', answer).routes()),
  },
  {
    name: 'ctx.newRouterPath = behind the app-wide secure()',
    sent: stripped,
    isAskedBefore: true,
    mount: (app, secure) => {
      const redirect: Koa.Middleware = (context: Koa.Context & { newRouterPath?: string }, next) => {
        context.newRouterPath = withoutFirstSegment(context.path);
        return next();
      };
      app.use(secure()).use(redirect).use(new Router().get(ANY, answer).routes());
    },
  },
  {
    name: 'ctx.newRouterPath = in front of a router',
    sent: stripped,
    mount: (app, secure) => {
      const redirect: Koa.Middleware = (context: Koa.Context & { newRouterPath?: string }, next) => {
        context.newRouterPath = withoutFirstSegment(context.path);
        return next();
      };
      app.use(redirect).use(new Router().get(ANY, secure(), answer).routes());
    },
  },
  {
    name: 'ctx.path = of the mount, behind applications there that pass on',
    sent: stripped,
    mount: (app, secure) => {
      passedThrough(app);
      app.use(stripPath).use(secure()).use(answer);
    },
  },
  {
    name: 'ctx.path = of the mount, behind applications there that pass on, in front of a route with secure()',
    sent: stripped,
    mount: (app, secure) => {
      passedThrough(app);
      app.use(stripPath).use(new Router().get(ANY, secure(), answer).routes());
    },
  },
  {
    name: 'ctx.routerPath = in front of an old router',
    sent: stripped,
    mount: (app, secure) => {
      const redirect: Koa.Middleware = (context: Koa.Context & { routerPath?: string }, next) => {
        context.routerPath = withoutFirstSegment(context.path);
        return next();
      };
      app.use(redirect).use(secure()).use(answer);
    },
  },
  {
    name: 'the request handed to another application',
    sent: stripped,
    isAskedBefore: true,
    mount: (app, secure) => {
      const other = new Koa().use(secure()).use(answer).callback();
      app.use(secure()).use((context) => {
        context.respond = false;
        context.req.url = withoutFirstSegment(context.req.url ?? '');
        context.res.statusCode = 200;
        void other(context.req, context.res);
      });
    },
  },
  {
    name: 'ctx.method = in front of the app-wide secure()',
    sent: overridden,
    isReceivedLost: true,
    mount: (app, secure) => app.use(override).use(secure()).use(answer),
  },
  {
    name: 'ctx.method = between two secure()',
    sent: overridden,
    isAskedBefore: true,
    mount: (app, secure) => app.use(secure()).use(override).use(secure()).use(answer),
  },
  {
    name: 'ctx.method = behind the app-wide secure(), in front of middleware',
    sent: overridden,
    isAskedBefore: true,
    mount: (app, secure) => app.use(secure()).use(override).use(answer),
  },
  {
    name: 'ctx.method = later, behind middleware and the app-wide secure(), in front of middleware',
    sent: overridden,
    isAskedBefore: true,
    mount: (app, secure) =>
      app
        .use((_context, next) => next())
        .use(secure())
        .use(async (context, next) => {
          await new Promise(setImmediate);
          return override(context, next);
        })
        .use(answer),
  },
  {
    name: 'ctx.path = behind the app-wide secure(), in front of a proxy',
    sent: stripped,
    isAskedBefore: true,
    isReadAtOnce: true,
    mount: (app, secure) => app.use(secure()).use(stripPath).use(proxy),
  },
  {
    name: 'ctx.req.url = behind two app-wide secure(), in front of middleware',
    sent: stripped,
    isAskedBefore: true,
    mount: (app, secure) =>
      app
        .use(secure())
        .use(secure())
        .use((context, next) => {
          context.req.url = withoutFirstSegment(context.req.url ?? '');
          return next();
        })
        .use(answer),
  },
  {
    name: 'ctx.path = behind one secure() that is mounted twice, in front of middleware',
    sent: stripped,
    isAskedBefore: true,
    mount: (app, secure) => {
      const secured = secure();
      app.use(secured).use(secured).use(stripPath).use(answer);
    },
  },
  {
    name: 'ctx.path = behind a router that passes on and the app-wide secure(), in front of middleware',
    sent: stripped,
    isAskedBefore: true,
    mount: (app, secure) =>
      app
        .use(new Router().get(/./, (_context, next) => next()).routes())
        .use(secure())
        .use(stripPath)
        .use(answer),
  },
  {
    name: 'ctx.path = behind the app-wide secure(), in front of a mounted application that answers',
    sent: strippedToMount,
    isAskedBefore: true,
    isReadAtOnce: true,
    mount: (app, secure) => app.use(secure()).use(stripPath).use(mounted('/m', answer)),
  },
  {
    name: 'ctx.path = behind the app-wide secure(), in front of the middleware of a router',
    sent: strippedToMount,
    isAskedBefore: true,
    isReadAtOnce: true,
    mount: (app, secure) =>
      app
        .use(secure())
        .use(stripPath)
        .use(new Router({ prefix: '/m' }).use(answer).get('/:to', answer).routes()),
  },
  {
    name: 'ctx.path = behind the app-wide secure(), in front of a router inside another',
    sent: stripped,
    isAskedBefore: true,
    isReadAtOnce: true,
    mount: (app, secure) => {
      const inner = new Router().get(ANY, answer).routes();
      app.use(secure()).use(stripPath).use(new Router().get(ANY, inner).routes());
    },
  },
  {
    name: 'ctx.path = twice behind the app-wide secure()',
    sent: strippedTwice,
    isAskedBefore: true,
    isReadAtOnce: true,
    mount: (app, secure) => app.use(secure()).use(stripPath).use(stripPath).use(answer),
  },
  {
    name: 'HTTP/2, ctx.path = behind the app-wide secure(), in front of middleware',
    protocol: 'h2',
    sent: stripped,
    isAskedBefore: true,
    mount: (app, secure) => app.use(secure()).use(stripPath).use(answer),
  },
];

export const KOA_ROWS: readonly RewritingRow[] = (
  [
    ['Koa 2', Koa2],
    ['Koa 3', Koa],
  ] as const
).flatMap(([version, framework]) =>
  [...MOUNTINGS, ...KOA_BEHIND].map(({ mount, name, ...row }) => ({
    ...row,
    name: `${version}: ${name}`,
    open: async (chain, options) => {
      const app = new framework();
      app.silent = true;
      mount(app, koaSecurity(chain, options));
      if (row.protocol !== 'h2') return listening(createServer(app.callback()));
      const listener = app.callback() as unknown as (
        request: Http2ServerRequest,
        response: Http2ServerResponse,
      ) => void;
      return listening(createSecureServer(await testCertificate(), listener));
    },
  })),
);
