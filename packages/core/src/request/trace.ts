import { fingerprint } from '../secrecy/secret.js';

/** Where a handler's answer came from. */
export type CacheState = 'hit' | 'negative_hit' | 'miss' | 'joined' | 'stale' | 'shared_hit';

/** One handler's part in a decision, as data without secrets. */
export interface TraceStep {
  readonly handler: string;
  /** Keyed fingerprint of the credential; undefined when the credential offers none. */
  readonly fingerprint: string | undefined;
  readonly verdict: string;
  /** A stable reason code. */
  readonly reason: string | undefined;
  readonly cache: CacheState | undefined;
  /** Milliseconds from the start of the decision until the handler was asked. */
  readonly startedAfterMs: number;
  readonly durationMs: number;
}

/** A bug of a handler or guard. Never holds the error's message, which may quote a credential. */
export interface TraceFault {
  /** The name of the handler or guard that has the bug. */
  readonly culprit: string;
  readonly name: string;
  readonly code: string | undefined;
  /** Stack frames: function names and source positions. */
  readonly frames: readonly string[];
}

/** The operation that the chain chose for a request. */
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

  /** The operation that the chain chose; undefined when it chose none. */
  get operation(): DecidedOperation | undefined {
    return this.#operation;
  }

  /** The steps so far. A step without a verdict yet is `unfinished`. */
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
    // The credential is foreign code. If it throws here, the decision must not change.
    return undefined;
  }
}

const MAX_FRAMES = 8;
const CODE = /^[A-Z][A-Z0-9_]{0,63}$/;

function describeFault(culprit: string, error: unknown): TraceFault {
  try {
    if (error instanceof Error) return describeError(culprit, error);
  } catch {
    // The thrown object throws again when it is read. Only its type is reported.
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

/**
 * The stack frames after the message. The message is cut off by its length, since it may look like frames. Empty when
 * the stack does not contain the message.
 */
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
