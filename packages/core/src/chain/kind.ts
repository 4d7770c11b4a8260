import type { Clock } from '../clock/clock.js';
import type { GuardLike } from '../guard/guard.js';
import type { SecurityHandler } from '../handler/handler.js';
import type { Schema } from '../options/check.js';
import type { Revocations } from '../revocation/revocations.js';
import type { CacheStore } from '../stores/cache-store.js';
import type { CounterStore } from '../stores/counter-store.js';
import type { OnceStore } from '../stores/once-store.js';

/** Finds a handler of the chain by its name. Each handler is built on first use, once per chain. */
export type HandlerLookup = (name: string) => SecurityHandler;

/** What a configuration passes to whatever it makes. */
export interface ConfigurationServices {
  readonly clock: Clock;
  /** The base of relative paths in options: the folder of the configuration file. */
  readonly directory: string;
  readonly cacheStore: CacheStore | undefined;
  readonly counterStore: CounterStore | undefined;
  readonly onceStore: OnceStore | undefined;
  readonly revocations: Revocations | undefined;
  /**
   * Finds another handler of the same chain.
   * @throws {ConfigurationError} if there is none of that name, or if it needs the handler that asks
   */
  readonly handler: HandlerLookup;
}

/** What a configuration passes to a handler that it makes. */
export interface HandlerServices extends ConfigurationServices {
  /** The name of the handler instance: `SecurityHandler.name` must be the same. */
  readonly name: string;
}

/** What a configuration passes to a store that it makes. */
export type StoreServices = Pick<ConfigurationServices, 'clock' | 'directory'>;

/** What is known about the options of a kind. */
export interface KindOptions {
  /**
   * The name at the front of error texts about these options, such as `JwtHandlerOptions`. A configuration replaces it
   * by the place where the options stand in the file.
   */
  readonly owner: string;
  /** What the options may be in a file. A table of options has it. Without it, files may give any. */
  readonly schema?: Schema | undefined;
}

interface KindBase {
  readonly options?: KindOptions | undefined;
}

/** A kind of handler: one row of the table that configuration files and containers share. */
export interface HandlerKind<Options extends object = object> extends KindBase {
  /** Makes one handler. `options` is an object of its own at each call; check it as you check any options. */
  readonly handler: (options: Options, services: HandlerServices) => SecurityHandler;
}

/** A kind of guard. A configuration names it in `guards`: `officeHours`, or `{ type: officeHours, options: { … } }`. */
export interface GuardKind<Options extends object = object> extends KindBase {
  /** Makes one guard. `options` is empty when the configuration gives none. */
  readonly guard: (options: Options, services: ConfigurationServices) => GuardLike;
}

/** A store that a configuration made. If it has a `close`, that is called after the handlers were closed. */
export type ConfiguredStore = (CacheStore | CounterStore | OnceStore) & { close?(): unknown };

/** A kind of store. A configuration names it in `stores.cache`, `stores.counter` or `stores.once`. */
export interface StoreKind<Options extends object = object> extends KindBase {
  /** Makes one store for one chain. */
  readonly store: (options: Options, services: StoreServices) => ConfiguredStore;
}

/** One row of a table of kinds. The member tells what the row makes. */
export type Kind = HandlerKind<never> | GuardKind<never> | StoreKind<never>;

/** Kinds by the names that configurations use. */
export type Kinds = Readonly<Record<string, Kind>>;
