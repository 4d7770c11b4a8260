import type { SecurityHandler } from '@sallyport/core';
import { systemClock } from '@sallyport/core/extend';
import type { ChainCollaborators, OwnedParts } from '../chain/built-chain.js';
import { inPlace } from '../file/place.js';
import { ConfiguredStores, STORE_JOBS } from '../kinds/configured-stores.js';
import { ChainContainer } from './chain-container.js';
import type { DependencyContainer } from './container.js';
import { ContainerHandlers } from './container-handlers.js';
import { kindCalled } from './container-kinds.js';
import { late } from './registration-errors.js';
import { all, effective, isOverridden, storeToken } from './registry.js';
import type { SecurityToken } from './security-token.js';
import { SERVICE_TOKENS, STORE_TOKENS, tokens } from './tokens.js';

const CLOSE_TIMEOUT_MS = 5_000;

/** What belongs to one chain: its child container, and the handlers and stores that were built for it. */
export class ContainerParts implements OwnedParts {
  readonly builder: ContainerHandlers;
  readonly collaborators: ChainCollaborators;
  readonly #container: ChainContainer;
  readonly #parent: DependencyContainer;
  readonly #onClosed: () => void;
  readonly #stores = new ConfiguredStores();
  readonly #absent: readonly SecurityToken<unknown>[];

  constructor(parent: DependencyContainer, onClosed: () => void) {
    const clock = effective(parent, tokens.clock) ?? systemClock;
    this.#parent = parent;
    this.#onClosed = onClosed;
    this.#container = new ChainContainer(parent);
    this.collaborators = {
      clock,
      random: effective(parent, tokens.random),
      listeners: all(parent, tokens.decisionListener),
    };
    try {
      this.#absent = Object.values(SERVICE_TOKENS).filter((token) => !this.#provide(token));
    } catch (error) {
      // Nobody else knows of the store that was made before the one that failed.
      this.#stores.close({ clock, timeoutMs: CLOSE_TIMEOUT_MS }, []);
      throw error;
    }
    if (this.#absent.includes(tokens.clock)) this.#container.inner.register(tokens.clock, { useValue: clock });
    this.builder = new ContainerHandlers(this.#container, clock);
  }

  get handlers(): readonly SecurityHandler[] {
    return this.builder.built.all;
  }

  /**
   * @throws {ConfigurationError} ERR_SALLYPORT_REGISTRATION_LATE for a service that was registered after the chain was
   *   resolved
   */
  checkNothingLate(): void {
    for (const token of this.#absent) if (this.#parent.isRegistered(token, true)) throw late(token);
  }

  /** For a chain that came to nothing. */
  async close(timeoutMs: number): Promise<void> {
    const failures: unknown[] = [];
    await this.builder.built.close({ clock: this.collaborators.clock, timeoutMs }, failures);
    await this.closeRest(timeoutMs, failures);
  }

  /** Disposes of the collaborators, then closes the stores, for a chain whose handlers are closed. */
  async closeRest(timeoutMs: number, failures: unknown[] = []): Promise<void> {
    const limit = { clock: this.collaborators.clock, timeoutMs };
    await this.#container.dispose(limit, failures);
    await this.#stores.close(limit, failures);
    this.#onClosed();
    if (failures.length > 0) throw new AggregateError(failures, 'Some handlers or collaborators could not be closed');
  }

  #provide(token: SecurityToken<unknown>): boolean {
    const value = this.#storeFor(token) ?? effective(this.#parent, token);
    if (value !== undefined) this.#container.inner.register(token, { useValue: value });
    return value !== undefined;
  }

  /** The store that a configuration lists under this token, unless an override replaces it. */
  #storeFor(token: SecurityToken<unknown>): object | undefined {
    const job = STORE_JOBS.find((each) => STORE_TOKENS[each] === token);
    if (job === undefined || isOverridden(this.#parent, token)) return undefined;
    const kept = effective(this.#parent, storeToken(job));
    if (kept === undefined) return undefined;
    const find = <Value>(wanted: SecurityToken<Value>) => effective(this.#parent, wanted);
    const kindAt = (type: string, place: string) =>
      inPlace(place, () => kindCalled('store', type, { find }, this.#parent));
    const { directory, located } = kept.origin;
    try {
      return this.#stores.make(job, kept.part, kindAt, { clock: this.collaborators.clock, directory });
    } catch (error) {
      throw located(error);
    }
  }
}
