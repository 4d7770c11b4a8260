import { ConfigurationError } from '../errors/errors.js';
import { isNameLike, memberPath } from '../errors/shown-name.js';
import { type Check, invalid, nearestHint, type Schema, withSchema } from './check.js';
import { inheritsFromClass, ownMember } from './own-members.js';

/** The options of one owner, by name. */
export type Members = Readonly<Record<string, Check<unknown, unknown>>>;

type GivenTo<Option> = Option extends Check<unknown, infer Given> ? Given : never;
type KeptBy<Option> = Option extends (...given: never[]) => infer Kept ? Kept : never;
type OptionalNames<Each> = {
  [Name in keyof Each]: undefined extends GivenTo<Each[Name]> ? Name : never;
}[keyof Each];

/**
 * The options as they are written: what has a default may be absent. `Pick` keeps the comments of the table, which then
 * show in an editor at each option.
 */
type GivenMembers<Each> = {
  readonly [Name in keyof Pick<Each, Exclude<keyof Each, OptionalNames<Each>>>]: GivenTo<Each[Name]>;
} & {
  readonly [Name in keyof Pick<Each, OptionalNames<Each>>]?: GivenTo<Each[Name]>;
};

/** The options after the check: defaults are filled in. */
type KeptMembers<Each> = { readonly [Name in keyof Each]: KeptBy<Each[Name]> };

/**
 * The options of one owner as data: each with its type, range, default and comment. Called with an options object, it
 * checks them and returns a frozen copy.
 */
export interface Table<Each extends Members> extends Check<KeptMembers<Each>, GivenMembers<Each>> {
  (options: unknown, name?: string): KeptMembers<Each>;
  /** Stands in front of the option in errors, such as `OutboundOptions`. */
  readonly owner: string;
  readonly members: Each;
  readonly schema: Schema;
}

/** What a user writes for a table or for a single option. */
export type Given<Option extends Check<unknown, unknown>> = GivenTo<Option>;

/** What is left after the check of a table or of a single option. */
export type Kept<Option extends Check<unknown, unknown>> = KeptBy<Option>;

/**
 * Declares the options of an owner. The table checks an options object once, at construction. An explicit `undefined`
 * means absent. Unknown keys are refused; the error names the nearest known key, or all known keys when none is near.
 * Only own properties are read. An option that the object's class defines, such as a getter, is refused: if it were
 * ignored silently, the result could be less strict than meant.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_UNKNOWN, ERR_SALLYPORT_OPTION_INVALID, when it is called
 * @example
 * const BADGE = option.table('BadgeOptions', {
 *   /** What clients are told about the doors. *\/
 *   realm: option.text,
 *   /** How many wrong badges are let pass. *\/
 *   maxFailures: option.withDefault(option.between(1, 100), 5),
 * });
 * export interface BadgeOptions extends option.Given<typeof BADGE> {}
 * const { realm, maxFailures } = BADGE({ realm: 'doors' });
 */
export function table<const Each extends Members>(owner: string, members: Each): Table<Each> {
  const check = (options: unknown, name = owner) => checked(name, options, members);
  return Object.assign(check, { owner, members, schema: tableSchema(members) }) as unknown as Table<Each>;
}

function checked(owner: string, options: unknown, members: Members): Readonly<Record<string, unknown>> {
  if (typeof options !== 'object' || options === null) throw invalid(owner, 'must be an object');
  for (const [index, key] of Object.keys(options).entries()) {
    if (!Object.hasOwn(members, key)) throw unknownOption(owner, key, index, Object.keys(members));
  }
  const kept: Record<string, unknown> = {};
  for (const [name, check] of Object.entries(members)) {
    if (!Object.hasOwn(options, name) && inheritsFromClass(options, name)) {
      throw invalid(`${owner}.${name}`, 'must be a property of the options object itself, not of its class');
    }
    kept[name] = check(ownMember(options as Record<string, unknown>, name), `${owner}.${name}`);
  }
  return Object.freeze(kept);
}

function tableSchema(members: Members): Schema {
  const inFiles = Object.entries(members).filter(([, { schema }]) => schema !== undefined);
  const required = inFiles.filter(([, { isOptional }]) => isOptional !== true).map(([name]) => name);
  return {
    type: 'object',
    properties: Object.fromEntries(inFiles.map(([name, { schema }]) => [name, schema as Schema])),
    ...(required.length > 0 && { required }),
    additionalProperties: false,
  };
}

/** A key that does not look like a name may be a misplaced secret, so the error gives its position instead. */
function unknownOption(owner: string, key: string, index: number, known: readonly string[]): ConfigurationError {
  const hint = nearestHint(key, known) || `; it has ${known.join(', ')}`;
  const problem = isNameLike(key)
    ? `${owner} has no option ${JSON.stringify(key)}`
    : `${owner} has an unknown option in place ${index + 1} that does not look like a name`;
  return new ConfigurationError('ERR_SALLYPORT_OPTION_UNKNOWN', problem + hint, {
    option: memberPath(owner, key, index),
  });
}

/** A table within a table. When it is absent, all its options have their defaults. */
export function group<Each extends Members>(
  each: Table<Each>,
): Check<KeptMembers<Each>, GivenMembers<Each> | undefined> {
  return withSchema(each.schema, (value, name) => each(value === undefined ? {} : value, name), true);
}
