import type { Clock } from '../../clock/clock.js';
import type { CommandBudget } from './command-budget.js';
import type { RedisStreamClient } from './redis-client.js';

/** A part of the stream that was not read before. */
export interface StreamPage {
  readonly notices: readonly string[];
  /** There is no more. */
  readonly isLast: boolean;
  /** The stream is not the one that was read before: it is read anew from its beginning. */
  readonly hasGap: boolean;
}

export interface StreamReaderCollaborators {
  readonly client: RedisStreamClient;
  readonly reads: CommandBudget;
  readonly clock: Clock;
}

interface StreamEntry {
  readonly id: string;
  readonly notice: string | undefined;
}

const PAGE = 1_000;
const CLOCK_TOLERANCE_MS = 60_000;
const BEGINNING = '0-0';

/**
 * Reads a stream from where it last ended. No id is believed by itself: every read begins with the entry that was read
 * last, and where that is not there any more the stream was deleted, trimmed, restored or replaced by another one, so
 * that the next ids may be smaller than any that was seen. In an empty stream there is nothing to begin with: somebody
 * has to write to it.
 */
export class RevocationStreamReader {
  readonly #name: string;
  readonly #keepMs: number;
  readonly #client: RedisStreamClient;
  readonly #reads: CommandBudget;
  readonly #clock: Clock;
  /** The entry that was read last. */
  #last: StreamEntry | undefined;
  /** The id of the entry before it: what comes after this has to begin with the last one. */
  #beforeLast = BEGINNING;

  constructor(options: { name: string; keepMs: number }, { client, reads, clock }: StreamReaderCollaborators) {
    this.#name = options.name;
    this.#keepMs = options.keepMs;
    this.#client = client;
    this.#reads = reads;
    this.#clock = clock;
  }

  /** It has an entry by which it would notice that the stream is another one. */
  get isAnchored(): boolean {
    return this.#last !== undefined;
  }

  /** `undefined` when Redis does not answer in time or not as it should. */
  async read(): Promise<StreamPage | undefined> {
    const start = `(${this.#beforeLast}`;
    const reply = await this.#reads.run(() => this.#client.xRange(this.#name, start, '+', { COUNT: PAGE }));
    if (!Array.isArray(reply)) return undefined;
    const entries = reply.map(streamEntry);
    if (!entries.every((entry) => entry !== undefined)) return undefined;
    const last = this.#last;
    if (last !== undefined && !isSame(entries[0], last)) return this.#beginAnew(last);
    this.#beforeLast = entries.at(-2)?.id ?? this.#beforeLast;
    this.#last = entries.at(-1) ?? last;
    const fresh = last === undefined ? entries : entries.slice(1);
    return { notices: fresh.flatMap(({ notice }) => notice ?? []), isLast: reply.length < PAGE, hasGap: false };
  }

  /** It is no gap that an entry ended whose time was over. */
  #beginAnew(last: StreamEntry): StreamPage {
    this.#last = undefined;
    this.#beforeLast = BEGINNING;
    const endsAtMs = Number.parseInt(last.id, 10) + this.#keepMs;
    return { notices: [], isLast: false, hasGap: this.#clock.now() < endsAtMs - CLOCK_TOLERANCE_MS };
  }
}

function streamEntry(entry: unknown): StreamEntry | undefined {
  const { id, message } = (entry ?? {}) as { id?: unknown; message?: { notice?: unknown } };
  if (typeof id !== 'string' || !/^\d+-\d+$/.test(id)) return undefined;
  const notice = message?.notice;
  return { id, notice: typeof notice === 'string' ? notice : undefined };
}

function isSame(entry: StreamEntry | undefined, last: StreamEntry): boolean {
  return entry?.id === last.id && entry.notice === last.notice;
}
