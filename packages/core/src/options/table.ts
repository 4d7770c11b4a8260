import { ConfigurationError } from '../errors/errors.js';
import { isNameLike, memberPath } from '../errors/shown-name.js';
import { type Check, invalid, nearestHint, type Schema, withDefault, withSchema } from './check.js';
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
 * The options of one owner as data. Called with an options object, it checks them and returns a frozen copy with the
 * defaults. `Kept` is the type of that copy, `Given` that of what a user writes.
 */
export interface Table<Kept = unknown, Given = Kept> extends Check<Kept, Given> {
  (options: unknown, name?: string): Kept;
  /** Stands in front of the option in errors, such as `OutboundOptions`. */
  readonly owner: string;
  readonly members: Members;
  readonly schema: Schema;
  /** The table that this one was merged with: the comments of its options stand there. */
  readonly base?: Table | undefined;
}

/**
 * A table whose types follow from its members. A table that stands in others is exported under the names of its types,
 * as `Table<OutboundSettings, OutboundOptions>`: an editor then shows the comments of its options there as well.
 */
export interface TableOf<Each extends Members> extends Table<KeptMembers<Each>, GivenMembers<Each>> {}

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
export function table<const Each extends Members>(owner: string, members: Each): TableOf<Each> {
  const check = (options: unknown, name = owner) => checked(name, options, members);
  return Object.assign(check, { owner, members, schema: tableSchema(owner, members) }) as TableOf<Each>;
}

function checked(owner: string, options: unknown, members: Members): Readonly<Record<string, unknown>> {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw invalid(owner, 'must be an object');
  }
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

function tableSchema(title: string, members: Members): Schema {
  const inFiles = Object.entries(members).filter(([, { schema }]) => schema !== undefined);
  const required = inFiles.filter(([, { isOptional }]) => isOptional !== true).map(([name]) => name);
  return {
    title,
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
export function group<Kept, Given>(each: Table<Kept, Given>): Check<Kept, Given | undefined> {
  return withSchema(each.schema, (value, name) => each(value === undefined ? {} : value, name), true);
}

/** The same table without some of its options. */
export function without<Kept, Given, Name extends string & keyof Given & keyof Kept>(
  each: Table<Kept, Given>,
  ...names: readonly Name[]
): Table<Omit<Kept, Name>, Omit<Given, Name>> {
  const members = Object.entries(each.members).filter(([name]) => !names.includes(name as Name));
  return table(each.owner, Object.fromEntries(members)) as Table<never> as Table<Omit<Kept, Name>, Omit<Given, Name>>;
}

/** The same table with other defaults. */
export function withDefaults<Kept, Given>(each: Table<Kept, Given>, defaults: Partial<Kept>): Table<Kept, Given> {
  const members = { ...each.members };
  for (const [name, fallback] of Object.entries(defaults)) {
    members[name] = withDefault(members[name] as Check<unknown>, fallback);
  }
  return table(each.owner, members) as Table<never> as Table<Kept, Given>;
}

/** The options of two tables together, under the owner of the second. */
export function merged<BaseKept, BaseGiven, Kept, Given>(
  base: Table<BaseKept, BaseGiven>,
  own: Table<Kept, Given>,
): Table<BaseKept & Kept, BaseGiven & Given> {
  const both = table(own.owner, { ...base.members, ...own.members });
  return Object.assign(both, { base }) as Table<never> as Table<BaseKept & Kept, BaseGiven & Given>;
}
