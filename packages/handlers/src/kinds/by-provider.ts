import { option, ownMember } from '@sallyport/core/extend';
import type { Provider, Providers } from './providers.js';

type Needs<Row> = Row extends Provider<infer Options, unknown> ? Options : never;

/**
 * Options of which a provider says the greatest part: its name, what it needs to know, and beside these what shall be
 * otherwise. `Own` are those that no provider says.
 */
export type ByProvider<Rows, Target, Own extends keyof Target = never> = {
  readonly [Name in keyof Rows]: { readonly provider: Name } & Needs<Rows[Name]> &
    Pick<Target, Own> &
    Partial<Omit<Target, Own | keyof Needs<Rows[Name]>>>;
}[keyof Rows];

/**
 * The same options, with what their provider says written out. Options that name no provider are left as they are.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 */
export function withoutProvider(
  value: unknown,
  name: string,
  providers: Providers<object>,
  target: option.Table,
): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, 'provider')) return value;
  const row = providerNamed(Reflect.get(value, 'provider'), `${name}.provider`, providers);
  const { provider: _named, ...given } = namesOf(row, target)(value, name) as Readonly<Record<string, unknown>>;
  const isNeeded = (key: string) => Object.hasOwn(row.options.members, key);
  const said = Object.entries(given).filter(([, each]) => each !== undefined);
  const made = row.make(Object.fromEntries(said.filter(([key]) => isNeeded(key))) as never, name);
  const others = Object.fromEntries(said.filter(([key]) => !isNeeded(key)));
  return { ...made, ...others, ...rulesOf(made, others) };
}

function providerNamed(named: unknown, place: string, providers: Providers<object>): Provider<never, object> {
  const row = typeof named === 'string' ? ownMember(providers, named) : undefined;
  if (row !== undefined) return row;
  const known = Object.keys(providers);
  const hint = typeof named === 'string' ? option.nearestHint(named, known) : '';
  throw option.invalid(place, `must be one of ${known.join(', ')}${hint}`);
}

/** Knows the names of both tables. Their own checks judge the values. */
function namesOf(row: Provider<never, object>, target: option.Table): option.Table {
  const names = ['provider', ...Object.keys({ ...row.options.members, ...target.members })];
  return option.table(target.owner, Object.fromEntries(names.map((each) => [each, option.unchecked()])));
}

/**
 * Adds the rules of the application to those of the provider. Replacing them would remove the checks of the provider
 * unnoticed.
 */
function rulesOf(made: object, others: object): object {
  const rules = [made, others].map((each) => Object.getOwnPropertyDescriptor(each, 'claimRules')?.value as unknown);
  const areBoth = rules.every((each) => typeof each === 'object' && each !== null);
  return areBoth ? { claimRules: Object.assign({}, ...rules) } : {};
}

const ANYTHING: option.Schema = {};

/**
 * The schema of options that may name a provider. The types of the target's options stand there once. Each form says which
 * names it has, and which of them it needs.
 * @param said the options of the target that every provider says
 */
export function schemaByProvider(
  providers: Providers<object>,
  { schema }: option.Table,
  said: readonly string[],
): option.Schema {
  const { title = '', properties = {}, required = [] } = schema;
  const names = Object.fromEntries(Object.keys(properties).map((name) => [name, ANYTHING]));
  const own = required.filter((name) => !said.includes(name));
  const forms = Object.entries(providers).map(([name, { options }]) => ({
    ...options.schema,
    properties: { ...names, provider: { enum: [name] }, ...options.schema.properties },
    required: ['provider', ...(options.schema.required ?? []), ...own],
  }));
  const plain: option.Schema = { properties: names, required, additionalProperties: false };
  return { title, type: 'object', properties, anyOf: [plain, ...forms] };
}
