import { ownMember } from '../options/own-members.js';
import type { Applicant } from './applicant.js';
import type { Standing } from './good-before.js';
import { networksOf, UNKNOWN_NETWORK } from './network.js';
import { type Place, PlaceGroup } from './place-group.js';

export interface SharesOptions {
  /** How many may run at once, at least 1. */
  readonly running: number;
  /** How many may wait for their turn. */
  readonly waiting: number;
  /** True if `displace` can end what runs: then no running place is kept free of strangers. Default false. */
  readonly isInterruptible?: boolean | undefined;
}

const RANKS: Readonly<Record<Standing, number>> = { stranger: 0, neighbour: 1, known: 2 };
const STRANGER = 0;
const KNOWN = 2;

/** The order of turns by rank when all ranks wait: known callers most often, strangers now and then. */
const TURNS: readonly number[] = [2, 1, 2, 0, 2, 1, 2];

/** The part of all places for which one network counts as better known than strangers, by rank. */
const WORTH: readonly number[] = [0, 1 / 4, 1 / 2];

/** One eighth of the running places is kept free of strangers, and another eighth of any single network. */
const KEPT_SHARE = 8;

/**
 * A bounded number of places, shared so that no caller and no network (see `networksOf`) can use them up:
 * - Waiting networks are served in turn, at every width. Callers that were good before have more turns than strangers.
 * - When all places are taken, a newcomer takes the place of the newest stranger of the network that holds most. A known
 *   caller never loses its place. Others lose it only to somebody who is better known, or whose network holds less.
 * - The last eighth of the running places is for known callers. A single network, at any width, leaves one more eighth to
 *   others, unless its callers are known.
 * - At most half of all places count as known for one network, at any width, and at most a quarter as neighbours. Its
 *   other callers count as strangers.
 *
 * Everything is synchronous and without a clock: a caller who has waited too long has to `leave`.
 */
export class Shares {
  readonly #options: SharesOptions & { readonly isInterruptible: boolean };
  readonly #trees = [new PlaceGroup(), new PlaceGroup(), new PlaceGroup()];
  readonly #places = new Map<Applicant, Place>();
  #turn = 0;
  #isServing = false;

  constructor(options: SharesOptions) {
    const { running, waiting } = options;
    this.#options = { running, waiting, isInterruptible: ownMember(options, 'isInterruptible') ?? false };
  }

  /** Places held by those who run. */
  get running(): number {
    let sum = 0;
    for (const tree of this.#trees) sum += tree.running;
    return sum;
  }

  /** Places held by those who wait. */
  get waiting(): number {
    let sum = 0;
    for (const tree of this.#trees) sum += tree.waiting;
    return sum;
  }

  /** Asks for a place. If it returns false, there is none and nothing is called. Otherwise call `leave` at the end. */
  enter(applicant: Applicant): boolean {
    const place = this.#seat(applicant);
    this.#places.set(applicant, place);
    place.group.add(place);
    this.#serve();
    if (this.waiting <= this.#options.waiting) return true;
    const loser = this.#loser(place);
    this.#free(loser);
    if (loser === place) return false;
    loser.applicant.displace();
    this.#serve();
    return true;
  }

  /** Gives the place back, running or waiting. Without a place, this has no effect. */
  leave(applicant: Applicant): void {
    const place = this.#places.get(applicant);
    if (place === undefined) return;
    this.#free(place);
    // A `#serve` under way sees the free place by itself.
    if (!this.#isServing) this.#serve();
  }

  #seat(applicant: Applicant): Place {
    const path = networksOf(applicant.address);
    const wanted = RANKS[applicant.standing];
    const rank = this.#isWorth(wanted, path) ? wanted : STRANGER;
    return { applicant, rank, group: (this.#trees[rank] as PlaceGroup).open(path), isRunning: false };
  }

  /** Whether one more of this network, at whatever width, may count as better known than strangers. */
  #isWorth(rank: number, path: readonly string[]): boolean {
    if (path[0] === UNKNOWN_NETWORK) return true;
    const { running, waiting } = this.#options;
    const most = (running + waiting) * (WORTH[rank] as number);
    return (this.#trees[rank] as PlaceGroup).holdsLess(most, path);
  }

  #free(place: Place): void {
    this.#places.delete(place.applicant);
    place.group.remove(place);
  }

  /** Starts every applicant that may start. `start` may call `enter` and `leave`. */
  #serve(): void {
    const isNested = this.#isServing;
    this.#isServing = true;
    try {
      for (let place = this.#next(); place !== undefined; place = this.#next()) {
        place.group.promote(place);
        place.applicant.start();
      }
    } finally {
      this.#isServing = isNested;
    }
  }

  #next(): Place | undefined {
    if (this.running >= this.#options.running || this.waiting === 0) return undefined;
    const first = TURNS[this.#turn] as number;
    for (const rank of [first, 2, 1, 0]) {
      const place = this.#nextOf(rank);
      if (place === undefined) continue;
      this.#turn = (this.#turn + 1) % TURNS.length;
      return place;
    }
    return undefined;
  }

  #nextOf(rank: number): Place | undefined {
    const { running, isInterruptible } = this.#options;
    const tree = this.#trees[rank] as PlaceGroup;
    if (rank === KNOWN) return tree.next(running);
    const kept = isInterruptible ? 0 : Math.floor(running / KEPT_SHARE);
    const known = (this.#trees[KNOWN] as PlaceGroup).running;
    return this.running - known < running - kept ? tree.next(running - 2 * kept) : undefined;
  }

  /** The place that is taken away when there are too many. `newcomer` is the newest. */
  #loser(newcomer: Place): Place {
    const { isInterruptible } = this.#options;
    const tree = this.#trees.find(({ waiting, held }) => (isInterruptible ? held : waiting) > 0) as PlaceGroup;
    if (tree === this.#trees[KNOWN]) return newcomer;
    return tree.newestOfMost(newcomer, isInterruptible) as Place;
  }
}
