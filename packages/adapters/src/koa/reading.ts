import type { RouteKey } from '@sallyport/core/extend';
import type Application from 'koa';
import type { Context } from 'koa';
import { NodeRequestSource } from '../node/node-request-source.js';
import { readAsReceived, receivedMethod, receivedUrl, runningTarget } from '../node/rewriting.js';

/** Where a request is read: it tells what is mounted in the application itself, and the key of the route. */
export interface Place {
  areOf(application: Application, context: Context): boolean;
  of(context: Context, source: NodeRequestSource, mount: string): RouteKey | undefined;
}

/** What koa-mount and @koa/router keep on a context. */
interface RoutedContext extends Context {
  /** Where koa-mount has mounted the application that runs; it stays there when the application is left. */
  readonly mountPath?: string;
  /** The path by which @koa/router routes instead of that of the request; older versions read the second. */
  readonly newRouterPath?: string;
  readonly routerPath?: string;
  /** Set once a router has chosen a route; then it keeps its own path in `routerPath`. */
  readonly _matchedRoute?: unknown;
}

/** Reads a request as it runs behind mounts and rewriting middleware and, unless that is allowed, as it was received. */
export function readingOf(
  context: RoutedContext,
  trustedHops: number,
  allowRewriting: boolean,
  place: Place,
): NodeRequestSource {
  const { req, res, originalUrl, newRouterPath, routerPath, _matchedRoute } = context;
  const routedPath = newRouterPath ?? (_matchedRoute === undefined ? routerPath : undefined);
  const url = routedPath === undefined ? context.url : routedPath + context.search;
  const isBelowMount = url !== originalUrl && !place.areOf(context.app, context);
  const mount = isBelowMount ? (context.mountPath ?? '') : '';
  const received = receivedUrl(req, originalUrl);
  const target = runningTarget(received, mount, url);
  const source = new NodeRequestSource(req, res, trustedHops, target, () => place.of(context, source, mount));
  if (!allowRewriting) readAsReceived(source, context, receivedMethod(req), received, mount, url);
  return source;
}
