import type { Clock } from '../../clock/clock.js';
import type { CommandBudget } from './client/command-budget.js';
import type { RedisCommands } from './client/redis-commands.js';

/** A part of the stream that was not read before. */
export interface StreamPage {
  readonly notices: readonly string[];
  /** Whether the stream ends here. */
  readonly isLast: boolean;
  /** Whether the stream is another one than before. It is then read again from its beginning. */
  readonly hasGap: boolean;
}

export interface StreamReaderCollaborators {
  readonly client: RedisCommands;
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
 * Reads a stream on from the end of the last read. Ids alone are not trusted: every read begins with the entry that was
 * read last. If that entry is gone, the stream was deleted, trimmed, restored or replaced, and new ids may be smaller
 * than those seen before. An empty stream has no such entry, so it needs to be written to.
 */
export class RevocationStreamReader {
  readonly #name: string;
  readonly #keepMs: number;
  readonly #client: RedisCommands;
  readonly #reads: CommandBudget;
  readonly #clock: Clock;
  /** The entry that was read last. */
  #last: StreamEntry | undefined;
  /** The id of the entry before `#last`. A read of the entries after this id must begin with `#last`. */
  #beforeLast = BEGINNING;

  constructor(options: { name: string; keepMs: number }, { client, reads, clock }: StreamReaderCollaborators) {
    this.#name = options.name;
    this.#keepMs = options.keepMs;
    this.#client = client;
    this.#reads = reads;
    this.#clock = clock;
  }

  /** Whether there is a last entry. Without one, a replaced stream cannot be noticed. */
  get isAnchored(): boolean {
    return this.#last !== undefined;
  }

  /** The next page; `undefined` when Redis does not answer in time or answers something else than entries. */
  async read(): Promise<StreamPage | undefined> {
    const command = ['XRANGE', this.#name, `(${this.#beforeLast}`, '+', 'COUNT', String(PAGE)];
    const reply = await this.#reads.run(() => this.#client.send(this.#name, command));
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

  /** Begins at the start of the stream. It is no gap if the last entry is gone because its time was over. */
  #beginAnew(last: StreamEntry): StreamPage {
    this.#last = undefined;
    this.#beforeLast = BEGINNING;
    const endsAtMs = Number.parseInt(last.id, 10) + this.#keepMs;
    return { notices: [], isLast: false, hasGap: this.#clock.now() < endsAtMs - CLOCK_TOLERANCE_MS };
  }
}

/** An entry is its id, and the list of its fields and values. */
function streamEntry(entry: unknown): StreamEntry | undefined {
  const [id, members] = Array.isArray(entry) ? entry : [];
  if (typeof id !== 'string' || !/^\d+-\d+$/.test(id)) return undefined;
  const [field, text] = Array.isArray(members) ? members : [];
  return { id, notice: field === 'notice' && typeof text === 'string' ? text : undefined };
}

function isSame(entry: StreamEntry | undefined, last: StreamEntry): boolean {
  return entry?.id === last.id && entry.notice === last.notice;
}
