import type { Clock } from '../../clock/clock.js';
import { within } from '../../clock/within.js';

/** After a command that was not answered in time, none is tried for so long. */
const REST_MS = 1_000;

export interface CommandBudgetLimits {
  /** How long a command is waited for. */
  readonly timeoutMs: number;
  /** Commands without a reply at once. */
  readonly maxPending: number;
}

/**
 * Waits for Redis only so long, and for only so many commands. node-redis never gives up on a command that it has sent:
 * behind a frozen server every request would hang, and the commands would pile up.
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

  /** The reply, or `undefined` when there is none in time, the command fails or is not tried. Never rejects. */
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
