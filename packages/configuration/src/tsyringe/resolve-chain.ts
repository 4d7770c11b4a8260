import type { SecurityChain, SecurityChainOptions } from '@sallyport/core';
import { option } from '@sallyport/core/extend';
import { BuiltChain } from '../chain/built-chain.js';
import { inDefinition } from './configuration.js';
import type { DependencyContainer } from './container.js';
import { ContainerParts } from './container-parts.js';
import { missing } from './registration-errors.js';
import { effective, seal, unseal } from './registry.js';
import { tokens } from './tokens.js';

const chains = new WeakMap<DependencyContainer, Promise<SecurityChain>>();

/**
 * Builds the chain of a container, in a child container of its own. Later calls return the same chain until it is
 * closed. Start the chain before the first request and close it after the last: the container does neither.
 * @throws {ConfigurationError} ERR_SALLYPORT_REGISTRATION_MISSING, the other registration errors, and the errors of
 *   handlers and chains
 * @example
 * const chain = await resolveChain(container);
 * await chain.start();
 * const secure = httpSecurity(chain);
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
  try {
    const parts = new ContainerParts(container, () => reopen(container));
    return await chainOf(container, parts);
  } catch (error) {
    reopen(container);
    throw error;
  }
}

async function chainOf(container: DependencyContainer, parts: ContainerParts): Promise<SecurityChain> {
  try {
    const define = effective(container, tokens.chain);
    if (define === undefined) {
      throw missing(tokens.chain, 'Register it: registerSecurity(container, { chain: (handler) => ({ … }) })');
    }
    const { handler, services } = parts.builder;
    const options = await define(handler, services);
    return inDefinition(define, () => new ContainedChain(options, parts));
  } catch (error) {
    await parts.close(CLOSE_TIMEOUT_MS).catch(() => {});
    throw error;
  }
}

/** Lets the container be registered in and resolved again. */
function reopen(container: DependencyContainer): void {
  unseal(container);
  chains.delete(container);
}

const CLOSE_TIMEOUT_MS = 5_000;

/** A chain that does not start if a service came too late for it. */
class ContainedChain extends BuiltChain {
  readonly #parts: ContainerParts;

  constructor(options: SecurityChainOptions, parts: ContainerParts) {
    super(options, parts.collaborators, parts);
    this.#parts = parts;
  }

  override async start(options: { timeoutMs?: number } = {}): Promise<void> {
    this.#parts.checkNothingLate();
    return super.start(options);
  }
}
