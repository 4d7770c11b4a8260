import type { Kind, Kinds } from '@sallyport/core/extend';
import { option } from '@sallyport/core/extend';
import { CONFIGURATION } from '../chain/configuration.js';
import { GUARD_SCHEMA } from '../expressions/guard-expression.js';
import { REQUIREMENT_SCHEMA } from '../expressions/requirement-expression.js';
import { CONFIGURED_PART } from '../kinds/configured-part.js';

export const CONFIGURATION_SCHEMA = option.table('ConfigurationSchemaOptions', {
  /** Lets a configuration name kinds that are not in the table. Their options are then not looked at. */
  allowOtherKinds: option.withDefault(option.flag, false),
});

export interface ConfigurationSchemaOptions extends option.Given<typeof CONFIGURATION_SCHEMA> {}

/**
 * The JSON Schema (draft 2020-12) of configurations with these kinds, for editors and for checks before a deployment.
 * It says what the options of each kind may be. `chainFrom` checks more: whether handlers exist, and options that
 * depend on each other. For the kinds of Sallyport it is shipped as `node_modules/@sallyport/configuration/dist/schemas/configuration.json`.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 * @example
 * await writeFile('security.schema.json', JSON.stringify(configurationSchema({ ...builtInHandlers, badge })));
 */
export function configurationSchema(kinds: Kinds, options: ConfigurationSchemaOptions = {}): option.Schema {
  const { allowOtherKinds } = CONFIGURATION_SCHEMA(options);
  const partOf = (thing: string, part = CONFIGURED_PART.schema) => partSchema(kinds, thing, part, allowOtherKinds);
  const { properties } = CONFIGURATION.schema as { readonly properties: Readonly<Record<string, option.Schema>> };
  const { stores = {} } = properties;
  const store = partOf('store');
  const [name, own, ...builtIn] = GUARD_SCHEMA.anyOf as readonly [option.Schema, option.Schema, ...option.Schema[]];
  const schema: option.Schema = {
    ...CONFIGURATION.schema,
    properties: {
      ...properties,
      handlers: { ...properties['handlers'], additionalProperties: partOf('handler') },
      stores: { ...stores, properties: { cache: store, counter: store, once: store } },
    },
    $defs: {
      requirement: REQUIREMENT_SCHEMA,
      guard: { ...GUARD_SCHEMA, anyOf: [name, partOf('guard', own), ...builtIn] },
    },
  };
  return { $schema: 'https://json-schema.org/draft/2020-12/schema', ...allowingReferences(schema) };
}

/** One of these names. Where there is none, nothing fits: JSON Schema has no empty `enum`. */
function oneOf(names: readonly string[], type: option.Schema): option.Schema {
  return names.length === 0 ? { ...type, not: {} } : { ...type, enum: names };
}

/** A keyword of JSON Schema. Written as a member, it would make the object look like a promise. */
const THEN = 'then';

/** A handler, guard or store: its kind decides what its options may be. */
function partSchema(kinds: Kinds, thing: string, part: option.Schema, allowOtherKinds: boolean): option.Schema {
  const names = Object.keys(kinds).filter((name) => thing in (kinds[name] as object));
  const { type = {}, ...others } = part.properties ?? {};
  const rules = names.flatMap((name) => {
    const options = schemaOf(kinds[name] as Kind);
    if (options === undefined) return [];
    const needed = options.required === undefined ? [] : ['options'];
    return {
      if: { properties: { type: { const: name } }, required: ['type'] },
      [THEN]: { properties: { options }, required: needed },
    };
  });
  return {
    ...part,
    properties: { type: allowOtherKinds ? type : oneOf(names, type), ...others },
    ...(rules.length > 0 && { allOf: rules }),
  };
}

function schemaOf({ options }: Kind): option.Schema | undefined {
  return options?.schema;
}

/** As in `${A}`. */
const SHORTEST_REFERENCE = 4;

/** What is a choice, has a pattern or has to be long may also be a reference, such as `${METHOD}`. */
function allowingReferences<Part>(part: Part): Part {
  if (typeof part !== 'object' || part === null) return part;
  if (Array.isArray(part)) return part.map(allowingReferences) as Part;
  const members = Object.entries(part).map(([name, member]) => [name, allowingReferences(member)]);
  const schema: option.Schema = Object.fromEntries(members);
  const { enum: values, pattern, minLength = 0, ...others } = schema;
  const isLong = minLength > SHORTEST_REFERENCE;
  const isRestricted = schema.type === 'string' && (values !== undefined || pattern !== undefined || isLong);
  if (!isRestricted) return schema as Part;
  const own = { ...(values && { enum: values }), ...(pattern && { pattern }), ...(isLong && { minLength }) };
  return { ...others, anyOf: [own, { pattern: '\\$\\{' }] } as Part;
}
