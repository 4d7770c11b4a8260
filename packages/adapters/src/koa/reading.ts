import type { RouteKey } from '@sallyport/core/extend';
import type Application from 'koa';
import type { Context } from 'koa';
import { NodeRequestSource } from '../node/node-request-source.js';
import { readAsReceived, receivedMethod, receivedUrl, runningTarget } from '../node/rewriting.js';

/**
 * The place in an application where a request is read. `areOf` is true when it is below no mount. `of` gives the key of
 * its route.
 */
export interface Place {
  areOf(application: Application, context: Context): boolean;
  of(context: Context, source: NodeRequestSource, mount: string): RouteKey | undefined;
}

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

/**
 * Reads a request as it runs behind mounts and rewriting middleware. Unless rewriting is allowed, also reads it as it
 * was received.
 */
export function readingOf(
  context: RoutedContext,
  trustedHops: number,
  allowRewriting: boolean,
  place: Place,
): NodeRequestSource {
  const { req, res, originalUrl } = context;
  const url = urlOf(context);
  const isBelowMount = url !== originalUrl && !place.areOf(context.app, context);
  const mount = isBelowMount ? (context.mountPath ?? '') : '';
  const received = receivedUrl(req, originalUrl);
  const target = runningTarget(received, mount, url);
  const source = new NodeRequestSource(req, res, trustedHops, target, () => place.of(context, source, mount));
  if (!allowRewriting) readAsReceived(source, context, receivedMethod(req), received, mount, url);
  return source;
}

/** The URL that runs below the mount: the path by which a router routes counts instead of that of the request. */
export function urlOf({ url, request, newRouterPath, routerPath, _matchedRoute }: RoutedContext): string {
  const routedPath = newRouterPath ?? (_matchedRoute === undefined ? routerPath : undefined);
  return routedPath === undefined ? url : routedPath + request.search;
}
