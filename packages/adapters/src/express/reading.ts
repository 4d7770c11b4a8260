import type { NextFunction, Request, Response } from 'express';
import { NodeRequestSource } from '../node/node-request-source.js';
import { readAsReceived, runningTarget } from '../node/rewriting.js';
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
  const { url, baseUrl = '', originalUrl = url } = request;
  const mount = baseUrl !== '' && forwarding.concerns(request, next) ? '' : baseUrl;
  const target = runningTarget(originalUrl, mount, url);
  const source = new NodeRequestSource(request, response, trustedHops, target, () =>
    keys.of(request, source, mount, next),
  );
  if (!allowRewriting) readAsReceived(source, request, source.method, originalUrl, mount, url);
  if (mount !== baseUrl) forwarding.doubt(source, request, next, runningTarget(originalUrl, baseUrl, url));
  return source;
}

/** The target that runs at the place where `next` leads on from. */
export function targetOf(request: Request, next: NextFunction, forwarding: Forwarding): string {
  const { url, baseUrl = '', originalUrl = url } = request;
  const mount = baseUrl !== '' && forwarding.concerns(request, next) ? '' : baseUrl;
  return runningTarget(originalUrl, mount, url);
}
