import { type Applicant, type Clock, GoodBefore, Shares, type Standing, systemClock } from '@sallyport/core/extend';
import type { Adapter, AdapterPayload, KoaContextWithOIDC } from 'oidc-provider';
import { OAuthError } from './oauth-error.js';

/** Interactions kept at once. */
export const MAX_INTERACTIONS = 200;
/** How long an interaction lives: long enough to find a password. */
export const INTERACTION_SECONDS = 300;
/** After this time some people have logged in or given up. */
const RETRY_SECONDS = 30;

/**
 * Bounds the interactions that `/authorize` begins, because anybody may begin them. Networks share the places. When all
 * are taken, the newest interaction of the network with the most goes. Networks from which somebody has logged in keep
 * a share.
 */
export class PendingInteractions {
  /** The adapter of oidc-provider for the records of interactions. */
  readonly adapter: Adapter;
  readonly #records: Adapter;
  readonly #currentContext: () => KoaContextWithOIDC | undefined;
  readonly #clock: Clock;
  readonly #good: GoodBefore;
  readonly #shares = new Shares({ running: MAX_INTERACTIONS, waiting: 0, isInterruptible: true });
  /** In the order in which they expire. */
  readonly #pending = new Map<string, PendingInteraction>();

  constructor(records: Adapter, currentContext: () => KoaContextWithOIDC | undefined, clock: Clock = systemClock) {
    this.#records = records;
    this.#currentContext = currentContext;
    this.#clock = clock;
    this.#good = new GoodBefore({}, clock);
    this.adapter = {
      ...records,
      upsert: (id, payload, expiresInSeconds) => this.#write(id, payload, expiresInSeconds),
      destroy: (id) => this.#end(id),
    };
  }

  get size(): number {
    return this.#pending.size;
  }

  /** Notes that a user has logged in from this address. */
  noteLogin(user: string, address: string | undefined): void {
    this.#good.note(user, address);
  }

  async #write(id: string, payload: AdapterPayload, expiresInSeconds: number | undefined): Promise<void> {
    if (!this.#pending.has(id) && !this.#begin(id, payload.session?.accountId)) {
      this.#currentContext()?.set('Retry-After', String(RETRY_SECONDS));
      throw new OAuthError('temporarily_unavailable', 'too many logins are under way; try again later', 503);
    }
    await this.#records.upsert(id, payload, expiresInSeconds ?? INTERACTION_SECONDS);
  }

  /** Takes a place for an interaction. False when there is none. */
  #begin(id: string, user: string | undefined): boolean {
    this.#sweep();
    const address = this.#currentContext()?.req.socket.remoteAddress;
    const standing = user === undefined ? this.#standingOf(address) : 'known';
    const interaction = new PendingInteraction(address, standing, this.#clock.monotonic(), () => {
      this.#pending.delete(id);
      void this.#records.destroy(id);
    });
    this.#pending.set(id, interaction);
    if (this.#shares.enter(interaction)) return true;
    this.#pending.delete(id);
    return false;
  }

  async #end(id: string): Promise<void> {
    this.#leave(id);
    await this.#records.destroy(id);
  }

  #leave(id: string): void {
    const interaction = this.#pending.get(id);
    this.#pending.delete(id);
    if (interaction !== undefined) this.#shares.leave(interaction);
  }

  #standingOf(address: string | undefined): Standing {
    return this.#good.isNeighbour(address) ? 'neighbour' : 'stranger';
  }

  #sweep(): void {
    const oldestMs = this.#clock.monotonic() - INTERACTION_SECONDS * 1_000;
    for (const [id, { begunMs }] of this.#pending) {
      if (begunMs > oldestMs) return;
      this.#leave(id);
    }
  }
}

class PendingInteraction implements Applicant {
  readonly address: string | undefined;
  readonly standing: Standing;
  /** On the monotonic clock. */
  readonly begunMs: number;
  readonly displace: () => void;

  constructor(address: string | undefined, standing: Standing, begunMs: number, displace: () => void) {
    this.address = address;
    this.standing = standing;
    this.begunMs = begunMs;
    this.displace = displace;
  }

  start(): void {}
}
