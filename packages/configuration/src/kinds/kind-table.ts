import {
  type GuardKind,
  type HandlerKind,
  type Kinds,
  option,
  ownMembers,
  type StoreKind,
} from '@sallyport/core/extend';
import type { Owners } from '../file/place.js';

interface Made {
  readonly handler: HandlerKind<never>;
  readonly guard: GuardKind<never>;
  readonly store: StoreKind<never>;
}

/** What a kind makes, which is also the name of its member. */
const MEMBERS = ['handler', 'guard', 'store'] as const satisfies readonly (keyof Made)[];

/** Checks that each row of a table of kinds makes one thing: by a function, and with nothing unknown beside it. */
export const kindTable: option.Check<Kinds> = option.namedValues((value, name) => {
  const row = option.plainObject(value, name);
  const others = Object.keys(row).filter((key) => key !== 'options');
  const [member] = others;
  if (others.length !== 1 || !MEMBERS.some((each) => each === member) || !isFunction(row, member as string))
    throw option.invalid(name, `must have exactly one function: ${MEMBERS.join(', ')}`);
  // A copy that inherits nothing, so that `in` finds only what was given.
  return ownMembers(row) as Kinds[string];
});

function isFunction(row: object, member: string): boolean {
  return typeof Reflect.get(row, member) === 'function';
}

/**
 * The kind of this name that makes such a thing.
 * @param place where the name stands
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID
 */
export function kindOf<Thing extends keyof Made>(kinds: Kinds, thing: Thing, type: string, place: string): Made[Thing] {
  const fitting = Object.keys(kinds).filter((name) => thing in (kinds[name] as object));
  if (fitting.includes(type)) return kinds[type] as Made[Thing];
  const hint = option.nearestHint(type, fitting);
  const known = fitting.length === 0 ? ', and the table of kinds has none' : `: ${fitting.join(', ')}`;
  throw option.invalid(place, `must be a kind of ${thing}${known}${hint}`);
}

/** Names the options of a kind by the place where they stand. */
export function ownersOf(kind: Kinds[string], place: string): Owners {
  return kind.options === undefined ? {} : { [kind.options.owner]: place };
}
