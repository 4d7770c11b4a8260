import type { SecurityHandler } from '../handler/handler.js';

/** The time in which a handler runs: from the first holder that enters to the last one that leaves. */
class Tenure {
  readonly #handler: SecurityHandler;
  readonly #holders = new Set<object>();
  #starting: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(handler: SecurityHandler) {
    this.#handler = handler;
  }

  enter(holder: object): Promise<void> {
    this.#holders.add(holder);
    this.#starting ??= this.#begin();
    return this.#starting;
  }

  leave(holder: object): Promise<void> | undefined {
    this.#holders.delete(holder);
    if (this.#holders.size > 0) return undefined;
    this.#starting = undefined;
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** After a failure, whoever enters next tries again. */
  #begin(): Promise<void> {
    const closing = this.#closing;
    const starting: Promise<void> =
      closing === undefined ? this.#start() : this.#startAfter(closing, () => this.#starting === starting);
    starting.catch(() => {
      if (this.#starting === starting) this.#starting = undefined;
    });
    return starting;
  }

  async #start(): Promise<void> {
    await this.#handler.start?.();
  }

  /** Whoever closed hears of a failure to close. All holders may have left again meanwhile. */
  async #startAfter(closing: Promise<void>, isWanted: () => boolean): Promise<void> {
    await closing.catch(() => {});
    if (isWanted()) await this.#start();
  }

  async #close(): Promise<void> {
    try {
      await this.#handler.close?.();
    } finally {
      this.#closing = undefined;
    }
  }
}

const tenures = new WeakMap<SecurityHandler, Tenure>();

/** Starts a handler for a holder, such as a chain, unless it runs already. A handler that is being closed starts after that. */
export function enter(holder: object, handler: SecurityHandler): Promise<void> {
  return tenureOf(handler).enter(holder);
}

/**
 * Closes a handler for a holder, unless another one has entered. It is also closed for a holder that never entered: its
 * constructor may have opened something.
 */
export function leave(holder: object, handler: SecurityHandler): Promise<void> | undefined {
  return tenureOf(handler).leave(holder);
}

function tenureOf(handler: SecurityHandler): Tenure {
  const known = tenures.get(handler) ?? new Tenure(handler);
  tenures.set(handler, known);
  return known;
}
