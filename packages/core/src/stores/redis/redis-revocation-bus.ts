import { type Clock, clockOption } from '../../clock/clock.js';
import * as option from '../../options/options.js';
import type { ReceivedNotices, RevocationBus } from '../../revocation/revocation-bus.js';
import { CommandBudget } from './client/command-budget.js';
import { redisClient, redisSubscriber } from './client/redis-client.js';
import type { RedisChannels, RedisCommands } from './client/redis-commands.js';
import { RevocationStreamReader, type StreamPage } from './revocation-stream.js';

export const REDIS_REVOCATION_BUS = option.table('RedisRevocationBusOptions', {
  /** The beginning of the names of stream and channel. */
  prefix: option.withDefault(option.text, 'sallyport:'),
  /** How long the stream keeps notices, in seconds, for instances that start later or missed one. */
  keepSeconds: option.withDefault(option.between(3_600, 31_536_000), 86_400),
  /** The longest time of a read, in milliseconds. */
  readTimeoutMs: option.withDefault(option.between(1, 1_000), 50),
  /** The longest time of a publication, in milliseconds. */
  publishTimeoutMs: option.withDefault(option.between(1, 60_000), 1_000),
});

export interface RedisRevocationBusOptions extends option.Given<typeof REDIS_REVOCATION_BUS> {}

export const REDIS_REVOCATION_BUS_COLLABORATORS = option.table('RedisRevocationBusCollaborators', {
  /** A client of node-redis or ioredis, single or Cluster. The bus does not close it. */
  client: redisClient,
  /**
   * A connected duplicate of the client, for instant notices. Without it, or while it is away, an instance learns of
   * revocations within a second: it reads the stream twice a second, or before its next answer.
   */
  subscriber: option.optional(redisSubscriber),
  clock: clockOption,
});

/** Services of the bus. */
export interface RedisRevocationBusCollaborators extends option.Given<typeof REDIS_REVOCATION_BUS_COLLABORATORS> {}

/** The most own notices that an instance keeps to send them again. */
const MAX_OWN = 1_000;
const MAX_PENDING = 10_000;
/** The pause between two marks, which are entries without a notice. */
const MARK_PAUSE_MS = 60_000;

interface OwnNotice {
  readonly notice: string;
  readonly endsAtMs: number;
}

/**
 * Carries revocations through Redis 7. A stream keeps them. Every lookup reads on from the end of the last read, so no
 * lost message goes unnoticed; publish/subscribe only makes notices instant. Notices that could not be published are
 * sent again after the next read that works. If the stream was deleted, trimmed or restored, it is read again from the
 * start, and each instance sends its own notices again. The stream must not be evicted: no `allkeys-` policy when
 * memory is limited. All instances must have the same `keepSeconds`.
 * @example
 * const [client, subscriber] = [createClient(), createClient()];
 * await Promise.all([client.connect(), subscriber.connect()]);
 * const bus = new RedisRevocationBus({}, { client, subscriber });
 * const revocations = new Revocations({ secret: process.env['REVOCATION_SECRET'] }, { bus });
 */
