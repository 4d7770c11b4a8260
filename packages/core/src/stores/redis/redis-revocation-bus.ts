import { type Clock, clockOption } from '../../clock/clock.js';
import * as option from '../../options/options.js';
import type { ReceivedNotices, RevocationBus } from '../../revocation/revocation-bus.js';
import { CommandBudget } from './command-budget.js';
import type { RedisStreamClient, RedisSubscriber } from './redis-client.js';
import { RevocationStreamReader, type StreamPage } from './revocation-stream.js';

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
  /** Its duplicate, connected, for instant news; without it an instance learns of revocations within a second of its next request. */
  readonly subscriber?: RedisSubscriber | undefined;
  readonly clock?: Clock | undefined;
}

/** How many notices of its own an instance can send again. */
const MAX_OWN = 1_000;
const MAX_PENDING = 10_000;
/** An entry that says nothing, and how often an empty stream gets one at most. */
const MARK = { mark: '' };
const MARK_PAUSE_MS = 60_000;

interface OwnNotice {
  readonly notice: string;
  readonly endsAtMs: number;
}

/**
 * Carries revocations through Redis 7. A stream keeps them, and every lookup reads on where the last one ended, so that
 * no lost message goes unnoticed; publish/subscribe only makes it instant. What could not be published is sent again
 * with the next read that works. Where the stream was deleted, trimmed or restored, it is read anew, and each instance
 * puts back what it published itself. The stream must not be evicted: no `allkeys-` policy where memory is limited.
 * All instances have the same `keepSeconds`.
 */
export class RedisRevocationBus implements RevocationBus {
  readonly #name: string;
  readonly #keepMs: number;
  readonly #readTimeoutMs: number;
  readonly #client: RedisStreamClient;
  readonly #subscriber: RedisSubscriber | undefined;
  readonly #clock: Clock;
  readonly #reads: CommandBudget;
  readonly #stream: RevocationStreamReader;
  readonly #writes: CommandBudget;
  #listener: ((notice: string) => void) | undefined;
  /** What this instance published, as long as others may need it. */
  #own: readonly OwnNotice[] = [];
  #unsent: readonly string[] = [];
  #isSendingAgain = false;
  #nextMarkMs = Number.NEGATIVE_INFINITY;
  /** The time of Redis when it last took a notice. */
  #serverMs = 0;

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
  constructor(options: RedisRevocationBusOptions, collaborators: RedisRevocationBusCollaborators) {
    const checked = option.check('RedisRevocationBusOptions', options, {
      prefix: option.withDefault(option.text, 'sallyport:'),
      keepSeconds: option.withDefault(option.between(3_600, 31_536_000), 86_400),
      readTimeoutMs: option.withDefault(option.between(1, 1_000), 50),
      publishTimeoutMs: option.withDefault(option.between(1, 60_000), 1_000),
    });
    const services = option.check('RedisRevocationBusCollaborators', collaborators, {
      client: option.having<RedisStreamClient>('xAdd', 'xRange', 'pExpire', 'publish'),
      subscriber: option.optional(option.having<RedisSubscriber>('subscribe', 'unsubscribe')),
      clock: clockOption,
    });
    this.#name = `${checked.prefix}revocations`;
    this.#keepMs = Math.ceil(checked.keepSeconds * 1_000);
    this.#readTimeoutMs = checked.readTimeoutMs;
    this.#client = services.client;
    this.#subscriber = services.subscriber;
    this.#clock = services.clock;
    this.#reads = new CommandBudget({ timeoutMs: checked.readTimeoutMs, maxPending: MAX_PENDING }, services);
    this.#stream = new RevocationStreamReader(
      { name: this.#name, keepMs: this.#keepMs },
      { ...services, reads: this.#reads },
    );
    this.#writes = new CommandBudget({ timeoutMs: checked.publishTimeoutMs, maxPending: MAX_PENDING }, services);
  }

  async publish(notice: string): Promise<boolean> {
    const nowMs = this.#clock.now();
    const lasting = this.#own.filter(({ endsAtMs }) => nowMs < endsAtMs);
    this.#own = [...lasting, { notice, endsAtMs: nowMs + this.#keepMs }].slice(-MAX_OWN);
    const isKept = await this.#append(notice);
    if (!isKept) this.#unsent = [...this.#unsent, notice].slice(-MAX_OWN);
    return isKept;
  }

  async receive(): Promise<ReceivedNotices> {
    const notices: string[] = [];
    let hasGap = false;
    const startedMs = this.#clock.monotonic();
    while (this.#clock.monotonic() - startedMs <= this.#readTimeoutMs) {
      const page = await this.#stream.read();
      if (page === undefined) break;
      hasGap ||= page.hasGap;
      this.#noteLost(page);
      notices.push(...page.notices);
      if (page.isLast) {
        this.#sendAgain();
        if (!this.#stream.isAnchored) this.#mark();
        return { notices, isComplete: true, hasGap };
      }
    }
    return { notices, isComplete: false, hasGap };
  }

  /** Leaves a mark in the stream, lest it be lost unnoticed. Waits for the subscription only as long as for a publication: the client keeps trying by itself. */
  async listen(listener: (notice: string) => void): Promise<void> {
    await this.#mark();
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

  /** What the stream has lost is to be sent again, except for what is found in it after all. */
  #noteLost({ hasGap, notices }: StreamPage): void {
    if (hasGap) this.#unsent = this.#own.map(({ notice }) => notice);
    if (this.#unsent.length === 0 || notices.length === 0) return;
    const found = new Set(notices);
    this.#unsent = this.#unsent.filter((notice) => !found.has(notice));
  }

  /** The stream decides: who is not reached by the message reads it there. */
  async #append(notice: string): Promise<boolean> {
    const appended = this.#add({ notice }, this.#writes);
    this.#writes.run(() => this.#client.publish(this.#name, notice));
    const id = await appended;
    if (typeof id !== 'string') return false;
    this.#serverMs = Number.parseInt(id, 10);
    return true;
  }

  /** Only what is old by the clocks of both sides is trimmed. */
  #add(message: Record<string, string>, budget: CommandBudget): Promise<unknown> | undefined {
    const threshold = Math.max(0, Math.floor(Math.min(this.#clock.now(), this.#serverMs)) - this.#keepMs);
    const options = { TRIM: { strategy: 'MINID', strategyModifier: '~', threshold } } as const;
    const added = budget.run(() => this.#client.xAdd(this.#name, '*', message, options));
    budget.run(() => this.#client.pExpire(this.#name, this.#keepMs));
    return added;
  }

  /** Only what was in the stream can be missed in it. */
  async #mark(): Promise<void> {
    const nowMs = this.#clock.monotonic();
    if (nowMs < this.#nextMarkMs) return;
    this.#nextMarkMs = nowMs + MARK_PAUSE_MS;
    await this.#add(MARK, this.#reads);
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
}
