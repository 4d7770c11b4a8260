import { SallyportError, type SecurityScheme, UpstreamError } from '@sallyport/core';
import {
  type CircuitFigure,
  type Clock,
  describeError,
  type Eventually,
  type GoodBefore,
} from '@sallyport/core/extend';
import { type KeyName, textOf } from '../jose/key-name.js';
import type { KeySet } from '../jose/key-set.js';
import type { KeySelection, KeyTable } from '../jose/key-table.js';
import type { KeyOwner, VerificationKey } from '../jose/verification-key.js';
import { problemAt } from '../outbound/outbound-answer.js';
import { PacedTask } from '../outbound/paced-task.js';
import { readKeySet } from './key-document.js';
import type { KeyServer } from './key-server.js';
import { publishKeySetEvent } from './key-set-events.js';
import { UnknownKeyBudget } from './unknown-key-budget.js';

/** How long fetched keys are used. */
export interface KeySetLifetimes {
  readonly maxAgeMs: number;
  readonly maxStaleMs: number;
  readonly cooldownMs: number;
}

/** Whose keys, and what for. */
export interface RemoteKeySetOptions {
  readonly issuer: string;
  readonly algorithms: readonly string[];
  readonly lifetimes: KeySetLifetimes;
}

export interface RemoteKeySetCollaborators {
  readonly server: KeyServer;
  readonly clock: Clock;
  /** Knows whose tokens were good before. */
  readonly good: GoodBefore;
  /** Called when the keys have changed: refused tokens may be good now. */
  readonly onChange: () => void;
  /** The owner of the keys, if it can end. */
  readonly owner?: KeyOwner | undefined;
}

/** Keys in use, with their deadlines on the monotonic clock. */
interface LoadedKeys {
  readonly table: KeyTable;
  /** From this time on, a signature that does not fit may come from a newer key. */
  readonly doubtfulFromMs: number;
  readonly refreshAtMs: number;
  readonly freshUntilMs: number;
  readonly staleUntilMs: number;
}

/** Keys are fetched again before they are too old. So usually no request waits. */
const REFRESH_AT_SHARE = 0.8;

/**
 * The keys that an issuer publishes (RFC 7517 5). One fetch is under way at a time. During an outage the last good keys
 * stay in use for a while. Tokens with made-up key identifiers or signatures cause few fetches, shared by networks, and known keys
 * never wait for these.
 */
export class RemoteKeySet implements KeySet, KeyOwner {
  readonly #options: RemoteKeySetOptions;
  readonly #server: KeyServer;
  readonly #clock: Clock;
  readonly #onChange: () => void;
  readonly #owner: KeyOwner | undefined;
  readonly #refresh: PacedTask;
  readonly #unknownKeys: UnknownKeyBudget;
  #loaded: LoadedKeys | undefined;

  constructor(options: RemoteKeySetOptions, { server, clock, good, onChange, owner }: RemoteKeySetCollaborators) {
    this.#options = options;
    this.#server = server;
    this.#clock = clock;
    this.#onChange = onChange;
    this.#owner = owner;
    this.#refresh = new PacedTask(() => this.#fetch(), clock);
    this.#unknownKeys = new UnknownKeyBudget(options.lifetimes.cooldownMs, { clock, good });
  }

  get keys(): readonly VerificationKey[] {
    return this.#loaded?.table.keys ?? [];
  }

  get securitySchemes(): readonly SecurityScheme[] {
    return this.#server.securitySchemes;
  }

