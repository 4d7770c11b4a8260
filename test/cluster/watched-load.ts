import type { FleetCall } from '../support/fleet.js';
import { FleetLoad } from '../support/fleet-load.js';
import { isNightly } from '../support/nightly.js';
import type { ApiFleet, Holder } from './api-fleet.js';

/** Who asks, and what the answer must be. */
type Asker =
  | { readonly kind: 'good' | 'revoked' | 'stranger'; readonly call: FleetCall }
  | { readonly kind: 'delivery'; readonly call: FleetCall; readonly count: { accepted: number } };

const MAY_BE: Readonly<Record<Asker['kind'], readonly number[]>> = {
  // By day the machine may be too busy for an answer in time.
  good: isNightly ? [200] : [200, 503],
  revoked: isNightly ? [401] : [401, 503],
  stranger: isNightly ? [401] : [401, 503],
  // A delivery that was accepted is refused with 401; nobody knows while Redis is away.
  delivery: [200, 401, 503],
};
const WIDTH = 12;
/** How many deliveries that were accepted are sent again: those of the last seconds. */
const REPEATED = 40;

/** Load on all processes in which every wrong answer is noticed. */
export class WatchedLoad {
  readonly wrong: string[] = [];
  readonly #load: FleetLoad<Asker>;
  readonly #statuses = new Map<string, number>();
  slowestMs = 0;
  #delivery: Extract<Asker, { kind: 'delivery' }>;
  #accepted: readonly Asker[] = [];
  #serial = 0;

  constructor(api: ApiFleet, good: readonly Holder[], revoked: readonly Holder[]) {
    const askers: readonly Asker[] = [
      ...good.map((holder): Asker => ({ kind: 'good', call: api.call(holder) })),
      ...revoked.map((holder): Asker => ({ kind: 'revoked', call: api.call(holder) })),
      { kind: 'stranger', call: api.call({ token: 'nobody-has-this-token' }) },
    ];
    const deliver = (): Extract<Asker, { kind: 'delivery' }> => {
      this.#serial += 1;
      const call = api.delivery(`{"id":"event-${Date.now()}-${this.#serial}"}`);
      return { kind: 'delivery', call, count: { accepted: 0 } };
    };
    this.#delivery = deliver();
    this.#load = new FleetLoad<Asker>(api.fleet, {
      width: WIDTH,
      next: (turn) => {
        // Every delivery goes to all processes, twice.
        if (turn % 16 === 0) this.#delivery = deliver();
        if (turn % 16 < 8) return this.#delivery;
        const { length } = this.#accepted;
        if (turn % 16 < 11 && length > 0) return this.#accepted[(turn * 7) % length] as Asker;
        return askers[Math.floor((turn * 7) / 3) % askers.length] as Asker;
      },
      call: ({ call }) => call,
      seen: ({ subject, status, tookMs }) => this.#see(subject, status, tookMs),
    });
  }

  /** How often this was answered so since the last `forget`. */
  count(kind: Asker['kind'], status: number): number {
    return this.#statuses.get(`${kind} ${status}`) ?? 0;
  }

  forget(): void {
    this.#statuses.clear();
  }

  end(): Promise<void> {
    return this.#load.end();
  }

  #see(asker: Asker, status: number, tookMs: number): void {
    const answer = `${asker.kind} ${status}`;
    this.#statuses.set(answer, (this.#statuses.get(answer) ?? 0) + 1);
    this.slowestMs = Math.max(this.slowestMs, tookMs);
    if (!MAY_BE[asker.kind].includes(status)) this.wrong.push(answer);
    if (asker.kind !== 'delivery' || status !== 200) return;
    this.#accepted = [...this.#accepted, asker].slice(-REPEATED);
    asker.count.accepted += 1;
    if (asker.count.accepted > 1) this.wrong.push('a delivery was accepted twice');
  }
}
