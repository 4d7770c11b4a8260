import type { Clock } from '../clock/clock.js';
import { publishCacheEvent } from '../events/cache-events.js';
import { type Revocation, RevocationEnvelope } from './revocation.js';
import type { ReceivedNotices, RevocationBus } from './revocation-bus.js';

/** Services of an exchange. */
export interface RevocationExchangeCollaborators {
  readonly bus: RevocationBus;
  readonly clock: Clock;
  /** Called with each revocation of another instance. */
  readonly learn: (revocation: Revocation) => void;
}

/** How long remembered answers may be used between two readings of the bus. */
const MAX_PAUSE_MS = 1_000;

/** How often `start` reads the bus until it has everything. After that, it goes on without the rest. */
const MAX_ROUNDS = 100;

/** Sends revocations to other instances, receives theirs, and knows whether some may be missing. */
export class RevocationExchange {
  readonly #envelope: RevocationEnvelope;
  readonly #bus: RevocationBus;
  readonly #clock: Clock;
  readonly #learn: (revocation: Revocation) => void;
  #receiving: Promise<void> | undefined;
  /** When `keepUp` reads the bus again, on the monotonic clock. */
  #nextMs = Number.NEGATIVE_INFINITY;
  /** True when the bus could not be read to its end. */
  #isBehind = false;
  /** The last time the bus was found to have lost notices, in milliseconds since the epoch. */
  #lostUntilMs = Number.NEGATIVE_INFINITY;

  constructor(secret: string, { bus, clock, learn }: RevocationExchangeCollaborators) {
    this.#envelope = new RevocationEnvelope(secret);
    this.#bus = bus;
    this.#clock = clock;
    this.#learn = learn;
  }

  get isBehind(): boolean {
    return this.#isBehind;
  }

  get lostUntilMs(): number {
    return this.#lostUntilMs;
  }

  async start(): Promise<void> {
    await this.#bus.listen((notice) => this.#open(notice));
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      await this.synchronise();
      if (!this.#isBehind) return;
    }
  }

  close(): Promise<void> {
    return this.#bus.close();
  }

  /** Never rejects; false if other instances may not learn of it. */
  async publish(revocation: Revocation): Promise<boolean> {
    try {
      return await this.#bus.publish(this.#envelope.close(revocation));
    } catch {
      return false;
    }
  }

  /** Reads what the bus has kept; concurrent callers share one reading. */
  synchronise(): Promise<void> {
    this.#nextMs = this.#clock.monotonic() + MAX_PAUSE_MS;
    this.#receiving ??= this.#receive().finally(() => {
      this.#receiving = undefined;
    });
    return this.#receiving;
  }

  /** Reads in the background, if nobody has read for `MAX_PAUSE_MS`. */
  keepUp(nowMs: number): void {
    if (nowMs >= this.#nextMs) this.synchronise();
  }

  async #receive(): Promise<void> {
    const { notices, isComplete, hasGap } = await received(this.#bus);
    for (const notice of notices) this.#open(notice);
    if (hasGap === true) {
      this.#lostUntilMs = this.#clock.now();
      publishCacheEvent({ kind: 'revocations_lost' });
    }
    if (!isComplete && !this.#isBehind) publishCacheEvent({ kind: 'revocations_behind' });
    this.#isBehind = !isComplete;
  }

  #open(sealed: string): void {
    const revocation = this.#envelope.open(sealed);
    if (revocation === undefined) publishCacheEvent({ kind: 'revocation_forged' });
    else this.#learn(revocation);
  }
}

async function received(bus: RevocationBus): Promise<ReceivedNotices> {
  try {
    return await bus.receive();
  } catch {
    return { notices: [], isComplete: false };
  }
}
