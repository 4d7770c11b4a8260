import type { ModuleRef } from '@nestjs/core';
import type { Requirement, SecurityHandler } from '@sallyport/core';
import { isHandler, isRequirement, option } from '@sallyport/core/extend';
import type { HandlerClass, RequirementSource } from './decorators/demands.js';

/** Makes the requirements of decorators, of handlers that have a name in the chain or a place in Nest's container. */
export class FoundHandlers {
  readonly #named: readonly SecurityHandler[];
  readonly #container: ModuleRef;
  /** One for each source, so that the chain makes one decider of it. */
  readonly #requirements = new WeakMap<object, Requirement>();

  constructor(named: readonly SecurityHandler[], container: ModuleRef) {
    this.#named = named;
    this.#container = container;
  }

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID for what makes none, and for handlers that are not there */
  requirementOf(source: RequirementSource): Requirement {
    const known = this.#requirements.get(source);
    if (known !== undefined) return known;
    const requirement = typeof source === 'function' ? source((which) => this.#find(which)) : source;
    if (!isRequirement(requirement))
      throw option.invalid('@Secured()', 'must get a requirement, such as anyOf(jwt, apiKey)');
    this.#requirements.set(source, requirement);
    return requirement;
  }

  #find(which: string | symbol | HandlerClass): SecurityHandler {
    return typeof which === 'string' ? this.#byName(which) : this.#provided(which);
  }

  #byName(name: string): SecurityHandler {
    const found = this.#named.find((handler) => handler.name === name);
    if (found !== undefined) return found;
    const names = this.#named.map((handler) => handler.name);
    const hint = option.nearestHint(name, names);
    throw option.invalid('the name of a handler', `must be one of the chain or of the option handlers${hint}`);
  }

  #provided(token: symbol | HandlerClass): SecurityHandler {
    const provided: unknown = this.#container.get(token as symbol, { strict: false });
    if (isHandler(provided)) return provided;
    throw option.invalid('a token of a handler', 'must be that of a provider that is a handler');
  }
}
