import type { Eventually } from '../../clock/eventually.js';
import { every } from '../../guard/every.js';
import type { Guard, GuardLike } from '../../guard/guard.js';
import * as option from '../../options/options.js';
import { ANONYMOUS, type Principal } from '../../principal/principal.js';
import type { SecurityRequest } from '../../request/request.js';
import { ManualClock } from '../manual-clock.js';
import { type CallResult, resultOfCall } from './call-result.js';
import { type CaseParts, requestOf } from './handler-cases.js';

/** Makes the guard under test: a fresh one for every rule. The rule controls the clock. */
export type GuardFactory = (clock: ManualClock) => Eventually<GuardLike>;

/** A principal and its request. */
export interface GuardCase extends CaseParts {
  /** Default: the anonymous principal. */
  readonly principal?: Principal | undefined;
}

const guardCase = option.plainObject as option.Check<GuardCase>;

export const GUARD_CASES = option.table('GuardCases', {
  permitted: option.optional(option.listOf(guardCase)),
  refused: option.optional(option.listOf(guardCase)),
  /** The guard has no opinion on them. */
  abstained: option.optional(option.listOf(guardCase)),
  /** Make the guard ask a dependency that fails. Needed together with `stalled`. */
  unavailable: option.optional(option.listOf(guardCase)),
  /** Makes the guard ask a dependency that never answers. Needed when `check` returns promises. */
  stalled: option.optional(guardCase),
  /** Other texts that must not be printed. The credentials of these requests are known. */
  secrets: option.optional(option.listOf(option.text)),
});

/**
 * Requests for one guard, by their expected outcome. At least one must not be permitted, and at least one not refused: else
 * a guard that gives everybody the same answer would pass. One that is abstained from is neither.
 */
export interface GuardCases extends option.Given<typeof GUARD_CASES> {}

/** @throws {ConfigurationError} for a misspelt list and for missing outcomes: the rules would have nothing to judge */
export function checkedGuardCases(cases: GuardCases): GuardCases {
  const checked = GUARD_CASES(cases);
  const { permitted = [], refused = [], abstained = [] } = checked;
  if (refused.length + abstained.length === 0)
    throw option.invalid('GuardCases', 'need a request that is refused or abstained from');
  if (permitted.length + abstained.length === 0)
    throw option.invalid('GuardCases', 'need a request that is permitted or abstained from');
  return checked;
}

/** A guard and its requests, for one rule. */
export interface GuardSubject {
  readonly factory: GuardFactory;
  readonly cases: GuardCases;
}

export const EXPECTED = ['permitted', 'refused', 'abstained', 'unavailable'] as const;

export interface NamedCase {
  readonly label: string;
  readonly expected: (typeof EXPECTED)[number];
  readonly asked: GuardCase;
}

/** The cases that get an answer in the end: all but `stalled`. */
export function answeredGuardCases(cases: GuardCases): readonly NamedCase[] {
  return EXPECTED.flatMap((expected) =>
    (cases[expected] ?? []).map((asked, index) => ({ label: `${expected}[${index}]`, expected, asked })),
  );
}

/** The guard under test and its clock. A function becomes a guard in the same way as in a chain. */
export async function guardOf({ factory }: GuardSubject): Promise<{ guard: Guard; clock: ManualClock }> {
  const clock = new ManualClock();
  return { guard: every(await factory(clock)), clock };
}

export function guardRequestOf({ principal: _principal, ...parts }: GuardCase): SecurityRequest {
  return requestOf(parts);
}

export function askedOf(
  guard: Guard,
  asked: GuardCase,
  request: SecurityRequest = guardRequestOf(asked),
): { readonly settled: Promise<CallResult>; readonly isLater: boolean } {
  return resultOfCall(() => guard.check(asked.principal ?? ANONYMOUS, request));
}
