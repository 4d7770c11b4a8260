import { type DecisionListener, SecurityChain, type SecurityChainOptions } from '@sallyport/core';
import {
  type Clock,
  closeHandlers,
  option,
  ownMember,
  runWithin,
  startHandlers,
  systemClock,
} from '@sallyport/core/extend';
import { ChainHandlers } from './chain-handlers.js';
import type { DependencyContainer } from './container.js';
import { late, missing } from './registration-errors.js';
import { all, effective, seal, unseal } from './registry.js';
import type { SecurityToken } from './security-token.js';
import { tokens } from './tokens.js';

const chains = new WeakMap<DependencyContainer, Promise<SecurityChain>>();

/**
 * Builds the chain of a container, in a child container of its own. Later calls return the same chain until it is
 * closed. Start the chain before the first request and close it after the last: the container does neither.
 * @throws {ConfigurationError} ERR_SALLYPORT_REGISTRATION_MISSING, the other registration errors, and the errors of
 *   handlers and chains
 */
export function resolveChain(container: DependencyContainer): Promise<SecurityChain> {
  option.having<DependencyContainer>(
    'resolve',
    'register',
    'createChildContainer',
  )(container, 'the container of resolveChain()');
  const known = chains.get(container);
  if (known !== undefined) return known;
  const resolving = build(container);
  chains.set(container, resolving);
  return resolving;
}

async function build(container: DependencyContainer): Promise<SecurityChain> {
  seal(container);
  let parts: ChainParts | undefined;
  try {
    parts = new ChainParts(container);
    const define = effective(container, tokens.chain);
    if (define === undefined) {
      throw missing(tokens.chain, 'Register it: registerSecurity(container, { chain: (handler) => ({ … }) })');
    }
    const { handler, services } = parts.handlers;
    return new ContainedChain(await define(handler, services), parts);
  } catch (error) {
    await parts?.close(CLOSE_TIMEOUT_MS).catch(() => {});
    release(container);
    throw error;
  }
}

/** Lets the container be registered in and resolved again. */
function release(container: DependencyContainer): void {
  unseal(container);
  chains.delete(container);
}

const CLOSE_TIMEOUT_MS = 5_000;

/** Services that a chain takes from its container, if they are registered there. */
const SERVICES: readonly SecurityToken<unknown>[] = [
  tokens.clock,
  tokens.random,
  tokens.cacheStore,
  tokens.counterStore,
  tokens.revocations,
  tokens.revocationBus,
];

/** What belongs to one chain: its child container and the handlers that were built there. */
class ChainParts {
  readonly container: DependencyContainer;
  readonly handlers: ChainHandlers;
  readonly clock: Clock;
  readonly random: (() => number) | undefined;
  readonly listeners: readonly DecisionListener[];
  readonly #parent: DependencyContainer;
  readonly #absent: readonly SecurityToken<unknown>[];

  constructor(parent: DependencyContainer) {
    this.#parent = parent;
    this.container = parent.createChildContainer();
    this.clock = effective(parent, tokens.clock) ?? systemClock;
    this.random = effective(parent, tokens.random);
    this.listeners = all(parent, tokens.decisionListener);
    this.#absent = SERVICES.filter((token) => !this.#provide(token));
    if (this.#absent.includes(tokens.clock)) this.container.register(tokens.clock, { useValue: this.clock });
    this.handlers = new ChainHandlers(this.container, this.clock);
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
    await closeHandlers(this.handlers.all, this.clock, timeoutMs).catch((error: AggregateError) => {
      failures.push(...error.errors);
    });
    await this.dispose(timeoutMs, failures);
  }

  /**
   * Has the container dispose of the collaborators that it built for this chain. It tells the first failure only, and
   * one whose `dispose()` throws, rather than rejects, keeps it from those that it built later.
   */
  async dispose(timeoutMs: number, failures: unknown[] = []): Promise<void> {
    const limit = { clock: this.clock, timeoutMs };
    const disposal = runWithin(limit, 'the collaborators were not disposed of', () => this.container.dispose());
    await disposal.catch((error) => failures.push(error));
    this.handlers.release();
    release(this.#parent);
    if (failures.length > 0) throw new AggregateError(failures, 'Some handlers or collaborators could not be closed');
  }

  #provide(token: SecurityToken<unknown>): boolean {
    const value = effective(this.#parent, token);
    if (value !== undefined) this.container.register(token, { useValue: value });
    return value !== undefined;
  }
}

/** A chain that disposes of its child container when it closes. */
class ContainedChain extends SecurityChain {
  readonly #parts: ChainParts;
  #starting: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: SecurityChainOptions, parts: ChainParts) {
    const { clock, random, listeners } = parts;
    super(options, { clock, random, listeners });
    for (const handler of this.handlers) parts.handlers.own(handler);
    this.#parts = parts;
  }

  /**
   * A second call waits for the first. A closed chain does not start again, because its collaborators are disposed of.
   */
  override async start(options: { timeoutMs?: number } = {}): Promise<void> {
    if (this.#closing !== undefined) throw new Error(`chain ${this.name} was closed; resolve another`);
    this.#parts.checkNothingLate();
    this.#starting ??= this.#start(ownMember(options, 'timeoutMs'));
    return this.#starting;
  }

  /**
   * Closes the handlers, last first, then disposes of the collaborators of this chain. A second call waits for the
   * first.
   */
  override close(options: { timeoutMs?: number } = {}): Promise<void> {
    this.#closing ??= this.#parts.close(ownMember(options, 'timeoutMs') ?? CLOSE_TIMEOUT_MS);
    return this.#closing;
  }

  async #start(timeoutMs: number | undefined): Promise<void> {
    try {
      await startHandlers(this.#parts.handlers.all, this.#parts.clock, timeoutMs);
    } catch (error) {
      // `startHandlers` has already closed the handlers.
      this.#closing ??= this.#parts.dispose(CLOSE_TIMEOUT_MS);
      await this.#closing.catch(() => {});
      throw error;
    }
  }
}
