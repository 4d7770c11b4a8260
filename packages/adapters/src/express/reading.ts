import { keepSpecimen, type RouteKey } from '@sallyport/core/extend';
import type { NextFunction, Request, Response } from 'express';
import { NodeRequestSource } from '../node/node-request-source.js';
import { readAsReceived, runningTarget } from '../node/rewriting.js';
import { NO_PROXIES, type TrustedProxies } from '../proxies/trusted-proxies.js';
import type { Layer } from './application.js';
import type { Carrier } from './carrier.js';
import type { Forwarding } from './forwarding.js';
import { look } from './look.js';
import type { RouteKeys } from './route-key.js';

/** What is the same for all requests that pass one `secure()`. */
export interface Place {
  readonly proxies: TrustedProxies;
  readonly allowRewriting: boolean;
  readonly keys: RouteKeys;
  readonly forwarding: Forwarding;
}

/** Looks at its request in the way that is cheap on Express. */
class ExpressSource extends NodeRequestSource {
  static {
    const request = { url: '', method: '' } as Request;
    keepSpecimen(new this(request, undefined, NO_PROXIES, '', undefined, ''));
  }

  readonly #request: Request;

  constructor(
    request: Request,
    response: Response | undefined,
    proxies: TrustedProxies,
    target: string,
    routeOf: (() => RouteKey | undefined) | undefined,
    method: string,
  ) {
    super(request, response, proxies, target, routeOf, method);
    this.#request = request;
  }

  protected override get rawLines(): readonly string[] | undefined {
    return look(this.#request, 'rawHeaders');
  }

  protected override get socket(): Request['socket'] {
    return look(this.#request, 'socket');
  }
}

/**
 * Reads a request as it runs below mounts and rewriting middleware and, unless that is allowed, as it was received. What
 * the caller has read of it is given, since each look at a request is dear (docs/performance.md, "Express").
 */
export function readingOf(
  carrier: Carrier,
  request: Request,
  response: Response,
  next: NextFunction,
  method: string,
  received: string | undefined,
  { proxies, allowRewriting, keys, forwarding }: Place,
): NodeRequestSource {
  const url = look(request, 'url') ?? '';
  const originalUrl = received ?? url;
  const baseUrl = baseUrlOf(request, originalUrl);
  const mount = baseUrl !== '' && forwarding.concerns(request, next) ? '' : baseUrl;
  const target = runningTarget(originalUrl, mount, url);
  const routeOf = () => keys.of(request, source, mount, next);
  const source = new ExpressSource(request, response, proxies, target, routeOf, method);
  if (!allowRewriting) readAsReceived(source, carrier, source.method, originalUrl, mount, url);
  if (mount !== baseUrl) forwarding.doubt(source, carrier, request, next, runningTarget(originalUrl, baseUrl, url));
  return source;
}

/**
 * What routers have cut off. node-mocks-http, which gives no header lines, writes the whole URL there, and routers add to it.
 */
function baseUrlOf(request: Request, originalUrl: string): string {
  const baseUrl = look(request, 'baseUrl') ?? '';
  if (baseUrl.length < originalUrl.length || look(request, 'rawHeaders') !== undefined) return baseUrl;
  return baseUrl.startsWith(originalUrl) ? baseUrl.slice(originalUrl.length) : baseUrl;
}

/** The mount that a layer runs below. */
export function mountOf(request: Request, layer: Layer, forwarding: Forwarding): string {
  const baseUrl = look(request, 'baseUrl') === '' ? '' : baseUrlOf(request, look(request, 'originalUrl'));
  return baseUrl !== '' && forwarding.concernsLayer(request, layer) ? '' : baseUrl;
}

/** The target that runs in a layer. */
export function targetOf(request: Request, layer: Layer, forwarding: Forwarding): string {
  return runningTarget(look(request, 'originalUrl'), mountOf(request, layer, forwarding), look(request, 'url'));
}
