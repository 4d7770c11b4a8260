import { type Clock, systemClock } from '../clock.js';
import type { Eventually } from '../eventually.js';
import { between, checkOptions, having, invalid, optionalOption, withDefault } from '../options.js';
import type { Principal } from '../principal/principal.js';
import { publishCacheEvent } from './cache-events.js';
import { deploymentSecret } from './deployment-secret.js';
import { type Revocation, RevocationEnvelope } from './revocation.js';
import type { RevocationBus } from './revocation-bus.js';
import { type Judgement, RevocationIndex } from './revocation-index.js';

export interface RevocationsOptions {
  /** The same on all instances of a deployment; at least 32 characters. Needed with a bus. */
  readonly secret?: string | undefined;
  /**
   * Revocations remembered at once, of single tokens and of parties each; beyond it the oldest is widened to every token
   * issued at or before it. 1 to 10 000 000, default 100 000.
   */
  readonly maxEntries?: number | undefined;
  /**
   * How long a revocation is remembered when nobody tells the token's expiry, in seconds: at least as long as tokens
   * live. 3 600 to 31 536 000, default 86 400.
   */
  readonly keepSeconds?: number | undefined;
}

/** Services of revocations; `bus` carries them to the other instances. */
export interface RevocationsCollaborators {
  readonly clock?: Clock | undefined;
  readonly bus?: RevocationBus | undefined;
}

/** Verifiers may accept a token that long after its expiry, because clocks differ. */
const TOLERANCE_SECONDS = 60;

/** How often a start asks for what the bus has kept, before it goes on without. */
const MAX_ROUNDS = 100;

/**
 * What has been revoked. Shared by any number of caches, each of which refuses or forgets what is in here before it
 * answers. Revoking takes effect at once in this process; `true` comes back when the other instances were told as well.
 *
 * A token or `jti` is refused until it would have expired. For a client or subject, tokens issued at or before the
 * revocation are refused; an answer that does not tell when its token was issued is asked for again.
 */
export class Revocations {
  readonly keepSeconds: number;
  readonly #index: RevocationIndex;
  readonly #clock: Clock;
  readonly #bus: RevocationBus | undefined;
  readonly #envelope: RevocationEnvelope | undefined;
  #receiving: Promise<boolean> | undefined;
  #merged = 0;

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
  constructor(options: RevocationsOptions = {}, collaborators: RevocationsCollaborators = {}) {
    const checked = checkOptions('RevocationsOptions', options, {
      secret: optionalOption(deploymentSecret),
      maxEntries: withDefault(between(1, 10_000_000), 100_000),
      keepSeconds: withDefault(between(3_600, 31_536_000), 86_400),
    });
    const services = checkOptions('RevocationsCollaborators', collaborators, {
      clock: withDefault(having<Clock>('now', 'monotonic', 'schedule'), systemClock),
      bus: optionalOption(having<RevocationBus>('publish', 'receive', 'listen', 'close')),
    });
    if (services.bus !== undefined && checked.secret === undefined) {
      throw invalid('RevocationsOptions.secret', 'is needed with a bus');
    }
    this.keepSeconds = checked.keepSeconds;
    this.#index = new RevocationIndex(checked.secret, checked.maxEntries, services.clock, () => this.#noteMerge());
    this.#clock = services.clock;
    this.#bus = services.bus;
    this.#envelope = checked.secret === undefined ? undefined : new RevocationEnvelope(checked.secret);
  }

  /** How many revocations are remembered one by one. */
  get size(): number {
    return this.#index.size;
  }

  /** How many had to be widened to every token issued at or before them. */
  get merged(): number {
    return this.#merged;
  }

  /** Learns what the other instances revoked, and listens from now on. Without a bus there is nothing to do. */
  async start(): Promise<void> {
    await this.#bus?.listen((notice) => this.#learn(notice));
    for (let round = 0; round < MAX_ROUNDS && !(await this.synchronise()); round += 1);
  }

  async close(): Promise<void> {
    await this.#bus?.close();
  }

