import type { Clock } from '../../../clock/clock.js';
import { within } from '../../../clock/within.js';
import { UpstreamError } from '../../../errors/errors.js';
import type { RedisCommands } from './redis-commands.js';

/** The pause after a command that was not answered in time: no other command is tried meanwhile. */
const REST_MS = 1_000;

export interface CommandBudgetLimits {
  /** The longest time to wait for a reply. */
  readonly timeoutMs: number;
  /** The most commands that may wait for a reply at once. */
  readonly maxPending: number;
}

/**
 * Limits the time to wait for Redis and the number of waiting commands. Clients never give up on a command that they
 * have sent. If the server froze, every request would hang and the commands would pile up.
 */
export class CommandBudget {
  readonly #limits: CommandBudgetLimits;
  readonly #clock: Clock;
  readonly #client: RedisCommands;
  #pending = 0;
  #restsUntilMs = Number.NEGATIVE_INFINITY;

  constructor(limits: CommandBudgetLimits, collaborators: { client: RedisCommands; clock: Clock }) {
    this.#limits = limits;
    this.#client = collaborators.client;
    this.#clock = collaborators.clock;
  }

  /** The reply; `undefined` when it is late, the command fails or it is not tried. Never rejects. */
  run(command: () => Promise<unknown>): Promise<unknown> | undefined {
    return this.#refusal() === undefined ? this.#send(command).catch(() => undefined) : undefined;
  }

  /**
   * The reply.
   * @throws {UpstreamError} ERR_SALLYPORT_UPSTREAM_UNREACHABLE, _TIMEOUT, _STATUS, _OVERLOADED, _CIRCUIT_OPEN
   */
  async ask(command: () => Promise<unknown>): Promise<unknown> {
    const refusal = this.#refusal();
    if (refusal !== undefined) throw refusal();
    return this.#send(command);
  }

  /** Why no command is tried now; undefined when one is. */
  #refusal(): (() => UpstreamError) | undefined {
    if (!this.#client.isReady) return NOT_CONNECTED;
    if (this.#pending >= this.#limits.maxPending) return TOO_MANY;
    return this.#clock.monotonic() < this.#restsUntilMs ? RESTING : undefined;
  }

  #send(command: () => Promise<unknown>): Promise<unknown> {
    this.#pending += 1;
    return within({ clock: this.#clock, timeoutMs: this.#limits.timeoutMs }, this.#reply(command), () => {
      this.#restsUntilMs = this.#clock.monotonic() + REST_MS;
      throw new UpstreamError('ERR_SALLYPORT_UPSTREAM_TIMEOUT', 'Redis did not answer in time');
    });
  }

  async #reply(command: () => Promise<unknown>): Promise<unknown> {
    try {
      return await command();
    } catch (error) {
      throw failed(error);
    } finally {
      this.#pending -= 1;
    }
  }
}

const NOT_CONNECTED = () => new UpstreamError('ERR_SALLYPORT_UPSTREAM_UNREACHABLE', 'There is no connection to Redis');
const TOO_MANY = () =>
  new UpstreamError('ERR_SALLYPORT_UPSTREAM_OVERLOADED', 'Too many commands wait for Redis', { retryAfterSeconds: 1 });
const RESTING = () =>
  new UpstreamError('ERR_SALLYPORT_UPSTREAM_CIRCUIT_OPEN', 'Redis is left alone, as it did not answer in time', {
    retryAfterSeconds: 1,
  });

/** Of an error of Redis only its first word is told, such as OOM or READONLY: the rest may quote a key. */
function failed(error: unknown): UpstreamError {
  const message = error instanceof Error ? error.message : '';
  const [word] = /^[A-Z]{2,20}(?= )/.exec(message) ?? [];
  return word === undefined
    ? new UpstreamError('ERR_SALLYPORT_UPSTREAM_UNREACHABLE', 'The connection to Redis was lost')
    : new UpstreamError('ERR_SALLYPORT_UPSTREAM_STATUS', `Redis answered ${word}`);
}
