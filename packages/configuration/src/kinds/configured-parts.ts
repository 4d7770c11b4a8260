import type { GuardLike, SecurityHandler } from '@sallyport/core';
import {
  type Clock,
  type ConfigurationServices,
  type CounterStore,
  disregard,
  type GuardKind,
  KeyedHash,
  type Kinds,
  memberPath,
  option,
  quotedName,
} from '@sallyport/core/extend';
import type { GuardReference } from '../expressions/guard-expression.js';
import { inPlace, ROOT } from '../file/place.js';
import { BuiltHandlers } from './built-handlers.js';
import type { ConfiguredPart } from './configured-part.js';
import { ConfiguredStores, type ListedStores, placeOfStore, type StoreJob } from './configured-stores.js';
import { kindOf, ownersOf } from './kind-table.js';

/** The handlers and stores that a configuration lists. */
export interface ListedParts {
  readonly handlers: Readonly<Record<string, ConfiguredPart>>;
  readonly stores: ListedStores;
}

/** The services that the application gives. */
export type GivenServices = Omit<ConfigurationServices, 'handler'>;

const CLOSE_TIMEOUT_MS = 5_000;
const PARTS = new KeyedHash(undefined, 'handlers and stores of a configuration');

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
  readonly #handlers = new BuiltHandlers({
    build: (name) => this.#build(name),
    error: (name, problem) => option.invalid(this.#placeOf(name), problem),
    fixForName: 'its name is its key',
  });
  readonly #stores = new ConfiguredStores();

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
    return this.#handlers.all;
  }

  /** A keyed hash of all that handlers and stores are made of: where it is the same, a proof of before is one now. */
  get digest(): string {
    const { handlers, stores } = this.#listed;
    return PARTS.of(JSON.stringify([handlers, stores]));
  }

  /** The handler of this name, built on first use. `place` is where the name stands. */
  readonly handler = (name: string, place = this.#placeOf(this.#handlers.current ?? '')): SecurityHandler => {
    if (!Object.hasOwn(this.#listed.handlers, name)) {
      const hint = option.nearestHint(name, Object.keys(this.#listed.handlers));
      throw option.invalid(place, `needs the handler ${quotedName(name)}, which is not there${hint}`);
    }
    return this.#handlers.named(name, (_name, problem) => option.invalid(place, problem));
  };

  /** The store for counts: listed, or given by the application. */
  get counterStore(): CounterStore | undefined {
    return this.#services.counterStore;
  }

  /** The guard that a configuration names. */
  readonly guard = (reference: GuardReference): GuardLike =>
    guardBy(kindOf(this.#kinds, 'guard', reference.type, reference.place), reference, this.#services);

  /** For a chain that came to nothing: closes the handlers, last first, then the stores. Rejects with all failures. */
  async close(timeoutMs: number): Promise<void> {
    const failures: unknown[] = [];
    await this.#handlers.close({ clock: this.#clock, timeoutMs }, failures);
    await this.closeRest(timeoutMs, failures);
  }

  /** Closes the stores, for a chain whose handlers are closed. */
  async closeRest(timeoutMs: number, failures: unknown[] = []): Promise<void> {
    await this.#stores.close({ clock: this.#clock, timeoutMs }, failures);
    if (failures.length > 0) throw new AggregateError(failures, 'Some handlers or stores could not be closed');
  }

  #storesFor(services: GivenServices) {
    return {
      cacheStore: this.#store('cache', services, services.cacheStore),
      counterStore: this.#store('counter', services, services.counterStore),
      onceStore: this.#store('once', services, services.onceStore),
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

  #build(name: string): unknown {
    const place = this.#placeOf(name);
    const kind = this.#kindOf(name);
    const home = `${place}.options`;
    const make = () => kind.handler(this.#part(name).options as never, { ...this.#services, name });
    return inPlace(home, make, ownersOf(kind, home));
  }

  #store<Job extends StoreJob, Store>(job: Job, { clock, directory }: GivenServices, given: Store | undefined) {
    const part = this.#listed.stores[job];
    if (part === undefined) return given;
    if (given !== undefined)
      throw option.invalid(placeOfStore(job), 'must be absent: the application gives this store itself');
    const kindAt = (type: string, place: string) => kindOf(this.#kinds, 'store', type, place);
    return this.#stores.make(job, part, kindAt, { clock, directory });
  }
}
