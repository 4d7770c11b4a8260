import type { GuardLike, SecurityHandler } from '@sallyport/core';
import {
  type CacheStore,
  type Clock,
  type ConfigurationServices,
  type ConfiguredStore,
  type CounterStore,
  closeHandlers,
  disregard,
  type GuardKind,
  isHandler,
  type Kinds,
  memberPath,
  option,
  quotedName,
  runWithin,
} from '@sallyport/core/extend';
import type { GuardReference } from '../expressions/guard-expression.js';
import { inPlace, ROOT } from '../file/place.js';
import type { ConfiguredPart } from './configured-part.js';
import { kindOf, ownersOf } from './kind-table.js';
import { claim, release } from './ownership.js';

/** The handlers and stores that a configuration lists. */
export interface ListedParts {
  readonly handlers: Readonly<Record<string, ConfiguredPart>>;
  readonly stores: { readonly cache: ConfiguredPart | undefined; readonly counter: ConfiguredPart | undefined };
}

const CACHE_METHODS = ['get', 'set', 'delete'] as const;
const COUNTER_METHODS = ['get', 'add', 'reset'] as const;

/** The services that the application gives. */
export type GivenServices = Omit<ConfigurationServices, 'handler'>;

const CLOSE_TIMEOUT_MS = 5_000;

/** Makes the guard that a configuration names. */
export function guardBy(
  kind: GuardKind<never>,
  { options, place }: GuardReference,
  services: ConfigurationServices,
): GuardLike {
  const home = options === undefined ? place : `${place}.options`;
  const make = () => kind.guard((options ?? {}) as never, services);
  const made = inPlace(home, make, ownersOf(kind, home));
  if (typeof made === 'function' || typeof made?.check === 'function') return made;
  disregard(made);
  throw option.invalid(place, 'is no guard: its kind must make a function, or an object with a name and check()');
}

/** Builds the handlers, guards and stores of one chain by a table of kinds, and closes them. */
export class ConfiguredParts {
  readonly #kinds: Kinds;
  readonly #listed: ListedParts;
  readonly #services: ConfigurationServices;
  readonly #clock: Clock;
  readonly #handlers = new Map<string, SecurityHandler>();
  readonly #stores: ConfiguredStore[] = [];
  /** The names of the handlers under construction, the outermost first. */
  readonly #building: string[] = [];

  /** Makes the stores at once: the handlers need them. */
  constructor(kinds: Kinds, listed: ListedParts, services: GivenServices) {
    this.#kinds = kinds;
    this.#listed = listed;
    this.#clock = services.clock;
    for (const name of Object.keys(listed.handlers)) this.#kindOf(name);
    try {
      this.#services = Object.freeze({ ...services, ...this.#storesFor(services), handler: this.handler });
    } catch (error) {
      // Nobody else knows of the store that was made before the one that failed.
      this.closeRest(CLOSE_TIMEOUT_MS).catch(() => {});
      throw error;
    }
  }

  /** All handlers that were built. A handler comes after the handlers that it uses. */
  get handlers(): readonly SecurityHandler[] {
    return [...this.#handlers.values()];
  }

  /** The handler of this name, built on first use. `place` is where the name stands. */
  readonly handler = (name: string, place = this.#placeOf(this.#building.at(-1) ?? '')): SecurityHandler => {
    const known = this.#handlers.get(name);
    if (known !== undefined) return known;
    if (!Object.hasOwn(this.#listed.handlers, name)) {
      const hint = option.nearestHint(name, Object.keys(this.#listed.handlers));
      throw option.invalid(place, `needs the handler ${quotedName(name)}, which is not there${hint}`);
    }
    if (this.#building.includes(name)) {
      const circle = [...this.#building.slice(this.#building.indexOf(name)), name].map(quotedName);
      throw option.invalid(place, `needs itself to be built: ${circle.join(' needs ')}`);
    }
    this.#building.push(name);
    try {
      const built = this.#build(name);
      this.#handlers.set(name, built);
      return built;
    } finally {
      this.#building.pop();
    }
  };

  /** The guard that a configuration names. */
  readonly guard = (reference: GuardReference): GuardLike =>
    guardBy(kindOf(this.#kinds, 'guard', reference.type, reference.place), reference, this.#services);

  /** Closes the handlers, last first, then the stores. Rejects at the end with all failures. */
  async close(timeoutMs: number): Promise<void> {
    const failures: unknown[] = [];
    await closeHandlers(this.handlers, this.#clock, timeoutMs).catch((error: AggregateError) => {
      failures.push(...error.errors);
    });
    await this.closeRest(timeoutMs, failures);
  }

  /** Closes the stores, for a chain whose handlers are closed. */
  async closeRest(timeoutMs: number, failures: unknown[] = []): Promise<void> {
    const limit = { clock: this.#clock, timeoutMs };
    for (const store of this.#stores) {
      await runWithin(limit, 'a store did not close', () => store.close?.()).catch((error) => failures.push(error));
    }
    release([...this.#stores, ...this.handlers]);
    if (failures.length > 0) throw new AggregateError(failures, 'Some handlers or stores could not be closed');
  }

  #storesFor(services: GivenServices) {
    const { cacheStore, counterStore } = services;
    return {
      cacheStore: this.#store<CacheStore>('cache', CACHE_METHODS, services, cacheStore),
      counterStore: this.#store<CounterStore>('counter', COUNTER_METHODS, services, counterStore),
    };
  }

  #placeOf(handler: string): string {
    const index = Object.keys(this.#listed.handlers).indexOf(handler);
    return index < 0 ? `${ROOT}.handlers` : memberPath(`${ROOT}.handlers`, handler, index);
  }

  #kindOf(name: string) {
    return kindOf(this.#kinds, 'handler', this.#part(name).type, `${this.#placeOf(name)}.type`);
  }

  #part(name: string): ConfiguredPart {
    return this.#listed.handlers[name] as ConfiguredPart;
  }

  #build(name: string): SecurityHandler {
    const place = this.#placeOf(name);
    const kind = this.#kindOf(name);
    const home = `${place}.options`;
    const make = () => kind.handler(this.#part(name).options as never, { ...this.#services, name });
    const built = inPlace(home, make, ownersOf(kind, home));
    disregard(built);
    if (!isHandler(built))
      throw option.invalid(place, 'is no handler: it needs name, one or more challenges, extract() and verify()');
    if (built.name !== name) throw option.invalid(place, `calls itself ${quotedName(built.name)}; its name is its key`);
    this.#own(built, place);
    return built;
  }

  #own(part: object, place: string): void {
    if (!claim(part))
      throw option.invalid(place, 'belongs to another open chain; its kind must make a new one for each chain');
  }

  #store<Store extends CacheStore | CounterStore>(
    job: keyof ListedParts['stores'],
    methods: readonly (keyof Store & string)[],
    { clock, directory }: GivenServices,
    given: Store | undefined,
  ): Store | undefined {
    const part = this.#listed.stores[job];
    if (part === undefined) return given;
    const place = `${ROOT}.stores.${job}`;
    if (given !== undefined) throw option.invalid(place, 'must be absent: the application gives this store itself');
    const kind = kindOf(this.#kinds, 'store', part.type, `${place}.type`);
    const home = `${place}.options`;
    const make = () => kind.store(part.options as never, { clock, directory });
    const made = inPlace(home, make, ownersOf(kind, home));
    disregard(made);
    const store = option.having<Store & ConfiguredStore>(...methods)(made, place);
    if (!this.#stores.includes(store)) {
      this.#own(store, place);
      this.#stores.push(store);
    }
    return store;
  }
}
