import type { Clock } from '../clock/clock.js';
import { within } from '../clock/within.js';
import { UpstreamError } from '../errors/errors.js';
import { publishCacheEvent } from '../events/cache-events.js';
import { type Notice, NoticeEnvelope } from './revocation.js';
import type { ReceivedNotices, RevocationBus } from './revocation-bus.js';

/** Services of an exchange. */
export interface RevocationExchangeCollaborators {
  readonly bus: RevocationBus;
  readonly clock: Clock;
  /** Called with each notice. Some are the own ones of this process. */
  readonly learn: (notice: Notice) => void;
}

/** How long remembered answers may be used after a reading of the bus. Then they wait for the next one. */
const MAX_AGE_MS = 1_000;

/** How long after a reading the next one is made in the background, so that under load nobody has to wait. */
const PAUSE_MS = MAX_AGE_MS / 2;

/**
 * How long a bus may take for a call, in milliseconds. The bus has limits of its own; this one is for a bus that does not
 * keep them, so that nobody waits for it for ever.
 */
const LONGEST_CALL_MS = 60_000;

/** How long lookups wait for a reading. The bus owes an answer within tens of milliseconds. */
const LONGEST_READING_MS = 1_000;

/** How often `start` reads the bus until it has everything. After that, it goes on without the rest. */
const MAX_ROUNDS = 100;

/** Sends revocations to other instances, receives theirs, and knows whether some may be missing. */
export class RevocationExchange {
  readonly #envelope: NoticeEnvelope;
  readonly #bus: RevocationBus;
  readonly #clock: Clock;
  readonly #learn: (notice: Notice) => void;
  #receiving: Promise<void> | undefined;
  /** Goes on when lookups no longer wait for it, because calls of a bus must not overlap. */
  #reading: Promise<void> | undefined;
  /** When `keepUp` reads the bus again, on the monotonic clock. */
  #nextMs = Number.NEGATIVE_INFINITY;
  /** How new what was read is, on the monotonic clock; after a failure, when that was found out. */
  #attemptMs = Number.NEGATIVE_INFINITY;
  /** True when the bus could not be read to its end. */
  #isBehind = false;
  /** When it was read to its end the last time, on the monotonic clock; at first, when the exchange was made. */
  #completeMs: number;
  /** The last time the bus was found to have lost notices, in milliseconds since the epoch. */
  #lostUntilMs = Number.NEGATIVE_INFINITY;
  /** Cancels the next reading that no request asks for. */
  #cancelNext: (() => void) | undefined;
  #isClosed = false;

  constructor(secrets: readonly string[], { bus, clock, learn }: RevocationExchangeCollaborators) {
    this.#envelope = new NoticeEnvelope(secrets);
    this.#bus = bus;
    this.#clock = clock;
    this.#learn = learn;
    this.#completeMs = clock.monotonic();
  }

  get isBehind(): boolean {
    return this.#isBehind;
  }

  /** For how long notices may be missing, in seconds; 0 while the bus can be read to its end. */
  get lagSeconds(): number {
    return this.#isBehind ? (this.#clock.monotonic() - this.#completeMs) / 1_000 : 0;
  }

  get lostUntilMs(): number {
    return this.#lostUntilMs;
  }

  /** @throws {UpstreamError} ERR_SALLYPORT_UPSTREAM_TIMEOUT */
  async start(): Promise<void> {
    this.#isClosed = false;
    await this.#inTime(this.#bus.listen((notice) => this.#open(notice)));
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      await this.synchronise();
      if (!this.#isBehind) return;
    }
  }

  /** @throws {UpstreamError} ERR_SALLYPORT_UPSTREAM_TIMEOUT */
  close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelNext?.();
    this.#cancelNext = undefined;
    return this.#inTime(this.#bus.close());
  }

  /** Never rejects; false if other instances may not learn of it. */
  async publish(notice: Notice): Promise<boolean> {
    try {
      return await this.#inTime(this.#bus.publish(this.#envelope.close(notice)));
    } catch {
      return false;
    } finally {
      this.#readOn();
    }
  }

  /** Reads what the bus has kept; concurrent callers share one reading. One that is overdue is not waited for again. */
  synchronise(): Promise<void> {
    this.#nextMs = this.#clock.monotonic() + PAUSE_MS;
    this.#receiving ??= this.#receiveInTime().finally(() => {
      this.#receiving = undefined;
    });
    return this.#receiving;
  }

  async #receiveInTime(): Promise<void> {
    const startedMs = this.#clock.monotonic();
    try {
      await this.#readInTime();
    } finally {
      this.#attemptMs = this.#isBehind ? this.#clock.monotonic() : startedMs;
    }
  }

  async #readInTime(): Promise<void> {
    if (this.#reading !== undefined) return;
    this.#reading = this.#receive().finally(() => {
      this.#reading = undefined;
    });
    await within({ clock: this.#clock, timeoutMs: LONGEST_READING_MS }, this.#reading, () => this.#noteEnd(false));
  }

  #inTime<Value>(pending: Promise<Value>): Promise<Value> {
    return within({ clock: this.#clock, timeoutMs: LONGEST_CALL_MS }, pending, () => {
      throw new UpstreamError('ERR_SALLYPORT_UPSTREAM_TIMEOUT', 'the revocation bus did not answer in time');
    });
  }

  /**
   * Reads in the background, if nobody has for `PAUSE_MS`. False if nobody has for `MAX_AGE_MS`, such as in a process that
   * was idle: a notice may have been missed, so the caller has to wait for the reading. Whether the bus answers is not
   * asked here: while it is away, one attempt in `MAX_AGE_MS` is waited for.
   */
  keepUp(nowMs: number): boolean {
    if (nowMs >= this.#nextMs) this.synchronise();
    return nowMs < this.#attemptMs + MAX_AGE_MS;
  }

  /** What the bus did not take, or lost, is sent again by a reading: it must not wait for a request, which may never come. */
  #readOn(): void {
    if (this.#isClosed) return;
    this.#cancelNext ??= this.#clock.schedule(PAUSE_MS, () => {
      this.#cancelNext = undefined;
      if (this.#clock.monotonic() < this.#nextMs) this.#readOn();
      else this.synchronise();
    });
  }

  async #receive(): Promise<void> {
    const { notices, isComplete, hasGap, hasOwn } = await received(this.#bus);
    if (hasOwn === true) this.#readOn();
    for (const notice of notices) this.#open(notice);
    if (hasGap === true) {
      this.#lostUntilMs = this.#clock.now();
      publishCacheEvent({ kind: 'revocations_lost' });
    }
    this.#noteEnd(isComplete);
  }

  #noteEnd(isComplete: boolean): void {
    if (!isComplete && !this.#isBehind) publishCacheEvent({ kind: 'revocations_behind' });
    this.#isBehind = !isComplete;
    if (isComplete) this.#completeMs = this.#clock.monotonic();
  }

  #open(sealed: string): void {
    const notice = this.#envelope.open(sealed);
    if (notice === undefined) publishCacheEvent({ kind: 'revocation_forged' });
    else this.#learn(notice);
  }
}

async function received(bus: RevocationBus): Promise<ReceivedNotices> {
  try {
    return await bus.receive();
  } catch {
    return { notices: [], isComplete: false };
  }
}
