import type { Clock } from '../clock/clock.js';
import {
  END,
  HASH_WORDS,
  hasPassed,
  MONOTONIC_END,
  type Moment,
  RevocationShard,
  ROW_WORDS,
  TAG,
} from './revocation-shard.js';
import { isEndless, isSameShare, joinTags, RevocationShares } from './revocation-shares.js';

/** One revocation: of a token, or of everything that a client or subject was issued. */
export interface RevocationRecord {
  /** When it may be forgotten, in milliseconds since the epoch. */
  readonly endsAtMs: number;
  /** Its owner, and whether its end is known: see `tagOf`. */
  readonly tag: number;
  /** When it was revoked, in seconds since the epoch. */
  readonly at: number;
  /** How many revocations this process knew when it was added, itself included. */
  readonly epoch: number;
  /** True if another instance has it already. */
  readonly isLearnt: boolean;
}

/** What a record with a date tells about its revocation. */
export type RevocationDate = Pick<RevocationRecord, 'at' | 'epoch'>;

/** More words of a row with a date: milliseconds since 1970 as two words, and the epoch of the revocation. */
const AT_HIGH = ROW_WORDS;
const AT_LOW = ROW_WORDS + 1;
const EPOCH = ROW_WORDS + 2;
const DATED_ROW_WORDS = ROW_WORDS + 3;

const SHARDS = 256;
const LEARNT_SHARE = 1 / 8;
/** How many rows may be looked at for one place: some tenths of a millisecond. */
const MAX_ROWS_SEEN = 2 ** 16;
const WORD = 2 ** 32;
const LAST_SECOND = WORD - 1;

/**
 * A bounded set of revocations by keyed hash, in flat memory: 37 to 56 bytes each, 53 to 80 with a date. Ended revocations
 * are dropped. If there is still no room, those without a known end are dropped that were kept for their minimum time.
 * All others stay: without room, `keep` returns false.
 */
export class RevocationRecords {
  readonly #shards: (RevocationShard | undefined)[] = [];
  readonly #maxEntries: number;
  readonly #isDated: boolean;
  readonly #shares: RevocationShares | undefined;
  readonly #clock: Clock;
  readonly #beginMs: number;
  readonly #hash = new Uint32Array(HASH_WORDS);
  #size = 0;
  /** The shard that is next to make room. */
  #cursor = 0;

  /** Only records without a date need shares: with a date, each party has one record anyway. */
  constructor(options: { maxEntries: number; isDated: boolean }, clock: Clock) {
    this.#maxEntries = Math.floor(options.maxEntries);
    this.#isDated = options.isDated;
    this.#shares = options.isDated ? undefined : new RevocationShares(this.#maxEntries);
    this.#clock = clock;
    this.#beginMs = clock.monotonic();
  }

