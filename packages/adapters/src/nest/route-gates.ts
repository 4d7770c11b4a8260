import type { RouteDemands } from '../gate/route-demands.js';
import { demandsOf, type RequirementSource } from './decorators/demands.js';
import type { FoundHandlers } from './found-handlers.js';

type Class = Parameters<typeof demandsOf>[0];

/** What each method asks of its requests, compiled once for each class that runs it: others may inherit it. */
export class RouteGates<Compiled> {
  readonly #compile: (demands: RouteDemands) => Compiled;
  readonly #handlers: FoundHandlers;
  readonly #known = new WeakMap<object, WeakMap<object, WeakMap<object, Compiled>>>();

  constructor(compile: (demands: RouteDemands) => Compiled, handlers: FoundHandlers) {
    this.#compile = compile;
    this.#handlers = handlers;
  }

  /** `fallback` stands in place of the requirement of the chain where no decorator says more. */
  of(type: Class, method: object, fallback?: RequirementSource): Compiled {
    const ofClass = kept(this.#known, type, () => new WeakMap<object, WeakMap<object, Compiled>>());
    const ofMethod = kept(ofClass, method, () => new WeakMap<object, Compiled>());
    return kept(ofMethod, fallback ?? this, () => this.#compile(this.demandsOf(type, method, fallback)));
  }

  demandsOf(type: Class, method?: object, fallback?: RequirementSource): RouteDemands {
    const { own, guards } = demandsOf(type, method);
    const source = own?.source ?? fallback;
    return (source === undefined ? guards : [this.#handlers.requirementOf(source), ...guards]) as RouteDemands;
  }
}

function kept<Value>(known: WeakMap<object, Value>, key: object, make: () => Value): Value {
  const found = known.get(key);
  if (found !== undefined) return found;
  const made = make();
  known.set(key, made);
  return made;
}
