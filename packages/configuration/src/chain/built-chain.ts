import { type DecisionListener, SecurityChain, type SecurityChainOptions } from '@sallyport/core';
import { type Clock, ownMember, startHandlers } from '@sallyport/core/extend';
import type { ConfiguredParts } from '../kinds/configured-parts.js';

const CLOSE_TIMEOUT_MS = 5_000;

/** The services of the chain itself. */
export interface ChainCollaborators {
  readonly clock: Clock;
  readonly random: (() => number) | undefined;
  readonly listeners: readonly DecisionListener[];
}

/**
 * A chain that owns what was built for it: also handlers that only other handlers use, and stores. It starts once and
 * closes once.
 */
export class BuiltChain extends SecurityChain {
  readonly #parts: ConfiguredParts;
  readonly #clock: Clock;
  #starting: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: SecurityChainOptions, collaborators: ChainCollaborators, parts: ConfiguredParts) {
    super(options, collaborators);
    this.#parts = parts;
    this.#clock = collaborators.clock;
  }

  /** A second call waits for the first. A closed chain does not start again, because its stores are closed. */
  override async start(options: { timeoutMs?: number } = {}): Promise<void> {
    if (this.#closing !== undefined) throw new Error(`chain ${this.name} was closed; build another`);
    this.#starting ??= this.#start(ownMember(options, 'timeoutMs'));
    return this.#starting;
  }

  /** Closes the handlers, last first, then the stores. A second call waits for the first. */
  override close(options: { timeoutMs?: number } = {}): Promise<void> {
    this.#closing ??= this.#parts.close(ownMember(options, 'timeoutMs') ?? CLOSE_TIMEOUT_MS);
    return this.#closing;
  }

  async #start(timeoutMs: number | undefined): Promise<void> {
    try {
      await startHandlers(this.#parts.handlers, this.#clock, timeoutMs);
    } catch (error) {
      // `startHandlers` has already closed the handlers.
      this.#closing ??= this.#parts.closeStores(CLOSE_TIMEOUT_MS);
      await this.#closing.catch(() => {});
      throw error;
    }
  }
}
