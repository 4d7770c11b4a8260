import { setTimeout as sleep } from 'node:timers/promises';
import { closeHandlers } from '../../chain/lifecycle.js';
import { faultFacts } from '../../events/problem-of.js';
import type { GuardVerdict } from '../../guard/guard.js';
import { isHandler, provesBody, type SecurityHandler } from '../../handler/handler.js';
import { toldFault } from '../../handler/told-fault.js';
import type { SecurityRequest } from '../../request/request.js';
import { isVerdict, type Verdict } from '../../verdict/verdict.js';
import { bodyOf } from '../build-request.js';
import { ManualClock } from '../manual-clock.js';
import { type CaseParts, type HandlerFactory, type NamedSecret, requestOf, type Subject } from './handler-cases.js';
import { BrokenRule, expectRule } from './rule.js';

/** The time for work that waits for nobody, in milliseconds of real time. */
const GRACE_MS = 500;
/** The time that a rule waits for a handler to close when it has finished. */
const FAREWELL_MS = 50;

/** How a call of a handler or guard ended, also against the rules. */
export type CallResult =
  | { readonly kind: 'not_taken' }
  /** `extract` broke a rule of its own: there is nothing to verify. */
  | { readonly kind: 'unfit' }
  | { readonly kind: 'returned'; readonly value: unknown; readonly isLater: boolean }
  | { readonly kind: 'threw'; readonly error: unknown }
  | { readonly kind: 'pending' };

export async function resultOf(handler: SecurityHandler, parts: CaseParts): Promise<CallResult> {
  return begin(handler, requestOf(parts)).settled;
}

/** Does with a request what a chain would do. `settled` tells how it ended. */
export function begin(
  handler: SecurityHandler,
  request: SecurityRequest,
): { readonly settled: Promise<CallResult>; readonly isLater: boolean } {
  const credential = extracted(handler, request);
  if (credential === undefined) return ended({ kind: 'not_taken' });
  if (credential === UNFIT) return ended({ kind: 'unfit' });
  if (isVerdict(credential)) return ended({ kind: 'returned', value: credential, isLater: false });
  return resultOfCall(() => verified(handler, credential, request));
}

/** Asks about the body, too, where `verify` has granted, as a chain does. */
function verified(handler: SecurityHandler, credential: unknown, request: SecurityRequest): unknown {
  const returned: unknown = handler.verify(credential, request);
  if (!provesBody(handler)) return returned;
  const goOn = (verdict: unknown) =>
    isVerdict(verdict) && verdict.kind === 'authenticated'
      ? handler.verifyBody?.(credential, bodyOf(request), request)
      : verdict;
  return isThenable(returned) ? Promise.resolve(returned).then(goOn) : goOn(returned);
}

/** The result of a call, which may return a promise. */
export function resultOfCall(call: () => unknown): {
  readonly settled: Promise<CallResult>;
  readonly isLater: boolean;
} {
  try {
    const value = call();
    if (!isThenable(value)) return ended({ kind: 'returned', value, isLater: false });
    return { settled: later(value), isLater: true };
  } catch (error) {
    return ended({ kind: 'threw', error });
  }
}

/** A foreign error in words. What the cases send as credentials is cut out of its message. */
export function toldError(culprit: string, error: unknown, secrets: readonly NamedSecret[]): string {
  return faultFacts(toldFault({ culprit, error }, [], () => secrets.map(({ text }) => text)));
}

/** A verdict with its reason and detail, which hold no secret. */
export function toldVerdict(verdict: Verdict | GuardVerdict): string {
  if (!('reason' in verdict)) return verdict.kind;
  const detail = 'detail' in verdict && verdict.detail !== undefined ? `: ${verdict.detail}` : '';
  return `${verdict.kind} (${verdict.reason}${detail})`;
}

/** No promise may be rejected without anybody looking after it. */
export function expectNoneUnhandled(reasons: readonly unknown[], secrets: readonly NamedSecret[]): void {
  const told = new Set(reasons.map((reason) => toldError('one', reason, secrets)));
  const problem = `${reasons.length} promises were rejected without anybody looking after them`;
  expectRule(reasons.length === 0, `${problem}: ${[...told].join('; ')}`);
}

export const UNFIT: unique symbol = Symbol('unfit');

/** The result of `extract`; UNFIT when it throws or returns a promise or null. Other rules report these faults. */
export function extracted(handler: SecurityHandler, request: SecurityRequest): unknown {
  try {
    const found: unknown = handler.extract(request);
    if (!isThenable(found)) return found === null ? UNFIT : found;
    found.then(undefined, () => {});
  } catch {
    return UNFIT;
  }
  return UNFIT;
}

function ended(result: CallResult): { settled: Promise<CallResult>; isLater: boolean } {
  return { settled: Promise.resolve(result), isLater: false };
}

async function later(value: PromiseLike<unknown>): Promise<CallResult> {
  const settled = Promise.resolve(value).then(
    (returned): CallResult => ({ kind: 'returned', value: returned, isLater: true }),
    (error): CallResult => ({ kind: 'threw', error }),
  );
  return within(settled, { kind: 'pending' });
}

/** The value, or `otherwise` when the value takes longer than `graceMs`. */
export async function within<Value>(value: Promise<Value>, otherwise: Value, graceMs = GRACE_MS): Promise<Value> {
  const waiting = new AbortController();
  const tooLong = sleep(graceMs, otherwise, { signal: waiting.signal }).catch(() => otherwise);
  return Promise.race([value, tooLong]).finally(() => waiting.abort());
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}

/** Opens a handler for one rule, and closes it in any case. Failures to close matter to the rule on closing only. */
export async function withHandler(
  { factory }: Subject,
  task: (handler: SecurityHandler, clock: ManualClock) => void | Promise<void>,
): Promise<void> {
  const clock = new ManualClock();
  const handler = await madeBy(factory, clock);
  try {
    await startWith(clock, handler);
    await task(handler, clock);
  } finally {
    const closing = closeHandlers(handler, [handler], clock).catch(() => {});
    await within(closing, undefined, FAREWELL_MS);
  }
}

/** Makes the handler under test. A factory that makes something else breaks the rule. */
export async function madeBy(factory: HandlerFactory, clock: ManualClock): Promise<SecurityHandler> {
  const made: unknown = await factory(clock);
  expectRule(
    isHandler(made),
    'the factory made no handler: it needs name, one or more challenges, extract() and verify()',
  );
  return made;
}

const START_ATTEMPTS = 40;

/** Starts a handler. While it waits, one second of its clock passes every 25 milliseconds. */
export async function startWith(clock: ManualClock, handler: SecurityHandler): Promise<void> {
  const starting = (async () => handler.start?.())().then(() => true);
  for (let attempt = 0; attempt < START_ATTEMPTS; attempt += 1) {
    if (await within(starting, false, 25)) return;
    clock.pass(1);
  }
  throw new BrokenRule('start() did not come to an end within 40 seconds of the clock');
}
