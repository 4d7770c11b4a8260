import type { Eventually } from '../../clock/eventually.js';
import { every } from '../../guard/every.js';
import type { Guard, GuardLike } from '../../guard/guard.js';
import * as option from '../../options/options.js';
import { plainObject } from '../../options/options.js';
import { ANONYMOUS, type Principal } from '../../principal/principal.js';
import type { SecurityRequest } from '../../request/request.js';
import { ManualClock } from '../manual-clock.js';
import { type Conclusion, conclusionOfCall } from './conclusion.js';
import { type CaseParts, requestOf } from './handler-cases.js';

/** Makes the guard under test: a fresh one for every rule, on a clock that the rule owns. */
export type GuardFactory = (clock: ManualClock) => Eventually<GuardLike>;

/** Somebody who asks for something. */
export interface GuardCase extends CaseParts {
  /** Default: nobody, the anonymous principal. */
  readonly principal?: Principal | undefined;
}

/** Requests for one guard, by what has to come of them. At least one is permitted, refused or abstained from. */
export interface GuardCases {
  readonly permitted?: readonly GuardCase[] | undefined;
  readonly refused?: readonly GuardCase[] | undefined;
  /** The guard has no opinion on them. */
  readonly abstained?: readonly GuardCase[] | undefined;
  /** Make the guard ask a dependency that fails. */
  readonly unavailable?: readonly GuardCase[] | undefined;
  /** Makes the guard ask a dependency that never answers. Needed as soon as `check` returns promises. */
  readonly stalled?: GuardCase | undefined;
  /** What must not be printed besides the credentials of these requests. */
  readonly secrets?: readonly string[] | undefined;
}

const CHECKS = {
  permitted: option.optional(option.listOf(plainObject)),
  refused: option.optional(option.listOf(plainObject)),
  abstained: option.optional(option.listOf(plainObject)),
  unavailable: option.optional(option.listOf(plainObject)),
  stalled: option.optional(plainObject),
  secrets: option.optional(option.listOf(option.text)),
};

/** @throws {ConfigurationError} for a misspelt list, whose rules would have nothing to try */
export function checkedGuardCases(cases: GuardCases): GuardCases {
  const checked = option.check('GuardCases', cases, CHECKS) as GuardCases;
  if (!checked.permitted?.length && !checked.refused?.length && !checked.abstained?.length)
    throw option.invalid('GuardCases', 'need a request that is permitted, refused or abstained from');
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

/** Everything that is answered in the end. */
export function answeredGuardCases(cases: GuardCases): readonly NamedCase[] {
  return EXPECTED.flatMap((expected) =>
    (cases[expected] ?? []).map((asked, index) => ({ label: `${expected}[${index}]`, expected, asked })),
  );
}

/** The guard under test, and its clock. A function is made a guard, as a chain does it. */
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
): { readonly settled: Promise<Conclusion>; readonly isLater: boolean } {
  return conclusionOfCall(() => guard.check(asked.principal ?? ANONYMOUS, request));
}
