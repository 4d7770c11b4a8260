import type { Clock } from '../../clock/clock.js';
import { within } from '../../clock/within.js';

/** The pause after a command that was not answered in time: no other command is tried meanwhile. */
const REST_MS = 1_000;

export interface CommandBudgetLimits {
  /** The longest time to wait for a reply. */
  readonly timeoutMs: number;
  /** The most commands that may wait for a reply at once. */
  readonly maxPending: number;
}

/**
 * Limits the time to wait for Redis and the number of waiting commands. node-redis never gives up on a command that it
 * has sent. If the server froze, every request would hang and the commands would pile up.
 */
export class CommandBudget {
  readonly #limits: CommandBudgetLimits;
  readonly #clock: Clock;
  readonly #client: { readonly isReady?: boolean };
  #pending = 0;
  #restsUntilMs = Number.NEGATIVE_INFINITY;

  constructor(limits: CommandBudgetLimits, collaborators: { client: { readonly isReady?: boolean }; clock: Clock }) {
    this.#limits = limits;
    this.#client = collaborators.client;
    this.#clock = collaborators.clock;
  }

  /** The reply; `undefined` when it is late, the command fails or it is not tried. Never rejects. */
  run(command: () => Promise<unknown>): Promise<unknown> | undefined {
    if (this.#client.isReady === false || this.#pending >= this.#limits.maxPending) return undefined;
    if (this.#clock.monotonic() < this.#restsUntilMs) return undefined;
    this.#pending += 1;
    return within({ clock: this.#clock, timeoutMs: this.#limits.timeoutMs }, this.#reply(command), () => {
      this.#restsUntilMs = this.#clock.monotonic() + REST_MS;
      return undefined;
    });
  }

  async #reply(command: () => Promise<unknown>): Promise<unknown> {
    try {
      return await command();
    } catch {
      return undefined;
    } finally {
      this.#pending -= 1;
    }
  }
}