export class RedisRevocationBus implements RevocationBus {
  readonly #name: string;
  readonly #keepMs: number;
  readonly #readTimeoutMs: number;
  readonly #client: RedisCommands;
  readonly #subscriber: RedisChannels | undefined;
  readonly #clock: Clock;
  readonly #reads: CommandBudget;
  readonly #stream: RevocationStreamReader;
  readonly #writes: CommandBudget;
  #listener: ((notice: string) => void) | undefined;
  /** Notices that this instance published, as long as others may need them. */
  #own: readonly OwnNotice[] = [];
  #unsent: readonly string[] = [];
  /** Notices that Redis took and that were not read back yet. */
  #unread: readonly string[] = [];
  #isSendingAgain = false;
  #nextMarkMs = Number.NEGATIVE_INFINITY;
  /** The time of Redis at the last notice that it took. */
  #serverMs = 0;

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
  constructor(options: RedisRevocationBusOptions, collaborators: RedisRevocationBusCollaborators) {
    const checked = REDIS_REVOCATION_BUS(options);
    const services = REDIS_REVOCATION_BUS_COLLABORATORS(collaborators);
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
    const own = { notice, endsAtMs: this.#clock.now() + this.#keepMs };
    this.#own = [...this.#lasting(), own].slice(-MAX_OWN);
    const isKept = await this.#append(notice);
    if (!isKept) this.#unsent = [...this.#unsent, notice].slice(-MAX_OWN);
    return isKept;
  }

  async receive(): Promise<ReceivedNotices> {
    const notices: string[] = [];
    let hasGap = false;
    const owed = this.#unread;
    const startedMs = this.#clock.monotonic();
    while (this.#clock.monotonic() - startedMs <= this.#readTimeoutMs) {
      const page = await this.#stream.read();
      if (page === undefined) break;
      hasGap ||= page.hasGap;
      this.#noteLost(page);
      notices.push(...page.notices);
      if (page.isLast) {
        this.#noteUnfound(owed, notices);
        this.#sendAgain();
        if (!this.#stream.isAnchored) this.#mark();
        return { notices, isComplete: true, hasGap, hasOwn: this.#hasOwn() };
      }
    }
    return { notices, isComplete: false, hasGap, hasOwn: this.#hasOwn() };
  }

  /**
   * Writes a mark into the stream, because the loss of an empty stream would go unnoticed. Waits for the subscription
   * no longer than for a publication: the client keeps trying by itself.
   */
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

  #lasting(): readonly OwnNotice[] {
    const nowMs = this.#clock.now();
    return this.#own.filter(({ endsAtMs }) => nowMs < endsAtMs);
  }

  #hasOwn(): boolean {
    if (this.#own.length > 0) this.#own = this.#lasting();
    return this.#own.length > 0;
  }

  /** After a gap, all own notices have to be sent again, except those that are found in the stream. */
  #noteLost({ hasGap, notices }: StreamPage): void {
    if (hasGap) this.#unsent = this.#own.map(({ notice }) => notice);
    if (this.#unsent.length === 0 || notices.length === 0) return;
    const found = new Set(notices);
    this.#unsent = this.#unsent.filter((notice) => !found.has(notice));
  }

  /**
   * What Redis took before a reading has to be found by it. Otherwise it was lost so soon that no gap shows, as by a failover
   * or an older snapshot, and has to be sent again.
   */
  #noteUnfound(owed: readonly string[], notices: readonly string[]): void {
    if (this.#unread.length === 0) return;
    const found = new Set(notices);
    const seen = new Set([...owed, ...notices]);
    this.#unread = this.#unread.filter((notice) => !seen.has(notice));
    this.#unsent = [...new Set([...this.#unsent, ...owed.filter((notice) => !found.has(notice))])].slice(-MAX_OWN);
  }

  /** The result is that of the stream: instances that miss the message read the notice there. */
  async #append(notice: string): Promise<boolean> {
    const appended = this.#add('notice', notice, this.#writes);
    this.#writes.run(() => this.#client.send(this.#name, ['PUBLISH', this.#name, notice]));
    const id = await appended;
    if (typeof id !== 'string') return false;
    this.#serverMs = Number.parseInt(id, 10);
    this.#unread = [...this.#unread, notice].slice(-MAX_OWN);
    return true;
  }

  /** Trims only entries that are old by the clocks of both Redis and this process. */
  #add(field: string, text: string, budget: CommandBudget): Promise<unknown> | undefined {
    const threshold = Math.max(0, Math.floor(Math.min(this.#clock.now(), this.#serverMs)) - this.#keepMs);
    const name = this.#name;
    const command = ['XADD', name, 'MINID', '~', String(threshold), '*', field, text];
    const added = budget.run(() => this.#client.send(name, command));
    budget.run(() => this.#client.send(name, ['PEXPIRE', name, String(this.#keepMs)]));
    return added;
  }

  /** Gives an empty stream an entry: without one, the loss of the stream cannot be noticed. */
  async #mark(): Promise<void> {
    const nowMs = this.#clock.monotonic();
    if (nowMs < this.#nextMarkMs) return;
    this.#nextMarkMs = nowMs + MARK_PAUSE_MS;
    await this.#add('mark', '', this.#reads);
  }

  /**
   * Sends the notices one by one, until one fails. Lookups do not wait for this, because writing may take longer than
   * reading.
   */
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
