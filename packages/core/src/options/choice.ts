import { type Check, invalid, type Schema, withSchema } from './check.js';
import { ownMember } from './own-members.js';

/** The forms that a nested option may have, each with its table. */
export type Forms<Kept, Given> = Readonly<Record<string, Check<Kept, Given>>>;

/** A nested option of several forms. The value of one member tells them apart, such as `method` or `algorithm`. */
export function byValue<Kept, Given>(member: string, forms: Forms<Kept, Given>): Check<Kept, Given> {
  return withSchema(schemaOf(forms), (value, name) => {
    const form = ownMember(objectFrom(value, name), member);
    const check = typeof form === 'string' ? ownMember(forms, form) : undefined;
    if (check === undefined) throw invalid(`${name}.${member}`, `must be one of ${Object.keys(forms).join(', ')}`);
    return check(value, name);
  });
}

/** A nested option of several forms. Each has a member that the others do not have, and is known by it. */
export function byMember<Kept, Given>(forms: Forms<Kept, Given>): Check<Kept, Given> {
  return withSchema(schemaOf(forms), (value, name) => {
    const holder = objectFrom(value, name);
    const [check, ...others] = Object.entries(forms).filter(([member]) => ownMember(holder, member) !== undefined);
    if (check === undefined || others.length > 0) {
      throw invalid(name, `must have exactly one of ${Object.keys(forms).join(', ')}`);
    }
    return check[1](value, name);
  });
}

/** A check with a second one behind it, which may also make another value. The schema is that of the first. */
export function refined<Kept, Given, Refined>(
  check: Check<Kept, Given>,
  refine: (kept: Kept, name: string) => Refined,
): Check<Refined, Given> {
  return withSchema(check.schema, (value, name) => refine(check(value, name), name), check.isOptional);
}

function objectFrom(value: unknown, name: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) throw invalid(name, 'must be an object');
  return value as Readonly<Record<string, unknown>>;
}

/** Two values may share one form. */
function schemaOf(forms: Forms<unknown, unknown>): Schema | undefined {
  const schemas = new Set(Object.values(forms).map(({ schema }) => schema));
  schemas.delete(undefined);
  return schemas.size === 0 ? undefined : { anyOf: [...schemas] as Schema[] };
}
