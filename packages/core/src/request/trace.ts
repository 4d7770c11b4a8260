import { fingerprint } from '../secrecy/secret.js';

/** Where a handler's answer came from. */
export type CacheState = 'hit' | 'negative_hit' | 'miss' | 'joined' | 'stale' | 'shared_hit';

/** One handler's part in a decision, as data without secrets. */
export interface TraceStep {
  readonly handler: string;
  /** Keyed fingerprint of the credential; absent when it has no text to take one of. */
  readonly fingerprint: string | undefined;
  readonly verdict: string;
  /** A stable reason code. */
  readonly reason: string | undefined;
  readonly cache: CacheState | undefined;
  /** When the handler was asked, counted from the decision's begin. */
  readonly startedAfterMs: number;
  readonly durationMs: number;
}

/** What is kept of a handler's bug: never its message, which may quote a credential. */
export interface TraceFault {
  /** The handler or guard that broke its contract. */
  readonly culprit: string;
  readonly name: string;
  readonly code: string | undefined;
  /** Stack frames: function names and source positions. */
  readonly frames: readonly string[];
}

/** Which operation a request was decided as. */
export interface DecidedOperation {
  readonly id: string;
  readonly template: string;
}

/** Records how a decision came about. It exists only while somebody listens or asks for an explanation. */
export class DecisionTrace {
  readonly #steps: TraceStep[] = [];
  readonly #monotonic: () => number;
  readonly #startedMs: number;
  #fault: TraceFault | undefined;
  #operation: DecidedOperation | undefined;
  #open: OpenStep | undefined;

  constructor(monotonic: () => number) {
    this.#monotonic = monotonic;
    this.#startedMs = monotonic();
  }

  /** Milliseconds since the decision began. */
  get elapsedMs(): number {
    return this.#monotonic() - this.#startedMs;
  }

  /** What the request was decided as; absent where no operation was chosen. */
  get operation(): DecidedOperation | undefined {
    return this.#operation;
  }

  /** The steps so far; one that has not come to a verdict is `unfinished`. */
  get steps(): readonly TraceStep[] {
    const pending = this.#step('unfinished', undefined);
    return Object.freeze(pending === undefined ? [...this.#steps] : [...this.#steps, pending]);
  }

  get fault(): TraceFault | undefined {
    return this.#fault;
  }

  begin(handler: string, credential: unknown): void {
    const startedAfterMs = this.elapsedMs;
    this.#open = { handler, fingerprint: fingerprintOf(credential), startedAfterMs, cache: undefined };
  }

  /** For handlers: tells where the answer to the current credential came from. */
  noteCache(state: CacheState): void {
    if (this.#open !== undefined) this.#open.cache = state;
  }

  end(verdict: string, reason: string | undefined): void {
    const step = this.#step(verdict, reason);
    if (step !== undefined) this.#steps.push(step);
    this.#open = undefined;
  }

  noteOperation(operation: DecidedOperation | undefined): void {
    this.#operation = operation;
  }

  /** Keeps the first bug of a decision; `culprit` is a handler's or guard's name. */
  noteFault(culprit: string, error: unknown): void {
    this.#fault ??= describeFault(culprit, error);
  }

  #step(verdict: string, reason: string | undefined): TraceStep | undefined {
    if (this.#open === undefined) return undefined;
    const durationMs = this.elapsedMs - this.#open.startedAfterMs;
    return Object.freeze({ ...this.#open, verdict, reason, durationMs });
  }
}

interface OpenStep {
  readonly handler: string;
  readonly fingerprint: string | undefined;
  readonly startedAfterMs: number;
  cache: CacheState | undefined;
}

function fingerprintOf(credential: unknown): string | undefined {
  if (typeof credential === 'string') return fingerprint(credential);
  const owner = credential as { fingerprint?: unknown } | null | undefined;
  try {
    return typeof owner?.fingerprint === 'function' ? String(owner.fingerprint()) : undefined;
  } catch {
    // A credential is foreign code; being watched must not change what is decided about it.
    return undefined;
  }
}

const MAX_FRAMES = 8;
const CODE = /^[A-Z][A-Z0-9_]{0,63}$/;

function describeFault(culprit: string, error: unknown): TraceFault {
  try {
    if (error instanceof Error) return describeError(culprit, error);
  } catch {
    // What was thrown throws when it is looked at; its kind has to do.
  }
  return Object.freeze({ culprit, name: typeof error, code: undefined, frames: [] });
}

function describeError(culprit: string, error: Error): TraceFault {
  const code = (error as { code?: unknown }).code;
  return Object.freeze({
    culprit,
    name: String(error.constructor.name),
    code: typeof code === 'string' && CODE.test(code) ? code : undefined,
    frames: framesOf(error),
  });
}

/** The stack behind the message: cut by length, since a message may look like a frame; nothing when it is not found. */
function framesOf(error: Error): readonly string[] {
  const stack = typeof error.stack === 'string' ? error.stack : '';
  const message = String(error.message);
  const start = stack.indexOf(message);
  if (start === -1) return Object.freeze([]);
  const frames = stack
    .slice(start + message.length)
    .split('\n')
    .map((line) => line.trim());
  return Object.freeze(frames.filter((line) => line.startsWith('at ')).slice(0, MAX_FRAMES));
}
