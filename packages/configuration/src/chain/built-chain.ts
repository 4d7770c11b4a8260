import { type DecisionListener, SecurityChain, type SecurityChainOptions, type SecurityHandler } from '@sallyport/core';
import { type Clock, ownMember, startHandlers } from '@sallyport/core/extend';

const CLOSE_TIMEOUT_MS = 5_000;

/** The services of the chain itself. */
export interface ChainCollaborators {
  readonly clock: Clock;
  readonly random: (() => number) | undefined;
  readonly listeners: readonly DecisionListener[];
}

/** What was built for one chain. */
export interface OwnedParts {
  /** The handlers, also those that only other handlers use. A handler comes after the handlers that it uses. */
  readonly handlers: readonly SecurityHandler[];
  /** Closes the handlers, last first, then the rest. Rejects at the end with all failures. */
  close(timeoutMs: number): Promise<void>;
  /** Closes the rest, such as stores, for a chain whose handlers are closed. */
  closeRest(timeoutMs: number): Promise<void>;
}

/** A chain that owns what was built for it. It starts once and closes once. */
export class BuiltChain extends SecurityChain {
  readonly #parts: OwnedParts;
  readonly #clock: Clock;
  #starting: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: SecurityChainOptions, collaborators: ChainCollaborators, parts: OwnedParts) {
    super(options, collaborators);
    this.#parts = parts;
    this.#clock = collaborators.clock;
  }

  /** A second call waits for the first. A closed chain does not start again, because the rest is closed. */
  override async start(options: { timeoutMs?: number } = {}): Promise<void> {
    if (this.#closing !== undefined) throw new Error(`chain ${this.name} was closed; build another`);
    this.#starting ??= this.#start(ownMember(options, 'timeoutMs'));
    return this.#starting;
  }

  /** Closes the handlers, last first, then the rest. A second call waits for the first. */
  override close(options: { timeoutMs?: number } = {}): Promise<void> {
    this.#closing ??= this.#parts.close(ownMember(options, 'timeoutMs') ?? CLOSE_TIMEOUT_MS);
    return this.#closing;
  }

  async #start(timeoutMs: number | undefined): Promise<void> {
    try {
      await startHandlers(this.#parts.handlers, this.#clock, timeoutMs);
    } catch (error) {
      // `startHandlers` has already closed the handlers.
      this.#closing ??= this.#parts.closeRest(CLOSE_TIMEOUT_MS);
      await this.#closing.catch(() => {});
      throw error;
    }
  }
}