  get circuits(): readonly CircuitFigure[] {
    return [{ calls: 'keys', server: this.#options.issuer, state: this.#refresh.state }];
  }

  find(name: KeyName, algorithm: string, address?: string): Eventually<KeySelection> {
    const loaded = this.#usable(this.#clock.monotonic());
    if (loaded === undefined) return this.#findRefreshed(name, algorithm, address);
    const selection = loaded.table.select(name, algorithm);
    return selection === 'unknown' ? this.#search(name, algorithm, address) : selection;
  }

  known(name: KeyName, algorithm: string): KeySelection {
    return this.#usable(this.#clock.monotonic())?.table.select(name, algorithm) ?? 'unknown';
  }

  async findAnew(name: KeyName, algorithm: string, address?: string): Promise<KeySelection | undefined> {
    const loaded = this.#loaded;
    const isOfJustNow = loaded === undefined || this.#clock.monotonic() < loaded.doubtfulFromMs;
    if (isOfJustNow || this.#refresh.setback !== undefined) return undefined;
    if (!this.#refresh.isUnderWay && !this.#unknownKeys.spend(address)) return undefined;
    await this.#refresh.run();
    return this.#loaded === loaded ? undefined : this.#loaded?.table.select(name, algorithm);
  }

  /**
   * Whether verdicts by a key of this set still hold: the keys are not too old. Like `find`, it fetches them again in
   * time, and also when they are too old: a lease may be all that asks.
   */
  stands(nowMs: number): boolean {
    const isUsable = this.#usable(nowMs) !== undefined;
    if (!isUsable) this.#refresh.run();
    return isUsable && this.#owner?.stands(nowMs) !== false;
  }

  async start(): Promise<void> {
    await this.#refresh.run();
    if (this.#loaded === undefined) throw this.#refresh.outage();
  }

  close(): Promise<void> {
    return this.#server.close();
  }

  /** The keys, if they may be used without waiting. Fetches them again before they get too old. */
  #usable(nowMs: number): LoadedKeys | undefined {
    const loaded = this.#loaded;
    if (loaded === undefined || nowMs >= this.#usableUntilMs(loaded)) return undefined;
    if (nowMs >= loaded.refreshAtMs) this.#refresh.run();
    return loaded;
  }

  /** After a failed fetch no request waits for the next one while the old keys may be used. */
  #usableUntilMs({ freshUntilMs, staleUntilMs }: LoadedKeys): number {
    return this.#refresh.setback === undefined ? freshUntilMs : staleUntilMs;
  }

  /** Looks again after a fetch. If the fetch fails, nobody knows whether the key exists, so this rejects. */
  async #findRefreshed(name: KeyName, algorithm: string, address: string | undefined): Promise<KeySelection> {
    await this.#refresh.run();
    const loaded = this.#loaded;
    if (loaded === undefined || this.#clock.monotonic() >= loaded.staleUntilMs) throw this.#refresh.outage();
    const selection = loaded.table.select(name, algorithm);
    if (selection !== 'unknown') return selection;
    if (this.#refresh.setback !== undefined) throw this.#refresh.outage();
    this.#unknownKeys.noteMissing(textOf(name), address);
    return selection;
  }

  /**
   * Fetches the keys for a key that is not there, if this network may cause a fetch now. After a failure, the pause
   * alone decides when.
   */
  #search(name: KeyName, algorithm: string, address: string | undefined): Eventually<KeySelection> {
    if (this.#unknownKeys.isMissing(textOf(name), address)) return 'unknown';
    if (this.#refresh.isUnderWay) return this.#searchAfter(name, algorithm, address);
    const isTurn = this.#refresh.setback !== undefined || this.#unknownKeys.spend(address);
    return isTurn ? this.#findRefreshed(name, algorithm, address) : 'unknown';
  }

  /** The fetch under way may have been answered before the key was published. Then this network may cause one of its own. */
  async #searchAfter(name: KeyName, algorithm: string, address: string | undefined): Promise<KeySelection> {
    await this.#refresh.run();
    const selection = this.known(name, algorithm);
    if (selection !== 'unknown') return selection;
    const isTurn = this.#refresh.setback !== undefined || this.#refresh.isUnderWay || this.#unknownKeys.spend(address);
    if (isTurn) return this.#findRefreshed(name, algorithm, address);
    this.#unknownKeys.noteMissing(textOf(name), address);
    return 'unknown';
  }

  async #fetch(): Promise<void> {
    const { issuer, algorithms } = this.#options;
    try {
      const { url, document, maxAgeSeconds } = await this.#server.fetch();
      const table = readKeySet(document, { issuer, algorithms, before: this.#loaded?.table });
      if (table === undefined || table.keys.length === 0) {
        throw new UpstreamError('ERR_SALLYPORT_UPSTREAM_BODY', problemAt(url, 'the key set has no usable key'));
      }
      this.#adopt(table, maxAgeSeconds);
      publishKeySetEvent({ kind: 'keys_loaded', issuer, keys: table.keys.length });
    } catch (error) {
      const { code: reason, message: detail } =
        error instanceof SallyportError ? error : { code: 'unexpected_error', message: describeError(error).name };
      publishKeySetEvent({ kind: 'keys_unavailable', issuer, reason, detail });
      throw error;
    }
  }

  /** Takes new keys into use. The server may shorten the time of their use, but not below the cool-down. */
  #adopt(table: KeyTable, maxAgeSeconds: number | undefined): void {
    const { maxAgeMs, maxStaleMs, cooldownMs } = this.#options.lifetimes;
    const askedMs = maxAgeSeconds === undefined ? maxAgeMs : Math.max(maxAgeSeconds * 1_000, cooldownMs);
    const freshMs = Math.min(maxAgeMs, askedMs);
    const nowMs = this.#clock.monotonic();
    const before = this.keys;
    this.#loaded = {
      table,
      doubtfulFromMs: nowMs + cooldownMs,
      refreshAtMs: nowMs + freshMs * REFRESH_AT_SHARE,
      freshUntilMs: nowMs + freshMs,
      staleUntilMs: nowMs + freshMs + maxStaleMs,
    };
    for (const key of table.keys) key.belongTo(this);
    const gone = before.filter((key) => !table.keys.includes(key));
    for (const key of gone) key.withdraw();
    if (gone.length > 0 || before.length < table.keys.length) this.#onChange();
  }
}
