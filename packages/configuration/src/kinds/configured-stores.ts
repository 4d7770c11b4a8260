import {
  type CacheStore,
  type ConfiguredStore,
  type CounterStore,
  cacheStoreCheck,
  counterStoreCheck,
  disregard,
  type OnceStore,
  onceStoreCheck,
  option,
  type Patience,
  runWithin,
  type StoreKind,
  type StoreServices,
} from '@sallyport/core/extend';
import { inPlace, ROOT } from '../file/place.js';
import type { ConfiguredPart } from './configured-part.js';
import { ownersOf } from './kind-table.js';
import { claim, release } from './ownership.js';

/** The stores that a configuration may list, by what they are for. */
interface StoreOf {
  readonly cache: CacheStore;
  readonly counter: CounterStore;
  readonly once: OnceStore;
}

export type StoreJob = keyof StoreOf;

export const STORE_JOBS = ['cache', 'counter', 'once'] as const satisfies readonly StoreJob[];

/** The stores that a configuration lists. */
export type ListedStores = Readonly<Record<StoreJob, ConfiguredPart | undefined>>;

const CHECKS: { readonly [Job in StoreJob]: option.Check<StoreOf[Job]> } = {
  cache: cacheStoreCheck,
  counter: counterStoreCheck,
  once: onceStoreCheck,
};

/** The stores that one chain made from its configuration. */
export class ConfiguredStores {
  readonly #made: ConfiguredStore[] = [];

  /**
   * Makes the store for a job. `kindAt` finds its kind and is told where the name of the kind stands.
   * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
   */
  make<Job extends StoreJob>(
    job: Job,
    { type, options }: ConfiguredPart,
    kindAt: (type: string, place: string) => StoreKind<never>,
    services: StoreServices,
  ): StoreOf[Job] {
    const place = placeOfStore(job);
    const kind = kindAt(type, `${place}.type`);
    const home = `${place}.options`;
    const made = inPlace(home, () => kind.store(options as never, services), ownersOf(kind, home));
    disregard(made);
    const store: StoreOf[Job] & { close?(): unknown } = CHECKS[job](made, place);
    if (this.#made.includes(store)) return store;
    if (!claim(store))
      throw option.invalid(place, 'belongs to another open chain; its kind must make a new one for each chain');
    this.#made.push(store);
    return store;
  }

  /** Closes the stores, and lets other chains have them. */
  async close(limit: Patience, failures: unknown[]): Promise<void> {
    for (const store of this.#made) {
      await runWithin(limit, 'a store did not close', () => store.close?.()).catch((error) => failures.push(error));
    }
    release(this.#made);
  }
}

/** Where the store for a job stands in a configuration. */
export function placeOfStore(job: StoreJob): string {
  return `${ROOT}.stores.${job}`;
}
