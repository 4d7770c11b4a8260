import type { Decider } from '@sallyport/core';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { type AdapterOptions, checkedAdapterOptions } from '../gate/adapter-options.js';
import { Gate } from '../gate/gate.js';
import { isPreflight, staysLetThrough } from '../gate/preflight.js';
import type { RouteDemands } from '../gate/route-demands.js';
import { headerLinesOf } from '../node/header-lines.js';
import { isAnswerable } from '../node/node-message.js';
import { NodeRequestSource } from '../node/node-request-source.js';
import { principalOf, userOf } from '../node/principal.js';
import { answerBy, setHeaderLines, writeDenial } from '../node/write-denial.js';
import { Carrier } from './carrier.js';
import { Forwarding } from './forwarding.js';
import { LayersBehind } from './layers-behind.js';
import { look } from './look.js';
import { mountOf, readingOf, targetOf } from './reading.js';
import { RouteKeys } from './route-key.js';

export type ExpressSecurityOptions = AdapterOptions<readonly [request: Request, response: Response]>;

type ExpressRequest = Request & { user?: unknown };

/**
 * Makes middleware: `secure()` for an app or router, `secure(requireScopes('a'))` for a route. `secure(optional(tokens))`
 * has a requirement of its own in the place of the chain's, and may have guards behind it. What a `secure()` in front
 * requires still holds.
 */
export type ExpressSecurity<Scopes extends string = string> = (...demands: RouteDemands<Scopes>) => ExpressMiddleware;

/** Takes a request of any parameters, so that the handlers behind still know those of their own path. */
export type ExpressMiddleware = <Params, Answer, Body, Query, Locals extends Record<string, unknown>>(
  request: Request<Params, Answer, Body, Query, Locals>,
  response: Response<Answer, Locals>,
  next: NextFunction,
) => void;

/** Called for each granted request before the application is, for adapters that are made of this one. */
export type ExpressGranted = (request: Request, response: Response) => void;

/** `expressSecurity`, with what another adapter does besides. */
export function mountedIn<Scopes extends string = string>(
  decider: Decider<Scopes>,
  options: ExpressSecurityOptions,
  granted?: ExpressGranted,
): ExpressSecurity<Scopes> {
  const { allowPreflight, allowRewriting, proxies, onDenied } = checkedAdapterOptions(options);
  const chainGate = new Gate(decider);
  return function secure(...demands) {
    const { gate, guard } = chainGate.of(demands);
    const sallyport: RequestHandler = (request: ExpressRequest, response, next) => {
      const method = look(request, 'method');
      const originalUrl = look(request, 'originalUrl');
      const carrier = new Carrier(request);
      const published = chainGate.published(method, originalUrl);
      if (published !== undefined) return writeDenial(response, published);
      if (allowPreflight && isPreflight(method, headerLinesOf(request))) {
        gate.letThrough(carrier);
        request.user = undefined;
        layersBehind.watch(request, carrier);
        return next();
      }
      const source = readingOf(carrier, request, response, next, method, originalUrl, place);
      pass(carrier, source, request, response, next);
    };
    const pass = (
      carrier: Carrier,
      source: NodeRequestSource,
      request: ExpressRequest,
      response: Response,
      next: NextFunction,
    ) =>
      gate.pass(carrier, source, guard, (decision) => {
        if (decision.kind === 'granted') {
          setHeaderLines(response, decision.headers);
          request.user = userOf(decision.principal);
          layersBehind.watch(request, carrier);
          granted?.(request, response);
          return next();
        }
        request.user = userOf(principalOf(carrier));
        if (onDenied === undefined) return writeDenial(response, decision);
        const answer = () => writeDenial(response, decision);
        if (isAnswerable(response)) answerBy(() => onDenied(decision, request, response, answer), next);
      });
    const layersBehind = new LayersBehind({
      middleware: sallyport,
      isGranted: (request, layer, last) =>
        gate.isAmong(last, look(request, 'method'), look(request, 'url'), mountOf(request, layer, forwarding)),
      /** By its path: where the middleware stood, it was in no route, or the request has been rewritten in its route. */
      decide: (request, response, next, layer) => {
        const target = targetOf(request, layer, forwarding);
        const carrier = new Carrier(request);
        if (staysLetThrough(carrier, request, allowPreflight) || forwarding.isInFront(request, layer)) return next();
        if (gate.hasGranted(carrier, look(request, 'method'), target)) return next();
        pass(carrier, new NodeRequestSource(request, response, proxies, target), request, response, next);
      },
    });
    const keys = new RouteKeys(sallyport);
    const forwarding = new Forwarding(sallyport);
    const place = { proxies, allowRewriting, keys, forwarding };
    // Reads only properties that every request has.
    return sallyport as ExpressMiddleware;
  };
}