  /** How many are in force. Drops those that have ended. */
  get size(): number {
    const moment = this.#moment();
    for (const shard of this.#shards) shard?.dropEnded(moment);
    return this.#size;
  }

  get bytes(): number {
    return this.#shards.reduce((bytes, shard) => bytes + (shard?.rows.byteLength ?? 0), 0);
  }

  get isEmpty(): boolean {
    return this.#size === 0;
  }

  has(key: string): boolean {
    return this.#find(key) !== undefined;
  }

  find(key: string): RevocationDate | undefined {
    const found = this.#find(key);
    if (found === undefined) return undefined;
    return dateOf(found.rows, found.at);
  }

  /** True if adding the record would change nothing. */
  covers(key: string, record: RevocationRecord): boolean {
    const found = this.#find(key);
    if (found === undefined) return false;
    const { rows, at } = found;
    const lasts = (rows[at + END] as number) >= secondOf(record.endsAtMs);
    const isAsEndless = isEndless(rows[at + TAG] as number) || !isEndless(record.tag);
    return lasts && isAsEndless && (!this.#isDated || dateOf(rows, at).at >= record.at);
  }

  /** False if there is no room. Revocations of other instances may exceed the limit by an eighth. */
  keep(key: string, record: RevocationRecord): boolean {
    const moment = this.#moment();
    const shard = this.#shardOf(key);
    const known = shard.find(this.#hash);
    if (known !== -1) {
      this.#join(shard, known, record, moment);
      return true;
    }
    const { tag, isLearnt } = record;
    if (!this.#hasRoom(tag, isLearnt) && !this.#makeRoom(tag, isLearnt, moment)) return false;
    const at = shard.insert(this.#hash, moment);
    this.#write(shard.rows, at, record, moment);
    shard.noteEnd(at);
    this.#size += 1;
    this.#shares?.take(tag);
    return true;
  }

  #find(key: string): { rows: Uint32Array; at: number } | undefined {
    if (this.#size === 0) return undefined;
    const shard = this.#shards[key.charCodeAt(0)];
    const at = shard?.find(this.#read(key)) ?? -1;
    if (shard === undefined || at === -1) return undefined;
    const { rows } = shard;
    const isOver = !isEndless(rows[at + TAG] as number) && hasPassed(rows, at, this.#moment());
    return isOver ? undefined : { rows, at };
  }

  /** Merges a record into the known one: the later end and the later date count. */
  #join(shard: RevocationShard, at: number, record: RevocationRecord, moment: Moment): void {
    const { rows } = shard;
    const [end, monotonicEnd] = [rows[at + END] as number, rows[at + MONOTONIC_END] as number];
    const tag = rows[at + TAG] as number;
    const since = this.#isDated ? dateOf(rows, at).at : 0;
    this.#shares?.giveBack(tag);
    const joined = { ...record, tag: joinTags(tag, record.tag), at: Math.max(since, record.at) };
    this.#write(rows, at, joined, moment);
    rows[at + END] = Math.max(end, rows[at + END] as number);
    rows[at + MONOTONIC_END] = Math.max(monotonicEnd, rows[at + MONOTONIC_END] as number);
    this.#shares?.take(joined.tag);
    shard.noteEnd(at);
  }

  #write(rows: Uint32Array, at: number, record: RevocationRecord, moment: Moment): void {
    rows[at + END] = secondOf(record.endsAtMs);
    const left = record.endsAtMs / 1_000 - this.#clock.now() / 1_000;
    rows[at + MONOTONIC_END] = Math.min(LAST_SECOND, Math.max(0, Math.ceil(moment.monotonic + left)));
    rows[at + TAG] = record.tag;
    if (!this.#isDated) return;
    const atMs = Math.ceil(record.at * 1_000);
    rows[at + AT_HIGH] = Math.floor(atMs / WORD);
    rows[at + AT_LOW] = atMs % WORD;
    rows[at + EPOCH] = record.epoch;
  }

  #hasRoom(tag: number, isLearnt: boolean): boolean {
    if (isLearnt) return this.#size < this.#maxEntries * (1 + LEARNT_SHARE);
    return this.#size < this.#maxEntries && (this.#shares?.hasRoom(tag) ?? true);
  }

  /** Drops what has ended, then some of what may be dropped. If only a share is full: of that share alone. */
  #makeRoom(tag: number, isLearnt: boolean, moment: Moment): boolean {
    for (const shard of this.#shards) shard?.dropEnded(moment);
    const isConcerned = this.#size < this.#maxEntries ? (other: number) => isSameShare(tag, other) : undefined;
    let seen = 0;
    for (let count = 0; count < SHARDS && seen < MAX_ROWS_SEEN && !this.#hasRoom(tag, isLearnt); count += 1) {
      seen += this.#shards[this.#cursor]?.dropLoose(moment, isConcerned) ?? 0;
      this.#cursor = (this.#cursor + 1) % SHARDS;
    }
    return this.#hasRoom(tag, isLearnt);
  }

  #shardOf(key: string): RevocationShard {
    this.#read(key);
    const index = key.charCodeAt(0) % SHARDS;
    const shard = this.#shards[index] ?? new RevocationShard(this.#rowWords, (tag) => this.#noteDrop(tag));
    this.#shards[index] = shard;
    return shard;
  }

  get #rowWords(): number {
    return this.#isDated ? DATED_ROW_WORDS : ROW_WORDS;
  }

  #noteDrop(tag: number): void {
    this.#size -= 1;
    this.#shares?.giveBack(tag);
  }

  /** Decodes a hash into words. One buffer is enough, because everything here is synchronous. */
  #read(key: string): Uint32Array {
    for (let word = 0; word < HASH_WORDS; word += 1) {
      const at = 4 * word;
      const high = (key.charCodeAt(at) << 8) | key.charCodeAt(at + 1);
      this.#hash[word] = (high << 16) | (key.charCodeAt(at + 2) << 8) | key.charCodeAt(at + 3);
    }
    return this.#hash;
  }

  #moment(): Moment {
    return { now: this.#clock.now() / 1_000, monotonic: (this.#clock.monotonic() - this.#beginMs) / 1_000 };
  }
}

function dateOf(rows: Uint32Array, at: number): RevocationDate {
  const atMs = (rows[at + AT_HIGH] as number) * WORD + (rows[at + AT_LOW] as number);
  return { at: atMs / 1_000, epoch: rows[at + EPOCH] as number };
}

function secondOf(ms: number): number {
  return Math.min(LAST_SECOND, Math.max(1, Math.ceil(ms / 1_000)));
}
