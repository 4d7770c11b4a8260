import type { DescribedError } from '../errors/described-error.js';
import type { Principal } from '../principal/principal.js';
import { fingerprint } from '../secrecy/secret.js';
import type { LimitUse } from './limit-uses.js';

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
  /** What was expected and what came, or what a dependency did. May quote what an unverified credential says. */
  readonly detail: string | undefined;
  readonly cache: CacheState | undefined;
  /** Milliseconds from the start of the decision until the handler was asked. */
  readonly startedAfterMs: number;
  readonly durationMs: number;
}

/** A bug of a handler or guard. */
export interface TraceFault extends DescribedError {
  /** The name of the handler or guard that has the bug. */
  readonly culprit: string;
  /**
   * On one line. A sentence of this library stands as it is. From any other message, everything is cut out that the request
   * sent as a credential, and every `Secret` of the handler.
   */
  readonly message: string;
}

/** Why a handler left a credential to others. */
export interface UnclaimedCredential {
  readonly handler: string;
  /** May quote what the unverified credential says. */
  readonly detail: string;
  /** A stable code of the cause, by which `fixes` of the handler say what to change; undefined if it gave none. */
  readonly cause: string | undefined;
}

/** Where to look up what to change, if the reason of a refusal alone does not tell. */
export interface Advice {
  /** A reason, or a cause that is more exact. */
  readonly code: string;
  /** The handler whose `fixes` know best. */
  readonly handler?: string;
  /** What stands for `<scheme>` in the text. */
  readonly scheme?: string;
}

/** What a caller was refused for: the scopes that the proof does not cover. */
export interface MissingPermissions {
  readonly scopes: readonly string[];
  /** Whether the caller needs every one of them, or one is enough. */
  readonly match: 'all' | 'any';
}

/** The operation that the chain chose for a request. */
export interface DecidedOperation {
  readonly id: string;
  readonly template: string;
}

/** Records how a decision came about. It exists only while somebody listens or asks for an explanation. */
export class DecisionTrace {
  readonly #steps: TraceStep[] = [];
  readonly #unclaimed: UnclaimedCredential[] = [];
  readonly #limits: LimitUse[] = [];
  readonly #guards = new Map<object, string>();
  readonly #monotonic: () => number;
  readonly #startedMs: number;
  #fault: TraceFault | undefined;
  #operation: DecidedOperation | undefined;
  #caller: Principal | undefined;
  #missing: MissingPermissions | undefined;
  #detail: string | undefined;
  #refusedBy: string | undefined;
  #advice: readonly Advice[] = [];
  #open: OpenStep | undefined;

  /** Whether somebody asked for this very explanation, and so hears of a problem in it. */
  readonly isAskedFor: boolean;

  constructor(monotonic: () => number, isAskedFor = false) {
    this.isAskedFor = isAskedFor;
    this.#monotonic = monotonic;
    this.#startedMs = monotonic();
  }

  /** Milliseconds since the decision began, to the microsecond. */
  get elapsedMs(): number {
    return toMicroseconds(this.#monotonic() - this.#startedMs);
  }

  /** The operation that the chain chose; undefined when it chose none. */
  get operation(): DecidedOperation | undefined {
    return this.#operation;
  }

  /** The steps so far. A step without a verdict yet is `unfinished`. */
  get steps(): readonly TraceStep[] {
    const pending = this.#step('unfinished');
    return Object.freeze(pending === undefined ? [...this.#steps] : [...this.#steps, pending]);
  }

  get unclaimed(): readonly UnclaimedCredential[] {
    return Object.freeze([...this.#unclaimed]);
  }

  /** The limits that were counted, and how they stand. */
  get limits(): readonly LimitUse[] {
    return Object.freeze([...this.#limits]);
  }

  /** Who was proved, also when a guard or a missing scope refuses the request. Undefined for an anonymous caller. */
  get caller(): Principal | undefined {
    return this.#caller;
  }

  get missing(): MissingPermissions | undefined {
    return this.#missing;
  }

  /** What was expected and what came, in the words of the handler or guard that refused. */
  get detail(): string | undefined {
    return this.#detail;
  }

  /** The handler or guard that refused. */
  get refusedBy(): string | undefined {
    return this.#refusedBy;
  }

  get fault(): TraceFault | undefined {
    return this.#fault;
  }

  /** More exact than the reason of the refusal; empty where that tells all. */
  get advice(): readonly Advice[] {
    return this.#advice;
  }

  begin(handler: string, credential: unknown): void {
    const startedAfterMs = this.elapsedMs;
    this.#open = { handler, fingerprint: fingerprintOf(credential), startedAfterMs, cache: undefined };
  }

  /** For handlers: tells where the answer to the current credential came from. */
  noteCache(state: CacheState): void {
    if (this.#open !== undefined) this.#open.cache = state;
  }

  /**
   * For handlers: tells why `extract` left a credential to others. If nobody takes it, the operator reads what `fixes` of the
   * handler say of the cause.
   */
  noteUnclaimed(handler: string, detail: string, cause?: string): void {
    this.#unclaimed.push(Object.freeze({ handler, detail, cause }));
  }

  end(verdict: string, reason?: string, detail?: string): void {
    const step = this.#step(verdict, reason, detail);
    if (step !== undefined) this.#steps.push(step);
    this.#open = undefined;
  }

  noteOperation(operation: DecidedOperation | undefined): void {
    this.#operation = operation;
  }

  /** For the chain: who was proved, before guards are asked. */
  noteCaller(principal: Principal): void {
    if (principal.kind !== 'anonymous') this.#caller = principal;
  }

  /** For the chain: what the refused caller lacks. */
  noteMissing(missing: MissingPermissions | undefined): void {
    this.#missing = missing;
  }

  /** For limits: how one stands after it was counted, or was the reason of a refusal. */
  noteLimit(use: LimitUse): void {
    this.#limits.push(Object.freeze(use));
  }

  /** For guards: which of several gave a refusal. The innermost one notes it first. */
  noteGuard(name: string, refusal: object): void {
    if (!this.#guards.has(refusal)) this.#guards.set(refusal, name);
  }

  /** For the chain: the refusal that decided, and the handler that it is attributed to. */
  noteRefusal(refusal: object, detail: string | undefined, handler: string | undefined): void {
    this.#detail = detail;
    this.#refusedBy = this.#guards.get(refusal) ?? handler;
  }

  /** For the chain: where to look up what to change. */
  noteAdvice(advice: readonly Advice[]): void {
    this.#advice = advice;
  }

  /** For the chain: the bug that ended the decision. */
  noteFault(fault: TraceFault): void {
    this.#fault = fault;
  }

  #step(verdict: string, reason?: string, detail?: string): TraceStep | undefined {
    if (this.#open === undefined) return undefined;
    const durationMs = toMicroseconds(this.elapsedMs - this.#open.startedAfterMs);
    return Object.freeze({ ...this.#open, verdict, reason, detail, durationMs });
  }
}

/** Clocks give more digits than they measure. */
function toMicroseconds(milliseconds: number): number {
  return Math.round(milliseconds * 1_000) / 1_000;
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
