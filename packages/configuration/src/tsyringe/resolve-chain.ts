import type { SecurityChain, SecurityChainOptions, SecurityHandler } from '@sallyport/core';
import { closeHandlers, option, runWithin, systemClock } from '@sallyport/core/extend';
import { BuiltChain, type ChainCollaborators, type OwnedParts } from '../chain/built-chain.js';
import { release } from '../kinds/ownership.js';
import { ChainHandlers } from './chain-handlers.js';
import type { DependencyContainer } from './container.js';
import { late, missing } from './registration-errors.js';
import { all, effective, seal, unseal } from './registry.js';
import type { SecurityToken } from './security-token.js';
import { SERVICE_TOKENS, tokens } from './tokens.js';

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
  let parts: ContainerParts | undefined;
  try {
    parts = new ContainerParts(container);
    const define = effective(container, tokens.chain);
    if (define === undefined) {
      throw missing(tokens.chain, 'Register it: registerSecurity(container, { chain: (handler) => ({ … }) })');
    }
    const { handler, services } = parts.built;
    return new ContainedChain(await define(handler, services), parts);
  } catch (error) {
    await parts?.close(CLOSE_TIMEOUT_MS).catch(() => {});
    reopen(container);
    throw error;
  }
}

/** Lets the container be registered in and resolved again. */
function reopen(container: DependencyContainer): void {
  unseal(container);
  chains.delete(container);
}

const CLOSE_TIMEOUT_MS = 5_000;

/** What belongs to one chain: its child container and the handlers that were built there. */
class ContainerParts implements OwnedParts {
  readonly built: ChainHandlers;
  readonly collaborators: ChainCollaborators;
  readonly #container: DependencyContainer;
  readonly #parent: DependencyContainer;
  readonly #absent: readonly SecurityToken<unknown>[];

  constructor(parent: DependencyContainer) {
    const clock = effective(parent, tokens.clock) ?? systemClock;
    this.#parent = parent;
    this.#container = parent.createChildContainer();
    this.collaborators = {
      clock,
      random: effective(parent, tokens.random),
      listeners: all(parent, tokens.decisionListener),
    };
    this.#absent = Object.values(SERVICE_TOKENS).filter((token) => !this.#provide(token));
    if (this.#absent.includes(tokens.clock)) this.#container.register(tokens.clock, { useValue: clock });
    this.built = new ChainHandlers(this.#container, clock);
  }

  get handlers(): readonly SecurityHandler[] {
    return this.built.all;
  }

  /**
   * @throws {ConfigurationError} ERR_SALLYPORT_REGISTRATION_LATE for a service that was registered after the chain was
   *   resolved
   */
  checkNothingLate(): void {
    for (const token of this.#absent) if (this.#parent.isRegistered(token, true)) throw late(token);
  }

  async close(timeoutMs: number): Promise<void> {
    const failures: unknown[] = [];
    await closeHandlers(this.handlers, this.collaborators.clock, timeoutMs).catch((error: AggregateError) => {
      failures.push(...error.errors);
    });
    await this.closeRest(timeoutMs, failures);
  }

  /**
   * Has the container dispose of the collaborators that it built for this chain. It tells the first failure only. If a
   * `dispose()` throws, rather than rejects, it skips those that it built later.
   */
  async closeRest(timeoutMs: number, failures: unknown[] = []): Promise<void> {
    const limit = { clock: this.collaborators.clock, timeoutMs };
    const disposal = runWithin(limit, 'the collaborators were not disposed of', () => this.#container.dispose());
    await disposal.catch((error) => failures.push(error));
    release(this.handlers);
    reopen(this.#parent);
    if (failures.length > 0) throw new AggregateError(failures, 'Some handlers or collaborators could not be closed');
  }

  #provide(token: SecurityToken<unknown>): boolean {
    const value = effective(this.#parent, token);
    if (value !== undefined) this.#container.register(token, { useValue: value });
    return value !== undefined;
  }
}

/** A chain that does not start if a service came too late for it. */
class ContainedChain extends BuiltChain {
  readonly #parts: ContainerParts;

  constructor(options: SecurityChainOptions, parts: ContainerParts) {
    super(options, parts.collaborators, parts);
    for (const handler of this.handlers) parts.built.own(handler);
    this.#parts = parts;
  }

  override async start(options: { timeoutMs?: number } = {}): Promise<void> {
    this.#parts.checkNothingLate();
    return super.start(options);
  }
}
