import { networksOf } from '../network.js';
import { newTally, type Tally } from './tally.js';

/** The keys of one network, at its widest. */
interface Group {
  readonly network: string;
  size: number;
  /** The keys as they came, newest last; also some that are gone. */
  keys: string[];
  /** For keys that have no place: they count together. */
  rest: Tally | undefined;
}

interface Kept {
  readonly tally: Tally;
  readonly group: Group;
}

/** The tally of a key. `isJoint` if it is that of all keys without a place. */
export interface FoundTally {
  readonly tally: Tally;
  readonly isJoint: boolean;
}

/** So many of the oldest tallies are looked at for one that is over, when there is no place. */
const LOOKED_AT = 4;

/**
 * A bounded number of tallies, shared fairly: when all places are taken, the network with the most keys gives one up, its
 * newest. Keys without a place count together with the others of their network. So whoever invents keys pushes out nobody
 * else's count, and is granted no more by it. Nothing here takes longer the more keys there are.
 */
export class Tallies {
  readonly #maxEntries: number;
  readonly #isOver: (tally: Tally) => boolean;
  /** The tally that began its window first stands first. */
  readonly #kept = new Map<string, Kept>();
  readonly #groups = new Map<string, Group>();
  /** The groups by the number of their keys. */
  readonly #bySize: Set<Group>[] = [];
  #largest = 0;
  /** For keys of networks that have no place at all. */
  readonly #rest: Tally = newTally();

  constructor(maxEntries: number, isOver: (tally: Tally) => boolean) {
    this.#maxEntries = maxEntries;
    this.#isOver = isOver;
  }

  get size(): number {
    return this.#kept.size;
  }

  of(key: string, address: string | undefined): FoundTally {
    const known = this.#kept.get(key);
    if (known !== undefined) return { tally: known.tally, isJoint: false };
    const [network] = networksOf(address);
    if (this.#kept.size >= this.#maxEntries && !this.#makeRoom(this.#groups.get(network)))
      return { tally: this.#restOf(this.#groups.get(network)), isJoint: true };
    const tally = newTally();
    const group = this.#groups.get(network) ?? this.#open(network);
    this.#kept.set(key, { tally, group });
    group.keys.push(key);
    this.#resize(group, 1);
    return { tally, isJoint: false };
  }

  /** For a tally that begins another window. */
  moveBack(key: string): void {
    const kept = this.#kept.get(key);
    if (kept === undefined) return;
    this.#kept.delete(key);
    this.#kept.set(key, kept);
  }

  #restOf(group: Group | undefined): Tally {
    if (group === undefined) return this.#rest;
    group.rest ??= newTally();
    return group.rest;
  }

  /** False if nobody has more keys than the newcomer's own network. */
  #makeRoom(own: Group | undefined): boolean {
    if (this.#dropOver()) return true;
    if (this.#largest <= Math.max(1, own?.size ?? 0)) return false;
    const [largest] = this.#bySize[this.#largest] as Set<Group>;
    this.#dropNewest(largest as Group);
    return true;
  }

  #dropOver(): boolean {
    let looked = 0;
    for (const [key, { tally }] of this.#kept) {
      if (this.#isOver(tally)) {
        this.#drop(key);
        return true;
      }
      looked += 1;
      if (looked === LOOKED_AT) return false;
    }
    return false;
  }

  #dropNewest(group: Group): void {
    for (let key = group.keys.pop(); key !== undefined; key = group.keys.pop()) {
      const kept = this.#kept.get(key);
      if (kept?.group !== group) continue;
      const rest = this.#restOf(group);
      // Its next request counts with the rest, and must not begin anew there.
      rest.endsAtMs = Math.max(rest.endsAtMs, kept.tally.endsAtMs);
      rest.count = Math.max(rest.count, kept.tally.count);
      rest.own = Math.max(rest.own, kept.tally.own);
      this.#drop(key);
      return;
    }
  }

  #drop(key: string): void {
    const { group } = this.#kept.get(key) as Kept;
    this.#kept.delete(key);
    this.#resize(group, -1);
    if (group.size === 0) this.#groups.delete(group.network);
    else if (group.keys.length > 2 * group.size + LOOKED_AT)
      group.keys = group.keys.filter((each) => this.#kept.get(each)?.group === group);
  }

  #open(network: string): Group {
    const group: Group = { network, size: 0, keys: [], rest: undefined };
    this.#groups.set(network, group);
    return group;
  }

  #resize(group: Group, by: 1 | -1): void {
    this.#bySize[group.size]?.delete(group);
    group.size += by;
    const alike = this.#bySize[group.size] ?? new Set<Group>();
    this.#bySize[group.size] = alike;
    if (group.size > 0) alike.add(group);
    this.#largest = Math.max(this.#largest, group.size);
    while (this.#largest > 0 && (this.#bySize[this.#largest]?.size ?? 0) === 0) this.#largest -= 1;
  }
}
