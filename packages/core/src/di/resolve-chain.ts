import { SecurityChain, type SecurityChainOptions } from '../chain/chain.js';
import { closeHandlers, startHandlers, within } from '../chain/lifecycle.js';
import type { SecurityHandler } from '../handler/handler.js';
import { ChainScope } from './chain-scope.js';
import type { DependencyContainer } from './container.js';
import { servicesOf } from './handler-builder.js';
import { missing } from './registration-errors.js';
import { effective, seal, unseal } from './registry.js';
import { tokens } from './tokens.js';

const chains = new WeakMap<DependencyContainer, Promise<SecurityChain>>();

/**
 * Builds the chain of a container in a child container of its own. The same chain until that one is closed. Start it
 * before the first request and close it after the last: the container does neither.
 * @throws {ConfigurationError} ERR_SALLYPORT_REGISTRATION_MISSING and its siblings, and those of handlers and chains
 */
export function resolveChain(container: DependencyContainer): Promise<SecurityChain> {
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
    unseal(container);
    await scope?.dispose().catch(() => {});
    throw error;
  }
}

const DISPOSAL_TIMEOUT_MS = 5_000;

/** A chain that takes the container it was built in along when it closes. */
class ContainedChain extends SecurityChain {
  readonly #scope: ChainScope;
  readonly #release: () => void;
  #closing: Promise<void> | undefined;

  constructor(options: SecurityChainOptions, scope: ChainScope, release: () => void) {
    const { clock, random, listeners } = scope;
    super(options, { clock, random, listeners });
    this.#scope = scope;
    this.#release = release;
  }

  override async start(options: { timeoutMs?: number } = {}): Promise<void> {
    this.#scope.checkNothingLate();
    try {
      await startHandlers(this.#allHandlers(), this.#scope.clock, options.timeoutMs);
    } catch (error) {
      this.#closing ??= this.#dispose(DISPOSAL_TIMEOUT_MS, []);
      await this.#closing.catch(() => {});
      throw error;
    }
  }

  /** Closes the handlers, last first, then disposes of what was scoped to this chain. A second call waits for the first. */
  override close({ timeoutMs = DISPOSAL_TIMEOUT_MS }: { timeoutMs?: number } = {}): Promise<void> {
    this.#closing ??= this.#close(timeoutMs);
    return this.#closing;
  }

  async #close(timeoutMs: number): Promise<void> {
    const failures: unknown[] = [];
    await closeHandlers(this.#allHandlers(), this.#scope.clock, timeoutMs).catch((error: AggregateError) => {
      failures.push(...error.errors);
    });
    await this.#dispose(timeoutMs, failures);
  }

  async #dispose(timeoutMs: number, failures: unknown[]): Promise<void> {
    const limit = { clock: this.#scope.clock, timeoutMs };
    const dispose = () => this.#scope.dispose();
    await within(limit, 'collaborators of handlers were not disposed of', dispose).catch((error) => {
      failures.push(error);
    });
    this.#release();
    if (failures.length > 0) throw new AggregateError(failures, 'Some handlers or collaborators could not be closed');
  }

  /** Also those that only other handlers use, before the ones that use them. */
  #allHandlers(): readonly SecurityHandler[] {
    return [...new Set([...this.#scope.built, ...this.handlers])];
  }
}
