import type { NextFunction, Request, Response } from 'express';
import { NodeRequestSource } from '../node/node-request-source.js';
import { readAsReceived, runningTarget } from '../node/rewriting.js';
import type { Layer } from './application.js';
import type { Forwarding } from './forwarding.js';
import type { RouteKeys } from './route-key.js';

/** Reads a request as it runs below mounts and rewriting middleware and, unless that is allowed, as it was received. */
export function readingOf(
  request: Request,
  response: Response,
  next: NextFunction,
  trustedHops: number,
  allowRewriting: boolean,
  keys: RouteKeys,
  forwarding: Forwarding,
): NodeRequestSource {
  const { url = '', originalUrl = url } = request;
  const baseUrl = baseUrlOf(request, originalUrl);
  const mount = baseUrl !== '' && forwarding.concerns(request, next) ? '' : baseUrl;
  const target = runningTarget(originalUrl, mount, url);
  const source = new NodeRequestSource(request, response, trustedHops, target, () =>
    keys.of(request, source, mount, next),
  );
  if (!allowRewriting) readAsReceived(source, request, source.method, originalUrl, mount, url);
  if (mount !== baseUrl) forwarding.doubt(source, request, next, runningTarget(originalUrl, baseUrl, url));
  return source;
}

/**
 * What routers have cut off. node-mocks-http, which gives no header lines, writes the whole URL there, and routers add to it.
 */
function baseUrlOf(request: Partial<Request>, originalUrl: string): string {
  const { baseUrl = '' } = request;
  if (baseUrl.length < originalUrl.length || request.rawHeaders !== undefined) return baseUrl;
  return baseUrl.startsWith(originalUrl) ? baseUrl.slice(originalUrl.length) : baseUrl;
}

/** The mount that a layer runs below. */
export function mountOf(request: Request, layer: Layer, forwarding: Forwarding): string {
  const baseUrl = request.baseUrl === '' ? '' : baseUrlOf(request, request.originalUrl);
  return baseUrl !== '' && forwarding.concernsLayer(request, layer) ? '' : baseUrl;
}

/** The target that runs in a layer. */
export function targetOf(request: Request, layer: Layer, forwarding: Forwarding): string {
  return runningTarget(request.originalUrl, mountOf(request, layer, forwarding), request.url);
}
