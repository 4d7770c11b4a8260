import {
  type ActorOptions,
  type AuthenticationOptions,
  type ConcurrencyLimitOptions,
  concurrencyLimit,
  type GuardLike,
  type RateLimitOptions,
  type RoleOptions,
  rateLimit,
  requireActor,
  requireAudience,
  requireAuthentication,
  requireRoles,
  requireScopes,
  type ScopeOptions,
} from '@sallyport/core';
import {
  actorOptions,
  authenticationOptions,
  type Clock,
  type CounterStore,
  concurrencyLimitOptions,
  option,
  ownMembers,
  rateLimitOptions,
  roleOptions,
  scopeOptions,
} from '@sallyport/core/extend';
import { inPlace } from '../file/place.js';
import type { HandlerFinder } from './requirement-expression.js';

/** A guard that a configuration names. */
export interface GuardReference {
  readonly type: string;
  /** Undefined when the guard is named without options. */
  readonly options: object | undefined;
  /** Where the guard stands, for errors. */
  readonly place: string;
}

/** Finds or makes the guard that a configuration names. */
export type GuardFinder = (reference: GuardReference) => GuardLike;

/** What guards of a configuration are made with. */
export interface GuardMaterial {
  /** Finds a guard of the application. */
  readonly guards: GuardFinder;
  /** Finds the handler that a guard names. */
  readonly handlers: HandlerFinder;
  readonly clock: Clock;
  /** The counts of limits, where several processes share them. */
  readonly counterStore: CounterStore | undefined;
}

/** A guard of a configuration. */
export type GuardExpression = (material: GuardMaterial) => GuardLike;

export const CONFIGURED_GUARD = option.table('ConfiguredGuard', {
  /** The kind: one of the table of kinds. */
  type: option.text,
  /** The options of this guard. */
  options: option.optional(option.plainObject),
});

/** The guards that take a list of names, with their options beside it. */
const LISTING = ['requireScopes', 'requireRoles', 'requireAudience', 'requireActor'] as const;
const GUARDS = [...LISTING, 'requireAuthentication', 'rateLimit', 'concurrencyLimit'] as const;

/**
 * A guard as data: the name of a guard of the application, alone or with options (`{ type: officeHours, options: { … } }`),
 * or one of `{ requireScopes: orders.read }`, `{ requireRoles: [a, b], match: any }`, `{ requireAudience: … }`. The options
 * of these stand beside the list; `of` is the name of a handler. `{ requireAuthentication: { maxAgeSeconds: 300 } }`
 * has options alone, and so have `{ rateLimit: { name: minute, limit: 100, windowSeconds: 60 } }` and `concurrencyLimit`.
 */
export const guardExpression: option.Check<GuardExpression, unknown> = option.withSchema(
  { $ref: '#/$defs/guard' },
  (value, name) => compiledGuard(value, name),
);

function compiledGuard(value: unknown, name: string): GuardExpression {
  if (typeof value === 'string') return named(option.text(value, name), undefined, name);
  const given = ownMembers(option.plainObject(value, name)) as Record<string, unknown>;
  if (Object.hasOwn(given, 'type')) {
    const { type, options } = CONFIGURED_GUARD(given, name);
    return named(type, options, name);
  }
  const kind = GUARDS.find((each) => Object.hasOwn(given, each));
  if (kind === undefined) {
    const hint = option.nearestHint(Object.keys(given)[0] ?? '', GUARDS);
    throw option.invalid(name, `must be the name of a guard or have one of ${GUARDS.join(', ')}, type${hint}`);
  }
  const { [kind]: list, ...options } = given;
  if (kind === 'requireAuthentication' || kind === 'rateLimit' || kind === 'concurrencyLimit')
    return ALONE[kind](list, options, name);
  const names = option.textOrTexts(list, `${name}.${kind}`);
  if (kind === 'requireScopes' && Object.hasOwn(options, 'of')) return scopesOf(names, options, name);
  const guard = builtInGuard(kind, names, options, name);
  return () => guard;
}

/** A guard as JSON Schema: what `$defs/guard` is. */
export const GUARD_SCHEMA: option.Schema = {
  title: 'Guard',
  anyOf: [
    { description: 'The name of a guard of the application.', type: 'string', minLength: 1 },
    CONFIGURED_GUARD.schema,
    builtInSchema('requireScopes', { ...scopeOptions.schema.properties, of: option.text.schema as option.Schema }),
    builtInSchema('requireRoles', { ...roleOptions.schema.properties }),
    builtInSchema('requireAudience', {}),
    builtInSchema('requireActor', { ...actorOptions.schema.properties }),
    builtInSchema('requireAuthentication', {}, authenticationOptions.schema),
    builtInSchema('rateLimit', {}, rateLimitOptions.schema),
    builtInSchema('concurrencyLimit', {}, concurrencyLimitOptions.schema),
  ],
};

function builtInSchema(
  kind: (typeof GUARDS)[number],
  options: Readonly<Record<string, option.Schema>>,
  own: option.Schema = option.textOrTexts.schema as option.Schema,
): option.Schema {
  return {
    type: 'object',
    properties: { [kind]: own, ...options },
    required: [kind],
    additionalProperties: false,
  };
}

function named(type: string, options: object | undefined, place: string): GuardExpression {
  return ({ guards }) => guards({ type, options, place });
}

/** Checks everything but the handler at once, by making the guard without it. */
function scopesOf(
  names: readonly string[],
  { of, ...options }: Record<string, unknown>,
  name: string,
): GuardExpression {
  const handler = option.text(of, `${name}.of`);
  builtInGuard('requireScopes', names, options, name);
  return ({ handlers }) => requireScopes(names, { ...options, of: handlers(handler, `${name}.of`) });
}

/**
 * A guard whose options stand alone. Checked at once, by making it with the clock of the system; `owner` stands in front of
 * its errors.
 */
function alone<Options extends object>(
  kind: (typeof GUARDS)[number],
  owner: string,
  make: (options: Options, material: Partial<GuardMaterial>) => GuardLike,
) {
  return (given: unknown, others: object, name: string): GuardExpression => {
    const place = `${name}.${kind}`;
    if (Object.keys(others).length > 0) throw option.invalid(name, `has no options beside ${kind}`);
    const options = option.plainObject(given, place) as Options;
    inPlace(place, () => make(options, {}), { [owner]: place });
    return (material) => make(options, material);
  };
}

const ALONE = {
  requireAuthentication: alone<AuthenticationOptions>(
    'requireAuthentication',
    'AuthenticationOptions',
    (options, { clock }) => requireAuthentication(options, { clock }),
  ),
  rateLimit: alone<RateLimitOptions>('rateLimit', 'RateLimitOptions', (options, { clock, counterStore }) =>
    rateLimit(options, { clock, counterStore }),
  ),
  concurrencyLimit: alone<ConcurrencyLimitOptions>('concurrencyLimit', 'ConcurrencyLimitOptions', (options) =>
    concurrencyLimit(options),
  ),
};

function builtInGuard(
  kind: (typeof LISTING)[number],
  names: readonly string[],
  options: Record<string, unknown>,
  name: string,
): GuardLike {
  const make = () => {
    if (kind === 'requireScopes') return requireScopes(names, options as ScopeOptions);
    if (kind === 'requireRoles') return requireRoles(names, options as RoleOptions);
    if (kind === 'requireActor') return requireActor(names, options as ActorOptions);
    if (Object.keys(options).length > 0) throw option.invalid(name, 'has no options beside requireAudience');
    return requireAudience(names);
  };
  return inPlace(name, make, { ScopeOptions: name, RoleOptions: name, ActorOptions: name });
}
