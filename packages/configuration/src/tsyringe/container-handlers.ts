import { ConfigurationError, type SecurityHandler } from '@sallyport/core';
import { type Clock, type HandlerKind, type HandlerLookup, quotedName } from '@sallyport/core/extend';
import { placed } from '../file/place.js';
import { BuiltHandlers } from '../kinds/built-handlers.js';
import { ownersOf } from '../kinds/kind-table.js';
import type { ChainContainer } from './chain-container.js';
import type { DependencyContainer } from './container.js';
import { kindCalled } from './container-kinds.js';
import { classesOf, fixFor, gapIn, warnOfDoubts } from './handler-class.js';
import type { ContainerServices, HandlerClass } from './registration.js';
import { inHandler, missing, unusable } from './registration-errors.js';
import {
  effective,
  isOverridden,
  type KeptRegistration,
  namesUnder,
  type Origin,
  registrationToken,
} from './registry.js';
import { nameOf, type SecurityToken } from './security-token.js';
import { tokens } from './tokens.js';

/** A handler under construction. */
interface BuildingPlace {
  readonly name: string;
  readonly options: { readonly name: string };
  /** The error of something that it needs. The container passes on only the message of an error. */
  failure?: ConfigurationError;
}

/** Builds the handlers of one chain in the container of the chain. */
export class ContainerHandlers {
  readonly services: ContainerServices;
  readonly #container: DependencyContainer;
  readonly #chainContainer: ChainContainer;
  readonly built = new BuiltHandlers({
    build: (name) => this.#build(name),
    error: (name, problem) => unusable(tokens.handler(name), problem),
    fixForName: 'take its name from tokens.handlerOptions',
  });
  /** The handlers under construction, the outermost first. */
  readonly #building: BuildingPlace[] = [];

  constructor(chainContainer: ChainContainer, clock: Clock) {
    const container = chainContainer.inner;
    this.#container = container;
    this.#chainContainer = chainContainer;
    const find = <Value>(token: SecurityToken<Value>) => chainContainer.request(() => effective(container, token));
    this.services = Object.freeze({
      clock,
      directory: process.cwd(),
      cacheStore: find(tokens.cacheStore),
      counterStore: find(tokens.counterStore),
      onceStore: find(tokens.onceStore),
      revocations: find(tokens.revocations),
      handler: this.handler,
      find,
      get: this.#get,
    });
    container.register(tokens.handlers, { useValue: this.handler });
    container.register(tokens.handlerName, { useFactory: () => this.#place(tokens.handlerName).name });
    container.register(tokens.handlerOptions, { useFactory: () => this.#place(tokens.handlerOptions).options });
  }

  /** The handler of this name. */
  readonly handler: HandlerLookup = (name) => {
    const outer = this.#building.at(-1);
    try {
      return this.built.named(name);
    } catch (error) {
      if (outer !== undefined && error instanceof ConfigurationError) outer.failure = error;
      throw error;
    }
  };

  readonly #get = <Value>(token: SecurityToken<Value>): Value => {
    const value = this.services.find(token);
    if (value !== undefined) return value;
    const place = this.#building.at(-1);
    const who = place === undefined ? 'the chain' : `the handler ${quotedName(place.name)}`;
    throw missing(token, `Register it in the container: ${who} needs it`);
  };

  #place(token: symbol): BuildingPlace {
    const place = this.#building.at(-1);
    if (place === undefined) throw missing(token, 'It is there while a handler is built, and for that handler only');
    return place;
  }

  #build(name: string): SecurityHandler {
    const token = tokens.handler(name);
    const kept = effective(this.#container, registrationToken(name));
    const options: { name: string } = { name, ...effective(this.#container, tokens.options(name)) };
    if (options.name !== name) throw unusable(token, 'has another name among its options; its name is its key');
    const place: BuildingPlace = { name, options };
    this.#building.push(place);
    try {
      return kept === undefined ? this.#registered(token, name) : this.#buildBy(kept, place);
    } finally {
      this.#building.pop();
    }
  }

  #registered(token: SecurityToken<SecurityHandler>, name: string): SecurityHandler {
    const handler = this.services.find(token);
    if (handler !== undefined) return handler;
    const fix = `Register it: registerSecurity(container, { handlers: { ${quotedName(name)}: … } })`;
    throw missing(token, fix, name, namesUnder(this.#container, tokens.handler));
  }

  #buildBy({ registration, origin }: KeptRegistration, place: BuildingPlace): SecurityHandler {
    if ('useValue' in registration) return registration.useValue;
    const way =
      registration.type === undefined
        ? registration
        : kindCalled('handler', registration.type, this.services, this.#container);
    if ('useClass' in way) return this.#construct(way.useClass, place);
    if ('handler' in way) return this.#make(way, place, origin);
    try {
      return way.useFactory(place.options, { ...this.services, name: place.name });
    } catch (error) {
      throw explained(error, place, 'threw while it was built');
    }
  }

  #make(kind: HandlerKind<never>, place: BuildingPlace, origin: Origin | undefined): SecurityHandler {
    const { name, ...options } = place.options;
    const directory = origin?.directory ?? this.services.directory;
    try {
      return kind.handler(options as never, { ...this.services, directory, name });
    } catch (error) {
      const isListed = origin !== undefined && !isOverridden(this.#container, tokens.options(name));
      if (!isListed) throw explained(error, place, 'threw while it was built');
      const home = `${origin.placeOf(name)}.options`;
      throw origin.located(placed(error, home, ownersOf(kind, home)));
    }
  }

  #construct(useClass: HandlerClass, place: BuildingPlace): SecurityHandler {
    const token = tokens.handler(place.name);
    const classes = classesOf(useClass, this.#container);
    const gap = gapIn(classes);
    if (gap !== undefined) throw unusable(token, `cannot be built: ${gap}`);
    // A new token, because the class may be registered elsewhere as a singleton of all chains.
    const own = Symbol(nameOf(token));
    this.#container.register<SecurityHandler>(own, { useClass });
    try {
      const built = this.#chainContainer.request((container) => container.resolve<SecurityHandler>(own));
      warnOfDoubts(classes);
      return built;
    } catch (error) {
      throw explained(error, place, `cannot be built: ${fixFor(classes, this.#container)}`);
    }
  }
}

/** Only errors of Sallyport are quoted: those of others, the container's included, may hold secrets. */
function explained(error: unknown, { name, failure }: BuildingPlace, problem: string): ConfigurationError {
  const cause = failure ?? error;
  return cause instanceof ConfigurationError ? inHandler(name, cause) : unusable(tokens.handler(name), problem, error);
}
