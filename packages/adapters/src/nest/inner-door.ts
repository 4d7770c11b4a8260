import type { ExecutionContext } from '@nestjs/common';
import type { Decider, Decision } from '@sallyport/core';
import { option } from '@sallyport/core/extend';
import { checkedDoorOptions } from '../gate/adapter-options.js';
import { Gate, type RouteGate } from '../gate/gate.js';
import { type Grant, keepGrant, lastGrantOf } from '../gate/grant.js';
import type { RouteDemands } from '../gate/route-demands.js';
import type { NodeRequest } from '../node/node-message.js';
import { NodeRequestSource } from '../node/node-request-source.js';
import type { TrustedProxies } from '../proxies/trusted-proxies.js';
import { carrierOf } from './decorators/execution.js';
import type { PlatformOptions } from './platforms/platform.js';

/** What a message or a query came with: Node's request, or that of a framework around it. */
type Carrier = NodeRequest & { readonly raw?: NodeRequest; readonly originalUrl?: string };

/**
 * Asks about what runs within a request that was decided before: messages to gateways, queries of GraphQL. They have no
 * credentials of their own, and need what their method and class need of that request.
 */
export class InnerDoor {
  readonly #gate: Gate;
  readonly #proxies: TrustedProxies;
  /** What each connection was granted before its first message. */
  readonly #opened = new WeakMap<object, { readonly grant: Grant | undefined }>();

  constructor(chain: Decider, { allowPreflight: _preflight, allowRewriting: _rewriting, ...options }: PlatformOptions) {
    this.#gate = new Gate(chain);
    this.#proxies = checkedDoorOptions(options).proxies;
  }

  of(demands: RouteDemands): RouteGate {
    return this.#gate.of(demands);
  }

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID where no request is known, such as for microservices */
  passes(context: ExecutionContext, { gate, guard }: RouteGate): boolean | Promise<boolean> {
    const carrier = carrierOf(context) as Carrier | undefined;
    if (carrier === undefined)
      throw option.invalid(
        `${context.getClass().name}.${context.getHandler().name}()`,
        `takes what came over no HTTP request that is known (${context.getType()}): SallyportGuard cannot decide about it`,
      );
    const request = carrier.raw ?? carrier;
    const source = new NodeRequestSource(request, undefined, this.#proxies, carrier.originalUrl ?? request.url);
    if (!this.#opened.has(carrier)) this.#opened.set(carrier, { grant: lastGrantOf(carrier) });
    const decision = gate.decide(carrier, source, guard);
    const isGranted = ({ kind }: Decision): boolean => {
      if (context.getType<string>() === 'ws') this.#keepOne(carrier);
      return kind === 'granted';
    };
    return decision instanceof Promise ? decision.then(isGranted) : isGranted(decision);
  }

  /** A connection may have any number of messages: of what they were granted, the last one is kept. */
  #keepOne(carrier: object): void {
    const first = this.#opened.get(carrier)?.grant;
    const last = lastGrantOf(carrier);
    if (last !== undefined && last !== first && last.before !== first) keepGrant(carrier, { ...last, before: first });
  }
}
