import type { RouteDemands } from '../gate/route-demands.js';
import { markRouteGuard } from '../node/route-template.js';
import { demandsOf, type RequirementSource } from './decorators/demands.js';
import type { FoundHandlers } from './found-handlers.js';
import type { Ask, Platform } from './platforms/platform.js';

type Class = Parameters<typeof demandsOf>[0];

/** What each method asks of its requests, compiled once for each class that runs it: others may inherit it. */
export class RouteGates {
  readonly #platform: Platform;
  readonly #handlers: FoundHandlers;
  readonly #fallback: RequirementSource | undefined;
  readonly #known = new WeakMap<object, WeakMap<object, Ask>>();

  /** `fallback` stands in place of the requirement of the chain where no decorator says more. */
  constructor(platform: Platform, handlers: FoundHandlers, fallback: RequirementSource | undefined) {
    this.#platform = platform;
    this.#handlers = handlers;
    this.#fallback = fallback;
  }

  of(type: Class, method: object): Ask {
    const known = this.#known.get(type);
    return known?.get(method) ?? this.#learn(type, method, known ?? new WeakMap());
  }

  #learn(type: Class, method: object, known: WeakMap<object, Ask>): Ask {
    const { own, guards } = demandsOf(type, method);
    const source = own?.source ?? this.#fallback;
    const demands = source === undefined ? guards : [this.#handlers.requirementOf(source), ...guards];
    const ask = this.#platform.secure(demands as RouteDemands);
    markRouteGuard(ask);
    known.set(method, ask);
    this.#known.set(type, known);
    return ask;
  }
}
