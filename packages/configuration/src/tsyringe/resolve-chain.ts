import { SecurityChain, type SecurityChainOptions } from '@sallyport/core';
import { option, ownMember, startHandlers } from '@sallyport/core/extend';
import { ChainScope } from './chain-scope.js';
import type { DependencyContainer } from './container.js';
import { servicesOf } from './handler-builder.js';
import { missing } from './registration-errors.js';
import { effective, seal, unseal } from './registry.js';
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
  resolving.catch(() => chains.delete(container));
  return resolving;
}

async function build(container: DependencyContainer): Promise<SecurityChain> {
  seal(container);
  const release = () => {
    unseal(container);
    chains.delete(container);
  };
  let scope: ChainScope | undefined;
  try {
    scope = new ChainScope(container);
    const define = effective(container, tokens.chain);
    if (define === undefined) {
      throw missing(tokens.chain, 'Register it: registerSecurity(container, { chain: (handler) => ({ … }) })');
    }
    return new ContainedChain(
      await define(scope.handler, servicesOf(scope.container, scope.clock, 'the chain')),
      scope,
      release,
    );
  } catch (error) {
    await scope?.close(CLOSE_TIMEOUT_MS).catch(() => {});
    unseal(container);
    throw error;
  }
}

const CLOSE_TIMEOUT_MS = 5_000;

/** A chain that disposes of its child container when it closes. */
class ContainedChain extends SecurityChain {
  readonly #scope: ChainScope;
  readonly #release: () => void;
  #starting: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: SecurityChainOptions, scope: ChainScope, release: () => void) {
    const { clock, random, listeners } = scope;
    super(options, { clock, random, listeners });
    scope.adopt(this.handlers);
    this.#scope = scope;
    this.#release = release;
  }

  /**
   * A second call waits for the first. A closed chain does not start again, because its collaborators are disposed of.
   */
  override async start(options: { timeoutMs?: number } = {}): Promise<void> {
    if (this.#closing !== undefined) throw new Error(`chain ${this.name} was closed; resolve another`);
    this.#scope.checkNothingLate();
    this.#starting ??= this.#start(ownMember(options, 'timeoutMs'));
    return this.#starting;
  }

  /**
   * Closes the handlers, last first, then disposes of the collaborators of this chain. A second call waits for the
   * first.
   */
  override close(options: { timeoutMs?: number } = {}): Promise<void> {
    this.#closing ??= this.#scope.close(ownMember(options, 'timeoutMs') ?? CLOSE_TIMEOUT_MS).finally(this.#release);
    return this.#closing;
  }

  async #start(timeoutMs: number | undefined): Promise<void> {
    try {
      await startHandlers(this.#scope.handlers, this.#scope.clock, timeoutMs);
    } catch (error) {
      // `startHandlers` has already closed the handlers.
      this.#closing ??= this.#scope.dispose(CLOSE_TIMEOUT_MS).finally(this.#release);
      await this.#closing.catch(() => {});
      throw error;
    }
  }
}
