import { ConfigurationError } from '../errors/errors.js';

declare const GIVEN: unique symbol;

/** JSON Schema (draft 2020-12), as far as options need it. */
export interface Schema {
  readonly $schema?: string;
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
  readonly title?: string;
  readonly description?: string;
  readonly type?: 'string' | 'number' | 'integer' | 'boolean' | 'object' | 'array';
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly not?: Schema;
  readonly if?: Schema;
  readonly then?: Schema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly pattern?: string;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly default?: unknown;
}

/**
 * The check of one option, and the same as data. Returns the value to keep, or throws a `ConfigurationError`. `Given` is
 * the type that a user writes, if it differs from the type of the value that is kept.
 */
export interface Check<Kept, Given = Kept> {
  (value: unknown, name: string): Kept;
  /** What a configuration file may say. Undefined when only code can give the option, such as a function. */
  readonly schema?: Schema | undefined;
  /** True when the option may be absent. */
  readonly isOptional?: boolean;
  readonly [GIVEN]?: Given;
}

/** Makes a check with its schema. */
export function withSchema<Kept, Given = Kept>(
  schema: Schema | undefined,
  check: (value: unknown, name: string) => Kept,
  isOptional = false,
): Check<Kept, Given> {
  // A copy, so that a check may be given two schemas.
  return Object.assign((value: unknown, name: string) => check(value, name), { schema, isOptional });
}

/** Fills in a default for an absent option. */
export function withDefault<Kept, Given>(
  check: Check<Kept, Given>,
  fallback: NoInfer<Kept>,
): Check<Kept, Given | undefined> {
  const { schema } = check;
  return withSchema(
    schema && { ...schema, default: fallback },
    (value, name) => (value === undefined ? fallback : check(value, name)),
    true,
  );
}

export function invalid(name: string, rule: string): ConfigurationError {
  return new ConfigurationError('ERR_SALLYPORT_OPTION_INVALID', `${name} ${rule}`, { option: name });
}

/** `; did you mean …?` with the nearest known name; empty when all differ in more than half of their letters. */
export function nearestHint(name: string, known: readonly string[]): string {
  const nearest = known.toSorted((a, b) => distance(name, a) - distance(name, b))[0];
  if (nearest === undefined) return '';
  return distance(name, nearest) > Math.max(name.length, nearest.length) / 2 ? '' : `; did you mean ${nearest}?`;
}

/** How many letters to change; one that differs in its case alone counts half. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let i = 1; i <= from.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const swap = (row[j - 1] ?? 0) + change(from[i - 1], to[j - 1]);
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}

function change(from = '', to = ''): number {
  if (from === to) return 0;
  return from.toLowerCase() === to.toLowerCase() ? 0.5 : 1;
}
