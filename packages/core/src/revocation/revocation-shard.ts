import { isEndless } from './revocation-shares.js';

/** The first 16 bytes of a keyed hash. */
export const HASH_WORDS = 4;

/** Positions in a row, in words. The hash comes first. Times are whole seconds. */
export const END = HASH_WORDS;
/** The same end on the monotonic clock, counted from the creation of the records. */
export const MONOTONIC_END = HASH_WORDS + 1;
export const TAG = HASH_WORDS + 2;
/** The length of a row. Records with a date add more words. */
export const ROW_WORDS = HASH_WORDS + 3;

/** Seconds since the epoch, and on the monotonic clock since the beginning of the records. */
export interface Moment {
  readonly now: number;
  readonly monotonic: number;
}

const MIN_ROWS = 8;
const MAX_LOAD = 0.75;

/**
 * A hash table (open addressing, linear probing). Revocations are spread over many of them, so that rebuilding one takes
 * little time. Rows are removed only by rebuilding.
 */
export class RevocationShard {
  readonly #rowWords: number;
  readonly #onDrop: (tag: number) => void;
  #rows: Uint32Array;
  #size = 0;
  /** The earliest end of a row with a known end, and of one without. On the monotonic clock. */
  #nextEnd = Number.POSITIVE_INFINITY;
  #nextLoose = Number.POSITIVE_INFINITY;

  constructor(rowWords: number, onDrop: (tag: number) => void) {
    this.#rowWords = rowWords;
    this.#onDrop = onDrop;
    this.#rows = new Uint32Array(MIN_ROWS * rowWords);
  }

  get size(): number {
    return this.#size;
  }

  get rows(): Uint32Array {
    return this.#rows;
  }

  /** Where the row with a hash begins, or -1. */
  find(hash: Uint32Array): number {
    const at = this.#place(this.#rows, hash);
    return this.#rows[at + END] === 0 ? -1 : at;
  }

  /** Adds a row for a new hash. The caller writes its other words and then calls `noteEnd`. */
  insert(hash: Uint32Array, moment: Moment): number {
    const capacity = this.#rows.length / this.#rowWords;
    if (this.#size + 1 > capacity * MAX_LOAD) this.#rebuild(moment, none);
    const at = this.#place(this.#rows, hash);
    this.#rows.set(hash, at);
    this.#size += 1;
    return at;
  }

  noteEnd(at: number): void {
    const end = this.#rows[at + MONOTONIC_END] as number;
    if (isEndless(this.#rows[at + TAG] as number)) this.#nextLoose = Math.min(this.#nextLoose, end);
    else this.#nextEnd = Math.min(this.#nextEnd, end);
  }

  dropEnded(moment: Moment): void {
    if (this.#nextEnd <= moment.monotonic) this.#rebuild(moment, none);
  }

  /**
   * Also drops rows without a known end that were kept for their minimum time: those with a concerned tag or, without
   * `isConcerned`, the eighth of the time span that was kept longest. Returns how many rows it looked at.
   */
  dropLoose(moment: Moment, isConcerned?: (tag: number) => boolean): number {
    const { monotonic } = moment;
    if (!(this.#nextLoose <= monotonic)) return 0;
    const until = this.#nextLoose + (monotonic - this.#nextLoose) / 8;
    const rows = this.#rows;
    const isLoose = (at: number) =>
      isConcerned === undefined ? (rows[at + MONOTONIC_END] as number) <= until : isConcerned(rows[at + TAG] as number);
    this.#rebuild(moment, isLoose);
    return rows.length / this.#rowWords;
  }

  /** Leaves half of the table free, so that it is not rebuilt again soon. */
  #rebuild(moment: Moment, isLoose: (at: number) => boolean): void {
    const [old, words] = [this.#rows, this.#rowWords];
    const keeps = (at: number) => !hasPassed(old, at, moment) || (isEndless(old[at + TAG] as number) && !isLoose(at));
    let kept = 0;
    for (let at = 0; at < old.length; at += words) if (old[at + END] !== 0 && keeps(at)) kept += 1;
    this.#rows = new Uint32Array(Math.max(MIN_ROWS, 2 * kept) * words);
    this.#size = kept;
    this.#nextEnd = Number.POSITIVE_INFINITY;
    this.#nextLoose = Number.POSITIVE_INFINITY;
    for (let at = 0; at < old.length; at += words) {
      if (old[at + END] === 0) continue;
      if (keeps(at)) this.#adopt(old.subarray(at, at + words), moment);
      else this.#onDrop(old[at + TAG] as number);
    }
  }

  #adopt(row: Uint32Array, moment: Moment): void {
    const at = this.#place(this.#rows, row);
    this.#rows.set(row, at);
    this.noteEnd(at);
    // A row that has ended by the monotonic clock only is looked at again in a second. Otherwise each call would rebuild.
    if (this.#nextEnd <= moment.monotonic) this.#nextEnd = moment.monotonic + 1;
  }

  /** The row of a hash, or the free one where it belongs. */
  #place(rows: Uint32Array, hash: Uint32Array): number {
    const words = this.#rowWords;
    const capacity = rows.length / words;
    let at = Math.floor(((hash[1] as number) / 2 ** 32) * capacity) * words;
    while (rows[at + END] !== 0 && !isAt(rows, at, hash)) {
      at += words;
      if (at === rows.length) at = 0;
    }
    return at;
  }
}

/**
 * A revocation has ended when both clocks say so. If the wall clock is set forward, it would end the revocation too early.
 * If it is set back, the token lives longer than the monotonic clock knows.
 */
export function hasPassed(rows: Uint32Array, at: number, { now, monotonic }: Moment): boolean {
  return monotonic >= (rows[at + MONOTONIC_END] as number) && now >= (rows[at + END] as number);
}

const none = () => false;

function isAt(rows: Uint32Array, at: number, hash: Uint32Array): boolean {
  for (let word = 0; word < HASH_WORDS; word += 1) if (rows[at + word] !== hash[word]) return false;
  return true;
}
