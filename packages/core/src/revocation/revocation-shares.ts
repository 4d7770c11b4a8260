/** Positions of a subject's two counters: 12 bits each. */
const COUNTERS = 4_096;

/** The tag of a revocation: whose it is, and how long it is kept, in one word of 32 bits. */
const OWNER = 0x00ff_ffff;
const IS_OWNED = 1 << 24;
const IS_ENDLESS = 1 << 25;
const IS_CLAIMED = 1 << 26;

/** What a tag holds. */
export interface TagParts {
  /** 24 bits of the hash of the subject's name. */
  readonly owner?: number | undefined;
  /** Nobody knows when the token ends. */
  readonly isEndless?: boolean | undefined;
  /** Only the token itself, unverified, says that it ends so late. */
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

/** Of two tags of one token: the known owner, and the longer life. */
export function joinTags(known: number, latest: number): number {
  const owned = (known & IS_OWNED) === 0 ? latest : known;
  return (owned & (OWNER | IS_OWNED)) | ((known | latest) & IS_ENDLESS) | (known & latest & IS_CLAIMED);
}

/**
 * Keeps one subject's revocations from taking the room of all others: an eighth of it is for one subject, three quarters
 * for tokens of which no subject is known, a half for those that claim a late end. Each subject has two counters in
 * common with some others, and is at its limit only when both are: two subjects share both with a chance of 1 to
 * 16 million.
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