  /** Refuses one token: the credential as its handler hands it to the cache. `expiresAt` in seconds since the epoch. */
  revokeToken(token: string, options: { expiresAt?: number | undefined } = {}): Promise<boolean> {
    return this.#revokeOne(this.#index.tokenKey(token), options.expiresAt);
  }

  /** Refuses the token with this identifier (RFC 7519 4.1.7), of one issuer or, where none is named, of any. */
  revokeJti(
    jti: string,
    options: { issuer?: string | undefined; expiresAt?: number | undefined } = {},
  ): Promise<boolean> {
    return this.#revokeOne(this.#index.jtiKey(jti, options.issuer), options.expiresAt);
  }

  /**
   * Refuses what a client was issued up to `at`, in seconds since the epoch, by default now. Give the authorization
   * server's own time where it tells it: its clock is the one that tokens bear. With an issuer it concerns principals
   * that bear that issuer, and no others.
   */
  revokeClient(
    clientId: string,
    options: { issuer?: string | undefined; at?: number | undefined } = {},
  ): Promise<boolean> {
    return this.#revokeParty(this.#index.clientKey(clientId, options.issuer), options.at);
  }

  /** Refuses what a subject was issued up to `at`, as `revokeClient` does. Name the issuer: subjects are its own. */
  revokeSubject(
    subject: string,
    options: { issuer?: string | undefined; at?: number | undefined } = {},
  ): Promise<boolean> {
    return this.#revokeParty(this.#index.subjectKey(subject, options.issuer), options.at);
  }

  /** For caches: grows with every revocation. */
  get epoch(): number {
    return this.#index.epoch;
  }

  /** For caches: the credential itself is revoked, whoever it belongs to. */
  refuses(credential: string): boolean {
    return this.#index.refuses(credential);
  }

  /** For caches: whether an answer still stands that was asked for when `epoch` was `since`. */
  judge(credential: string, principal: Principal, since: number): Judgement {
    return this.#index.judge(credential, principal, since);
  }

  /** For caches: learns what the bus has kept. False when it cannot tell; without a bus there is nothing to learn. */
  synchronise(): Eventually<boolean> {
    if (this.#bus === undefined) return true;
    this.#receiving ??= this.#receive(this.#bus).finally(() => {
      this.#receiving = undefined;
    });
    return this.#receiving;
  }

  async #receive(bus: RevocationBus): Promise<boolean> {
    try {
      const { notices, isComplete } = await bus.receive();
      for (const notice of notices) this.#learn(notice);
      return isComplete;
    } catch {
      return false;
    }
  }

  #revokeOne(key: string, expiresAt: number | undefined): Promise<boolean> {
    const at = this.#clock.now() / 1_000;
    const endsAt = expiresAt === undefined ? at + this.keepSeconds : moment(expiresAt) + TOLERANCE_SECONDS;
    return this.#revoke({ key, isParty: false, at, endsAtMs: endsAt * 1_000 });
  }

  #revokeParty(key: string, instant: number | undefined): Promise<boolean> {
    const now = this.#clock.now() / 1_000;
    return this.#revoke({ key, isParty: true, at: moment(instant ?? now), endsAtMs: (now + this.keepSeconds) * 1_000 });
  }

  async #revoke(revocation: Revocation): Promise<boolean> {
    this.#index.add(revocation);
    if (this.#bus === undefined || this.#envelope === undefined) return true;
    try {
      return await this.#bus.publish(this.#envelope.close(revocation));
    } catch {
      return false;
    }
  }

  #learn(sealed: string): void {
    const revocation = this.#envelope?.open(sealed);
    if (revocation === undefined) {
      publishCacheEvent({ kind: 'revocation_forged' });
      return;
    }
    if (this.#index.isNews(revocation)) this.#index.add(revocation);
  }

  #noteMerge(): void {
    this.#merged += 1;
    publishCacheEvent({ kind: 'revocations_merged' });
  }
}

/** The end of the year 9999. Some servers say of tokens without an end that they expire much later. */
const LAST_MOMENT = 253_402_300_799;

/** A revocation with a broken date would be none. */
function moment(seconds: number): number {
  if (Number.isFinite(seconds) && seconds >= 0) return Math.min(seconds, LAST_MOMENT);
  throw new TypeError('a time is a number of seconds since the epoch');
}
