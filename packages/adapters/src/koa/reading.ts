import type { Context } from 'koa';
import { NodeRequestSource } from '../node/node-request-source.js';
import { readAsReceived, receivedMethod, receivedUrl, runningTarget } from '../node/rewriting.js';
import type { TrustedProxies } from '../proxies/trusted-proxies.js';
import type { RouteKeys } from './route-key.js';

// Node's own request is read here, not `ctx.url` and `ctx.method`: these ask for a decision (see watched-request.ts).

/** What koa-mount and @koa/router keep on a context. */
interface RoutedContext extends Context {
  /**
   * The path at which koa-mount mounted the running application. It stays on the context after that application is
   * left.
   */
  readonly mountPath?: string;
  /** The path by which @koa/router routes instead of the path of the request. Older versions read `routerPath`. */
  readonly newRouterPath?: string;
  readonly routerPath?: string;
  /** Set once a router has chosen a route. From then on `routerPath` holds the path of the router itself. */
  readonly _matchedRoute?: unknown;
}

/** What koa-mount has cut off the path where the middleware of these keys stands; '' if nothing. */
export function mountOf(context: RoutedContext, keys: RouteKeys): string {
  const isBelowMount = context.req.url !== context.originalUrl && !keys.areOf(context.app);
  return isBelowMount ? (context.mountPath ?? '') : '';
}

/**
 * Reads a request as it runs behind mounts and rewriting middleware. Unless rewriting is allowed, also reads it as it
 * was received.
 */
export function readingOf(
  context: Context,
  proxies: TrustedProxies,
  allowRewriting: boolean,
  mount: string,
  keys: RouteKeys,
): NodeRequestSource {
  const { req, res, originalUrl } = context;
  const url = urlOf(context);
  const received = receivedUrl(req, originalUrl);
  const target = runningTarget(received, mount, url);
  const source = new NodeRequestSource(req, res, proxies, target, () => keys.of(context, source, mount));
  if (!allowRewriting) readAsReceived(source, context, receivedMethod(req), received, mount, url);
  return source;
}

/** Reads a request as it runs behind a rewriting: by its path alone, without the key of a route. */
export function rewrittenReading(
  { request: { req }, res, originalUrl }: Context,
  proxies: TrustedProxies,
  mount: string,
  url: string,
): NodeRequestSource {
  return new NodeRequestSource(req, res, proxies, runningTarget(receivedUrl(req, originalUrl), mount, url));
}

/** The URL that runs below the mount: the path by which a router routes counts instead of that of the request. */
export function urlOf(context: Context): string {
  const { url = '' } = context.req;
  const routedPath = routedPathOf(context);
  return routedPath === undefined ? url : routedPath + searchOf(url);
}

export function routedPathOf({ newRouterPath, routerPath, _matchedRoute }: RoutedContext): string | undefined {
  return newRouterPath ?? (_matchedRoute === undefined ? routerPath : undefined);
}

/** As Koa tells it: a question mark alone is none. */
function searchOf(url: string): string {
  const start = url.indexOf('?');
  return start === -1 || start === url.length - 1 ? '' : url.slice(start);
}
