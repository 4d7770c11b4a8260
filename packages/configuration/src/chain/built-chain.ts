import { type DecisionListener, SecurityChain, type SecurityChainOptions, type SecurityHandler } from '@sallyport/core';
import { type Clock, ownMember } from '@sallyport/core/extend';

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
  /** The same for equal handlers and stores. Default: no other parts are known to be equal. */
  readonly digest?: string;
  /** Closes the rest, such as stores, for a chain whose handlers are closed. Rejects with these and its own failures. */
  closeRest(timeoutMs: number, failures?: unknown[]): Promise<void>;
}

/** A chain that owns what was built for it. It starts once and closes once. */
export class BuiltChain extends SecurityChain {
  readonly #parts: OwnedParts;
  #starting: Promise<void> | undefined;
  #ending: Promise<void> | undefined;

  constructor(options: SecurityChainOptions, collaborators: ChainCollaborators, parts: OwnedParts) {
    super(options, collaborators);
    this.#parts = parts;
  }

  /** Takes over the leases of the chain before, if whatever proved their callers proves them here, too. */
  succeed(before: BuiltChain): void {
    const { digest } = this.#parts;
    this.inheritLeases(before, digest !== undefined && digest === before.#parts.digest);
  }

  protected override get held(): readonly SecurityHandler[] {
    return [...new Set([...this.#parts.handlers, ...this.handlers])];
  }

  /** A second call waits for the first. A closed chain does not start again, because the rest is closed. */
  override async start(options: { timeoutMs?: number } = {}): Promise<void> {
    if (this.#ending !== undefined) throw new Error(`chain ${this.name} was closed; build another`);
    this.#starting ??= this.#start(options);
    return this.#starting;
  }

  /** Closes the handlers, last first, then the rest. A second call waits for the first. */
  override close(options: { timeoutMs?: number } = {}): Promise<void> {
    this.#ending ??= this.#close(options);
    return this.#ending;
  }

  async #start(options: { timeoutMs?: number }): Promise<void> {
    try {
      await super.start(options);
    } catch (error) {
      // The handlers are closed already.
      this.#ending ??= this.#parts.closeRest(CLOSE_TIMEOUT_MS);
      await this.#ending.catch(() => {});
      throw error;
    }
  }

  async #close(options: { timeoutMs?: number }): Promise<void> {
    const failures: unknown[] = [];
    await super.close(options).catch((error: AggregateError) => failures.push(...error.errors));
    await this.#parts.closeRest(ownMember(options, 'timeoutMs') ?? CLOSE_TIMEOUT_MS, failures);
  }
}
