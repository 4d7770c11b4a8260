import type { Applicant } from './applicant.js';

/** A place that an applicant holds in one of the narrowest groups, waiting or running. */
export interface Place {
  readonly applicant: Applicant;
  readonly group: PlaceGroup;
  /** How well the applicant is known. Each rank has its own tree of groups. */
  readonly rank: number;
  isRunning: boolean;
}

/**
 * The places of one network: its inner networks or, at the narrowest width, its callers. A tree of such groups shares
 * places at every width at once.
 */
export class PlaceGroup {
  /** In the order of their turns: after its turn, a group goes to the end. Undefined in the narrowest groups. */
  #inside: Map<string, PlaceGroup> | undefined;
  /** Only the narrowest groups have these. Groups come and go with their callers, so they make only what they need. */
  #waiting: Set<Place> | undefined;
  #running: Set<Place> | undefined;
  readonly #name: string;
  readonly #parent: PlaceGroup | undefined;
  #waitingCount = 0;
  #runningCount = 0;

  constructor(name = '', parent?: PlaceGroup) {
    this.#name = name;
    this.#parent = parent;
  }

  get waiting(): number {
    return this.#waitingCount;
  }

  get running(): number {
    return this.#runningCount;
  }

  /** Places held, waiting and running. */
  get held(): number {
    return this.#waitingCount + this.#runningCount;
  }

  /** The narrowest group on a path of names, from wide to narrow. Missing groups are made. */
  open(path: readonly string[]): PlaceGroup {
    let group: PlaceGroup = this;
    for (const name of path) group = group.#open(name);
    return group;
  }

  /** Whether every group on a path holds less than `most` places. */
  holdsLess(most: number, path: readonly string[]): boolean {
    let group: PlaceGroup = this;
    for (const name of path) {
      const inside = group.#inside?.get(name);
      if (inside === undefined) return most > 0;
      if (inside.held >= most) return false;
      group = inside;
    }
    return true;
  }

  add(place: Place): void {
    this.#waiting ??= new Set();
    this.#waiting.add(place);
    this.#count(1, 0);
  }

  /** Lets a place that waits run. Its networks have had their turn. */
  promote(place: Place): void {
    this.#waiting?.delete(place);
    this.#running ??= new Set();
    this.#running.add(place);
    place.isRunning = true;
    this.#count(-1, 1);
    this.#moveBack();
  }

  remove(place: Place): void {
    const set = place.isRunning ? this.#running : this.#waiting;
    if (set?.delete(place) !== true) return;
    if (place.isRunning) this.#count(0, -1);
    else this.#count(-1, 0);
  }

  /**
   * The next place to run: at every width from the network that runs least. Of equal networks, the one whose last turn is
   * longest ago comes first; within the narrowest network, the caller that waits longest. No network at any width gets
   * more than `mostRunning` running places.
   */
  next(mostRunning: number): Place | undefined {
    if (this.#waitingCount === 0) return undefined;
    if (this.#parent !== undefined && this.#runningCount >= mostRunning) return undefined;
    if (this.#inside === undefined) return this.#nextHere();
    for (const group of this.#inTurn(this.#inside)) {
      const place = group.next(mostRunning);
      if (place !== undefined) return place;
    }
    return undefined;
  }

  /**
   * The newest place of the network that holds most, at every width. Of equal networks, the one of `newcomer` loses,
   * because `newcomer` is the newest of all. Running places count, but are returned only with `takesRunning`.
   */
  newestOfMost(newcomer: Place, takesRunning: boolean): Place | undefined {
    if (this.#inside === undefined) return this.#newestHere(newcomer, takesRunning);
    let most: PlaceGroup | undefined;
    for (const group of this.#inside.values()) {
      if (group.#waitingCount === 0 && !takesRunning) continue;
      if (most === undefined || group.held > most.held || (group.held === most.held && newcomer.group.#isIn(group))) {
        most = group;
      }
    }
    return most?.newestOfMost(newcomer, takesRunning);
  }

  /** The groups that wait, the one that runs least first. Often it is one alone: then nothing is sorted. */
  #inTurn(inside: ReadonlyMap<string, PlaceGroup>): readonly PlaceGroup[] {
    const groups: PlaceGroup[] = [];
    for (const group of inside.values()) if (group.waiting > 0) groups.push(group);
    if (groups.length > 1) groups.sort((left, right) => left.running - right.running);
    return groups;
  }

  #nextHere(): Place | undefined {
    for (const place of this.#waiting ?? []) {
      if (place.applicant.isReady !== false) return place;
    }
    return undefined;
  }

  #newestHere(newcomer: Place, takesRunning: boolean): Place | undefined {
    if (newcomer.group === this && this.#waiting?.has(newcomer) === true) return newcomer;
    return last(this.#waiting) ?? (takesRunning ? last(this.#running) : undefined);
  }

  #isIn(group: PlaceGroup): boolean {
    if (this === group) return true;
    return this.#parent === undefined ? false : this.#parent.#isIn(group);
  }

  #open(name: string): PlaceGroup {
    this.#inside ??= new Map();
    let group = this.#inside.get(name);
    if (group === undefined) {
      group = groupInside(this, name);
      this.#inside.set(name, group);
    }
    return group;
  }

  #count(waiting: number, running: number): void {
    this.#waitingCount += waiting;
    this.#runningCount += running;
    if (this.#parent === undefined) return;
    this.#parent.#count(waiting, running);
    if (this.held === 0) this.#parent.#inside?.delete(this.#name);
  }

  #moveBack(): void {
    const parent = this.#parent;
    if (parent === undefined) return;
    // The only one keeps its place.
    if (parent.#inside !== undefined && parent.#inside.size > 1) {
      parent.#inside.delete(this.#name);
      parent.#inside.set(this.#name, this);
    }
    parent.#moveBack();
  }
}

function last<Item>(items: ReadonlySet<Item> = new Set()): Item | undefined {
  let newest: Item | undefined;
  for (const item of items) newest = item;
  return newest;
}

/** A function outside the class: the bundler renames a class whose methods use its name. */
function groupInside(parent: PlaceGroup, name: string): PlaceGroup {
  return new PlaceGroup(name, parent);
}
