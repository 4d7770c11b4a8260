import { askGuard } from './ask-guard.js';
import { checkedGuards } from './checked-guards.js';
import type { Guard, GuardLike } from './guard.js';

/** Guards that limit callers and say nothing about what they may do. */
const limiting = new WeakSet<Guard>();

/** Notes that a guard does nothing but limit. */
export function noteLimiting<Noted extends Guard>(guard: Noted): Noted {
  limiting.add(guard);
  return guard;
}

/** Notes it of a guard that is made of others, if it holds for all of them. */
export function noteLimitingIfAll<Noted extends Guard>(guard: Noted, members: readonly Guard[]): Noted {
  return members.every((member) => limiting.has(member)) ? noteLimiting(guard) : guard;
}

/**
 * The same guard as a limit: it can refuse, and that it permits is no vote where other guards have one. A limit is returned
 * as it is.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID for what is no guard
 */
export function asLimiting(given: GuardLike): Guard {
  const [known] = checkedGuards('asLimiting', [given]) as readonly [Guard];
  if (limiting.has(known)) return known;
  const { name, needs } = known;
  return noteLimiting(
    Object.freeze({ name, needs, check: (principal, request) => askGuard(known, principal, request) } satisfies Guard),
  );
}

/** Whether a guard does nothing but limit. For tools that show or compare guards. */
export function isLimiting(guard: object): boolean {
  return limiting.has(guard as Guard);
}

/** Guards that are asked together, and which of them have no vote. */
export interface Panel {
  readonly members: readonly Guard[];
  readonly mute: ReadonlySet<Guard>;
}

/**
 * Which members of a list have no vote. To be within a limit is no reason to be let in, so a limit votes only where
 * nobody else could.
 */
export function withoutVote(members: readonly Guard[]): ReadonlySet<Guard> {
  const limits = members.filter((member) => limiting.has(member));
  return new Set(limits.length === members.length ? [] : limits);
}
