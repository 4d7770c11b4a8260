/** The size of each of the two tables of counters: 12 bits of the owner select a counter. */
const COUNTERS = 4_096;

/** The bits of a tag, which describes a revocation in one word of 32 bits. */
const OWNER = 0x00ff_ffff;
const IS_OWNED = 1 << 24;
const IS_ENDLESS = 1 << 25;
const IS_CLAIMED = 1 << 26;

/** What a tag holds. */
export interface TagParts {
  /** 24 bits of the hash of the subject's name. */
  readonly owner?: number | undefined;
  /** The end of the token is unknown. */
  readonly isEndless?: boolean | undefined;
  /** The late end comes from the token itself, which nobody verified. */
  readonly isClaimed?: boolean | undefined;
}

export function tagOf({ owner, isEndless, isClaimed }: TagParts): number {
  return (
    (owner === undefined ? 0 : IS_OWNED | (owner & OWNER)) | (isEndless ? IS_ENDLESS : 0) | (isClaimed ? IS_CLAIMED : 0)
  );
}

export function isEndless(tag: number): boolean {
  return (tag & IS_ENDLESS) !== 0;
}

export function isSameShare(left: number, right: number): boolean {
  return ((left ^ right) & (OWNER | IS_OWNED)) === 0;
}

/** Merges two tags of one token: the known owner, and the longer life. */
export function joinTags(known: number, latest: number): number {
  const owned = (known & IS_OWNED) === 0 ? latest : known;
  return (owned & (OWNER | IS_OWNED)) | ((known | latest) & IS_ENDLESS) | (known & latest & IS_CLAIMED);
}

/**
 * Limits the room that revocations may take: an eighth for one subject, three quarters for tokens without a known subject,
 * a half for tokens that claim a late end. A subject is counted in two counters, which it shares with other subjects, and
 * is at its limit only if both are. Two subjects share both counters with a chance of 1 in 16 million.
 */
export class RevocationShares {
  readonly #ofOne: number;
  readonly #ofNobody: number;
  readonly #ofClaimed: number;
  #first: Uint32Array | undefined;
  #second: Uint32Array | undefined;
  #nobodys = 0;
  #claimed = 0;

  constructor(maxEntries: number) {
    this.#ofOne = Math.ceil(maxEntries / 8);
    this.#ofNobody = Math.ceil((maxEntries * 3) / 4);
    this.#ofClaimed = Math.ceil(maxEntries / 2);
  }

  hasRoom(tag: number): boolean {
    if ((tag & IS_CLAIMED) !== 0 && this.#claimed >= this.#ofClaimed) return false;
    if ((tag & IS_OWNED) === 0) return this.#nobodys < this.#ofNobody;
    return Math.min(this.#first?.[first(tag)] ?? 0, this.#second?.[second(tag)] ?? 0) < this.#ofOne;
  }

  take(tag: number): void {
    this.#count(tag, 1);
  }

  giveBack(tag: number): void {
    this.#count(tag, -1);
  }

  #count(tag: number, by: number): void {
    if ((tag & IS_CLAIMED) !== 0) this.#claimed += by;
    if ((tag & IS_OWNED) === 0) {
      this.#nobodys += by;
      return;
    }
    this.#first ??= new Uint32Array(COUNTERS);
    this.#second ??= new Uint32Array(COUNTERS);
    this.#first[first(tag)] = (this.#first[first(tag)] ?? 0) + by;
    this.#second[second(tag)] = (this.#second[second(tag)] ?? 0) + by;
  }
}

function first(tag: number): number {
  return tag & (COUNTERS - 1);
}

function second(tag: number): number {
  return (tag >>> 12) & (COUNTERS - 1);
}
