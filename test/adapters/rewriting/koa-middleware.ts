import type { koaSecurity } from '@sallyport/adapters/koa';
import type Koa from 'koa';
import { type RewritingRow, withoutFirstSegment } from './row.js';

/** As much of @koa/router as is used here. */
export interface Router {
  get(path: string | RegExp, ...handlers: Koa.Middleware[]): Router;
  all(path: string, ...handlers: Koa.Middleware[]): Router;
  use(...handlers: Koa.Middleware[]): Router;
  routes(): Koa.Middleware;
}
export const { Router }: { Router: new (options?: { prefix: string }) => Router } = require('@koa/router');
export const compose: (middleware: readonly Koa.Middleware[]) => Koa.Middleware = require('koa-compose');

/** A route that no operation describes, so that its requests are judged by their path. */
export const ANY = /^\/\w+$/;

export const answer: Koa.Middleware = (context) => {
  context.body = 'ran';
};

export const stripPath: Koa.Middleware = (context, next) => {
  context.path = withoutFirstSegment(context.path);
  return next();
};

export const stripUrl: Koa.Middleware = (context, next) => {
  context.url = withoutFirstSegment(context.url);
  return next();
};

export const override: Koa.Middleware = (context, next) => {
  context.method = context.get('x-http-method-override') || context.method;
  return next();
};

/** As a proxy does: it writes to Node's response by itself. */
export const proxy: Koa.Middleware = (context) => {
  context.respond = false;
  context.res.statusCode = 200;
  context.res.end(`${context.req.method} ${context.req.url} ran`);
};

/** Mounts as koa-mount does: it cuts a prefix off the path and leaves it in `mountPath`. */
export function mounted(prefix: string, ...middleware: Koa.Middleware[]): Koa.Middleware {
  const inner = compose(middleware);
  return async (context: Koa.Context & { mountPath?: string }, next) => {
    const whole = context.path;
    if (!`${whole}/`.startsWith(`${prefix}/`)) return next();
    context.mountPath = prefix;
    const rest = whole.slice(prefix.length) || '/';
    context.path = rest;
    await inner(context, async () => {
      context.path = whole;
      await next();
      context.path = rest;
    });
    context.path = whole;
  };
}

/** As middleware does that chooses by the path what it runs. */
export const readingAnswer: Koa.Middleware = (context) => {
  context.body = `${context.path} ran`;
};

/** As middleware of Connect does: it knows no context of Koa. */
export const stripRaw: Koa.Middleware = ({ req }, next) => {
  req.url = withoutFirstSegment(req.url ?? '');
  return next();
};

/** One way to mount `secure()` and what rewrites. */
export interface Mounting extends Omit<RewritingRow, 'open'> {
  mount(app: Koa, secure: ReturnType<typeof koaSecurity>): void;
}
