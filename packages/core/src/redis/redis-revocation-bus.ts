import type { ReceivedNotices, RevocationBus } from '../cache/revocation-bus.js';
import { type Clock, systemClock } from '../clock.js';
import { between, checkOptions, having, optionalOption, text, withDefault } from '../options.js';
import { CommandBudget } from './command-budget.js';
import type { RedisStreamClient, RedisSubscriber } from './redis-client.js';

export interface RedisRevocationBusOptions {
  /** Begins the names of the stream and the channel. Default `sallyport:`. */
  readonly prefix?: string | undefined;
  /** How long notices are kept for instances that start later or missed one. 3 600 to 31 536 000, default 86 400. */
  readonly keepSeconds?: number | undefined;
  /** How long a read may take, in milliseconds. 1 to 1 000, default 50. */
  readonly readTimeoutMs?: number | undefined;
  /** How long publishing may take, in milliseconds. 1 to 60 000, default 1 000. */
  readonly publishTimeoutMs?: number | undefined;
}

/** Services of the bus. */
export interface RedisRevocationBusCollaborators {
  /** A node-redis client; it stays yours. */
  readonly client: RedisStreamClient;
  /** Its duplicate, connected, for instant news; without it an instance learns of revocations with its next lookup. */
  readonly subscriber?: RedisSubscriber | undefined;
  readonly clock?: Clock | undefined;
}

const PAGE = 1_000;
const MAX_UNSENT = 1_000;
const MAX_PENDING = 10_000;

/**
 * Carries revocations through Redis 7. A stream keeps them, and every lookup reads on where the last one ended, so that
 * no lost message goes unnoticed; publish/subscribe only makes it instant. What could not be published is sent again
 * with the next read that works. The stream must not be evicted: no `allkeys-` policy where memory is limited.
 */
export class RedisRevocationBus implements RevocationBus {
  readonly #name: string;
  readonly #keepMs: number;
  readonly #readTimeoutMs: number;
  readonly #client: RedisStreamClient;
  readonly #subscriber: RedisSubscriber | undefined;
  readonly #clock: Clock;
  readonly #reads: CommandBudget;
  readonly #writes: CommandBudget;
  #listener: ((notice: string) => void) | undefined;
  #unsent: readonly string[] = [];
  #isSendingAgain = false;
  #lastId = '0-0';

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
  constructor(options: RedisRevocationBusOptions, collaborators: RedisRevocationBusCollaborators) {
    const checked = checkOptions('RedisRevocationBusOptions', options, {
      prefix: withDefault(text, 'sallyport:'),
      keepSeconds: withDefault(between(3_600, 31_536_000), 86_400),
      readTimeoutMs: withDefault(between(1, 1_000), 50),
      publishTimeoutMs: withDefault(between(1, 60_000), 1_000),
    });
    const services = checkOptions('RedisRevocationBusCollaborators', collaborators, {
      client: having<RedisStreamClient>('xAdd', 'xRange', 'pExpire', 'publish'),
      subscriber: optionalOption(having<RedisSubscriber>('subscribe', 'unsubscribe')),
      clock: withDefault(having<Clock>('now', 'monotonic', 'schedule'), systemClock),
    });
    this.#name = `${checked.prefix}revocations`;
    this.#keepMs = Math.ceil(checked.keepSeconds * 1_000);
    this.#readTimeoutMs = checked.readTimeoutMs;
    this.#client = services.client;
    this.#subscriber = services.subscriber;
    this.#clock = services.clock;
    this.#reads = new CommandBudget({ timeoutMs: checked.readTimeoutMs, maxPending: MAX_PENDING }, services);
    this.#writes = new CommandBudget({ timeoutMs: checked.publishTimeoutMs, maxPending: MAX_PENDING }, services);
  }

  async publish(notice: string): Promise<boolean> {
    const isKept = await this.#append(notice);
    if (!isKept) this.#unsent = [...this.#unsent, notice].slice(-MAX_UNSENT);
    return isKept;
  }

  async receive(): Promise<ReceivedNotices> {
    const notices: string[] = [];
    const startedMs = this.#clock.monotonic();
    while (this.#clock.monotonic() - startedMs <= this.#readTimeoutMs) {
      const page = await this.#readPage();
      if (page === undefined) break;
      notices.push(...page.flatMap(({ notice }) => notice ?? []));
      if (page.length < PAGE) {
        this.#sendAgain();
        return { notices, isComplete: true };
      }
    }
    return { notices, isComplete: false };
  }

  /** Waits for the subscription only as long as for a publication: the client keeps trying by itself. */
  async listen(listener: (notice: string) => void): Promise<void> {
    const subscriber = this.#subscriber;
    if (subscriber === undefined) return;
    this.#listener = listener;
    await this.#writes.run(() => subscriber.subscribe(this.#name, listener));
  }

  async close(): Promise<void> {
    const [subscriber, listener] = [this.#subscriber, this.#listener];
    if (subscriber === undefined || listener === undefined) return;
    this.#listener = undefined;
    await this.#writes.run(() => subscriber.unsubscribe(this.#name, listener));
  }

  /** The stream decides: who is not reached by the message reads it there. */
  async #append(notice: string): Promise<boolean> {
    const threshold = Math.floor(this.#clock.now()) - this.#keepMs;
    const options = { TRIM: { strategy: 'MINID', strategyModifier: '~', threshold } } as const;
    const appended = this.#writes.run(() => this.#client.xAdd(this.#name, '*', { notice }, options));
    this.#writes.run(() => this.#client.pExpire(this.#name, this.#keepMs));
    this.#writes.run(() => this.#client.publish(this.#name, notice));
    return typeof (await appended) === 'string';
  }

  /** One by one, until one fails. Lookups do not wait for it: writing may take long where reading does not. */
  async #sendAgain(): Promise<void> {
    if (this.#isSendingAgain) return;
    this.#isSendingAgain = true;
    for (const notice of this.#unsent) {
      if (!(await this.#append(notice))) break;
      this.#unsent = this.#unsent.filter((unsent) => unsent !== notice);
    }
    this.#isSendingAgain = false;
  }

  /** The next notices of the stream, or `undefined` when Redis does not answer in time or not as it should. */
  async #readPage(): Promise<readonly StreamEntry[] | undefined> {
    const start = `(${this.#lastId}`;
    const reply = await this.#reads.run(() => this.#client.xRange(this.#name, start, '+', { COUNT: PAGE }));
    if (!Array.isArray(reply)) return undefined;
    const entries = reply.flatMap((entry: unknown) => streamEntry(entry) ?? []);
    this.#lastId = entries.at(-1)?.id ?? this.#lastId;
    return entries;
  }
}

interface StreamEntry {
  readonly id: string;
  readonly notice: string | undefined;
}

function streamEntry(entry: unknown): StreamEntry | undefined {
  const { id, message } = (entry ?? {}) as { id?: unknown; message?: { notice?: unknown } };
  if (typeof id !== 'string' || !/^\d+-\d+$/.test(id)) return undefined;
  const notice = message?.notice;
  return { id, notice: typeof notice === 'string' ? notice : undefined };
}
