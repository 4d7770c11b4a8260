import { anonymous } from '@sallyport/core';
import {
  ANY,
  answer,
  compose,
  type Mounting,
  mounted,
  override,
  Router,
  readingAnswer,
  stripPath,
  stripRaw,
} from './koa-middleware.js';
import { overridden, stripped, strippedInMount } from './row.js';

const read = { isAskedBefore: true, isReadAtOnce: true } as const;

/** Rewritings behind `secure()` that Koa runs in another place than the application itself. */
export const KOA_BEHIND: readonly Mounting[] = [
  {
    ...read,
    name: 'ctx.path = in a mounted application, behind its secure(), in front of middleware',
    sent: strippedInMount,
    mount: (app, secure) => app.use(mounted('/m', secure(), stripPath, readingAnswer)),
  },
  {
    ...read,
    name: 'ctx.path = in a mounted application, behind the app-wide secure()',
    sent: strippedInMount,
    mount: (app, secure) => app.use(secure()).use(mounted('/m', stripPath, readingAnswer)),
  },
  {
    ...read,
    name: 'ctx.path = in front of a mounted application, which reads below its mount',
    sent: (from, to) => ({ method: 'GET', target: `/${from}/m/${to}` }),
    mount: (app, secure) => app.use(secure()).use(stripPath).use(mounted('/m', readingAnswer)),
  },
  {
    ...read,
    name: 'ctx.req.url = in a mounted application, behind the app-wide secure()',
    sent: strippedInMount,
    mount: (app, secure) => app.use(secure()).use(mounted('/m', stripRaw, readingAnswer)),
  },
  {
    ...read,
    name: 'ctx.path = in another compose',
    sent: stripped,
    mount: (app, secure) => app.use(secure()).use(compose([stripPath, readingAnswer])),
  },
  {
    name: 'ctx.path = in another compose, in front of middleware that reads nothing',
    sent: stripped,
    isAskedBefore: true,
    mount: (app, secure) => app.use(secure()).use(compose([stripPath, answer])),
  },
  {
    name: 'ctx.path = in the middleware of a router',
    sent: stripped,
    isAskedBefore: true,
    mount: (app, secure) => app.use(secure()).use(new Router().use(stripPath).get(/./, answer).routes()),
  },
  {
    name: 'ctx.path = in the middleware of a router, behind its secure()',
    sent: stripped,
    isAskedBefore: true,
    mount: (app, secure) => app.use(new Router().use(secure(), stripPath).get(/./, answer).routes()),
  },
  {
    name: 'ctx.method = in a route, behind its secure()',
    sent: overridden,
    isAskedBefore: true,
    mount: (app, secure) => app.use(new Router().all('/things', secure(), override, readingAnswer).routes()),
  },
  {
    name: 'ctx.method = in a route, behind a requirement of its own',
    sent: overridden,
    isAskedBefore: true,
    mount: (app, secure) => app.use(new Router().all('/things', secure(anonymous()), override, readingAnswer).routes()),
  },
  {
    name: 'ctx.path = in the middleware of a router, behind a requirement of its own',
    sent: stripped,
    isAskedBefore: true,
    mount: (app, secure) => app.use(new Router().use(secure(anonymous()), stripPath).get(/./, answer).routes()),
  },
  {
    name: 'ctx.path = behind the app-wide secure(), in front of a route with a requirement of its own',
    sent: stripped,
    isAskedBefore: true,
    mount: (app, secure) => app.use(secure()).use(stripPath).use(secure(anonymous())).use(answer),
  },
  {
    name: 'ctx.method = in a route, behind the app-wide secure()',
    sent: overridden,
    isAskedBefore: true,
    mount: (app, secure) => app.use(secure()).use(new Router().all('/things', override, readingAnswer).routes()),
  },
  {
    name: 'ctx.path = in a route that passes on to another one',
    sent: stripped,
    isAskedBefore: true,
    mount: (app, secure) => app.use(secure()).use(new Router().get(/./, stripPath).get(/./, readingAnswer).routes()),
  },
  {
    ...read,
    name: 'ctx.path = behind a secure() that was wrapped before it was mounted',
    sent: stripped,
    mount: (app, secure) => {
      const secured = secure();
      app
        .use((context, next) => secured(context, next))
        .use(stripPath)
        .use(readingAnswer);
    },
  },
  {
    ...read,
    name: 'ctx.path = behind a secure() that other middleware calls only to be let in',
    sent: stripped,
    mount: (app, secure) => {
      const secured = secure();
      app
        .use(async (context, next) => {
          let isLetIn = false;
          await secured(context, async () => {
            isLetIn = true;
          });
          if (isLetIn) await next();
        })
        .use(stripPath)
        .use(readingAnswer);
    },
  },
  {
    ...read,
    name: 'ctx.path = after an await',
    sent: stripped,
    mount: (app, secure) =>
      app
        .use(secure())
        .use(async (context, next) => {
          await new Promise(setImmediate);
          return stripPath(context, next);
        })
        .use(readingAnswer),
  },
  {
    ...read,
    name: 'ctx.path = behind an application that was mounted there and passes on, in front of a router',
    sent: stripped,
    mount: (app, secure) =>
      app
        .use(mounted('/open', secure(), (_context, next) => next()))
        .use(secure())
        .use(stripPath)
        .use(new Router().get(ANY, answer).routes()),
  },
  {
    ...read,
    name: 'HTTP/2, ctx.path = in a mounted application, behind the app-wide secure()',
    protocol: 'h2',
    sent: strippedInMount,
    mount: (app, secure) => app.use(secure()).use(mounted('/m', stripPath, readingAnswer)),
  },
  {
    ...read,
    name: 'HTTP/2, ctx.method = behind the app-wide secure()',
    protocol: 'h2',
    sent: overridden,
    mount: (app, secure) => app.use(secure()).use(override).use(readingAnswer),
  },
];
