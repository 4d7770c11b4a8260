import { ConfigurationError, type DecisionListener, type SecurityHandler } from '@sallyport/core';
import {
  type Clock,
  closeHandlers,
  disregard,
  isHandler,
  quotedName,
  runWithin,
  type SecurityToken,
  systemClock,
} from '@sallyport/core/extend';
import type { DependencyContainer } from './container.js';
import { scopedChild, takeDisposables } from './container-internals.js';
import { type BuildingPlace, buildHandler } from './handler-builder.js';
import { registrationToken } from './handler-registration.js';
import { late, missing, unusable } from './registration-errors.js';
import { all, effective, namesUnder } from './registry.js';
import { nameOf, securityToken } from './security-token.js';
import { tokens } from './tokens.js';

const SCOPE: SecurityToken<ChainScope> = securityToken('@sallyport/core/chain-scope');

/** Services that a chain takes from its container, if they are registered there. */
const SERVICES: readonly SecurityToken<unknown>[] = [
  tokens.clock,
  tokens.random,
  tokens.cacheStore,
  tokens.counterStore,
  tokens.revocations,
  tokens.revocationBus,
];

/**
 * The handlers of all open chains. Two chains must not share a handler: the first chain to close would close it for
 * both.
 */
const owned = new WeakSet<SecurityHandler>();

/**
 * The child container of one chain, and the handlers that were built in it. Container-scoped registrations exist once
 * per chain. Two chains share only what was registered to be shared.
 */
export class ChainScope {
  readonly container: DependencyContainer;
  readonly clock: Clock;
  readonly random: (() => number) | undefined;
  readonly listeners: readonly DecisionListener[];
  readonly #parent: DependencyContainer;
  readonly #handlers = new Map<string, SecurityHandler>();
  readonly #owned = new Set<SecurityHandler>();
  readonly #absent: readonly SecurityToken<unknown>[];
  /** The handlers under construction, the outermost first. */
  readonly #building: BuildingPlace[] = [];

  constructor(parent: DependencyContainer) {
    this.#parent = parent;
    this.container = scopedChild(parent);
    this.clock = effective(parent, tokens.clock) ?? systemClock;
    this.random = effective(parent, tokens.random);
    this.listeners = all(parent, tokens.decisionListener);
    this.#absent = SERVICES.filter((token) => !this.#provide(token));
    if (this.#absent.includes(tokens.clock)) this.container.register(tokens.clock, { useValue: this.clock });
    this.container.register(SCOPE, { useValue: this });
    this.container.register(tokens.handlers, { useValue: this.handler });
    this.container.register(tokens.handlerName, { useFactory: () => this.#place(tokens.handlerName).name });
    this.container.register(tokens.handlerOptions, { useFactory: () => this.#place(tokens.handlerOptions).options });
  }

  /** The scope in which `container` resolves `token`. */
  static of(container: DependencyContainer, token: symbol): ChainScope {
    if (container.isRegistered(SCOPE, true)) return container.resolve(SCOPE);
    throw missing(token, 'Handlers exist in a chain only: take them from resolveChain(container)');
  }

  /** All handlers of the chain. A handler comes after the handlers that it uses. */
  get handlers(): readonly SecurityHandler[] {
    return [...this.#owned];
  }

  /** The handler of this name, built on first use. */
  readonly handler = (name: string): SecurityHandler => {
    const known = this.#handlers.get(name);
    if (known !== undefined) return known;
    const built = this.#build(name);
    this.#handlers.set(name, built);
    this.#own(built);
    return built;
  };

  /** Adds the handlers of the chain's definition that were not built here. */
  adopt(handlers: readonly SecurityHandler[]): void {
    for (const handler of handlers) if (!this.#owned.has(handler)) this.#own(handler);
  }

  /**
   * @throws {ConfigurationError} ERR_SALLYPORT_REGISTRATION_LATE for a service that was registered after the chain was
   *   resolved
   */
  checkNothingLate(): void {
    for (const token of this.#absent) if (this.#parent.isRegistered(token, true)) throw late(token);
  }

  /** Closes the handlers, last first, then disposes of the collaborators. Rejects at the end with all failures. */
  async close(timeoutMs: number): Promise<void> {
    const failures: unknown[] = [];
    await closeHandlers(this.handlers, this.clock, timeoutMs).catch((error: AggregateError) => {
      failures.push(...error.errors);
    });
    await this.dispose(timeoutMs, failures);
  }

  /** Disposes of the collaborators that belong to this chain only, last first. Waits at most `timeoutMs` for each. */
  async dispose(timeoutMs: number, failures: unknown[] = []): Promise<void> {
    const limit = { clock: this.clock, timeoutMs };
    for (const collaborator of takeDisposables(this.container)) {
      const disposal = runWithin(limit, 'a collaborator was not disposed of', () => collaborator.dispose());
      await disposal.catch((error) => failures.push(error));
    }
    await this.container.dispose();
    for (const handler of this.#owned) owned.delete(handler);
    if (failures.length > 0) throw new AggregateError(failures, 'Some handlers or collaborators could not be closed');
  }

  #own(handler: SecurityHandler): void {
    if (owned.has(handler)) {
      const fix = 'belongs to another open chain; register a class or function, of which each gets its own';
      throw unusable(tokens.handler(handler.name), fix);
    }
    owned.add(handler);
    this.#owned.add(handler);
  }

  #provide(token: SecurityToken<unknown>): boolean {
    const value = effective(this.#parent, token);
    if (value !== undefined) this.container.register(token, { useValue: value });
    return value !== undefined;
  }

  #place(token: symbol): BuildingPlace {
    const place = this.#building.at(-1);
    if (place === undefined) throw missing(token, 'It is there while a handler is built, and for that handler only');
    return place;
  }

  #build(name: string): SecurityHandler {
    const outer = this.#building.at(-1);
    try {
      return this.#buildNext(name);
    } catch (error) {
      if (outer !== undefined && error instanceof ConfigurationError) outer.failure = error;
      throw error;
    }
  }

  #buildNext(name: string): SecurityHandler {
    const token = tokens.handler(name);
    if (this.#building.some((place) => place.name === name)) {
      const circle = [...this.#building.map((place) => place.name), name].map(quotedName);
      throw unusable(token, `needs itself to be built: ${circle.join(' needs ')}`);
    }
    const registration = effective(this.#parent, registrationToken(name));
    const options: { name: string } = { name, ...effective(this.#parent, tokens.options(name)) };
    if (options.name !== name) throw unusable(token, 'has another name among its options; its name is its key');
    const place: BuildingPlace = { name, options, container: this.container };
    this.#building.push(place);
    try {
      const built =
        registration === undefined ? effective(this.container, token) : buildHandler(registration, place, this.clock);
      return this.#checked(built, name);
    } finally {
      this.#building.pop();
    }
  }

  #checked(built: SecurityHandler | undefined, name: string): SecurityHandler {
    const token = tokens.handler(name);
    if (built === undefined) {
      const fix = `Register it: registerSecurity(container, { handlers: { ${quotedName(name)}: … } })`;
      throw missing(token, fix, name, namesUnder(this.#parent, nameOf(tokens.handler(''))));
    }
    disregard(built);
    if (!isHandler(built))
      throw unusable(token, 'is no handler: it needs name, one or more challenges, extract() and verify()');
    if (built.name !== name) {
      throw unusable(token, `calls itself ${quotedName(built.name)}; take its name from tokens.handlerOptions`);
    }
    return built;
  }
}
