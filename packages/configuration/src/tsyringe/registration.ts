import type { SecurityChainOptions, SecurityHandler } from '@sallyport/core';
import {
  type ConfigurationServices,
  type Eventually,
  type HandlerLookup,
  type Kind,
  option,
  ownMembers,
} from '@sallyport/core/extend';
import type { ClassProvider } from './container.js';
import type { SecurityToken } from './security-token.js';

/** The services that a container passes to the definition of a chain. */
export interface ContainerServices extends ConfigurationServices {
  /** The service registered under a token; undefined when there is none. */
  find<Value>(token: SecurityToken<Value>): Value | undefined;
  /** @throws {ConfigurationError} ERR_SALLYPORT_REGISTRATION_MISSING */
  get<Value>(token: SecurityToken<Value>): Value;
}

/** The services that a container passes to a handler maker. */
export interface NamedServices extends ContainerServices {
  /** The name of the handler instance: `SecurityHandler.name` must be the same. */
  readonly name: string;
}

/** Makes a handler without decorators. `options` are the options of this instance, including its name. */
export type HandlerMaker = (options: object, services: NamedServices) => SecurityHandler;

/** A class that the container builds: `@injectable()`, best with `@inject(token)` at every parameter. */
export type HandlerClass = Extract<
  ClassProvider<SecurityHandler>['useClass'],
  abstract new (
    ...args: never[]
  ) => unknown
>;

/** A kind of handler whose class the container builds. The class injects `tokens.handlerOptions`. */
export interface ClassKind {
  readonly useClass: HandlerClass;
}

/** One row of a table of kinds. Tables for `chainFrom` fit as they are; a container knows classes as well. */
export type ContainerKind = Kind | ClassKind;

/** Kinds by the names that registrations and configurations use. */
export type ContainerKinds = Readonly<Record<string, ContainerKind>>;

type WithOptions<Options extends object> =
  Record<never, never> extends Options ? { readonly options?: Options | undefined } : { readonly options: Options };

type OfKind<Type, Row> = Row extends {
  readonly handler: (options: infer Options extends object, services: never) => unknown;
}
  ? { readonly type: Type } & WithOptions<Options>
  : Row extends ClassKind
    ? { readonly type: Type; readonly options?: object | undefined }
    : never;

/** An instance of a kind. Where the table of kinds is known, name and options are those of the table. */
type KindRegistration<Table> = string extends keyof Table
  ? { readonly type: string; readonly options?: object | undefined }
  : { readonly [Type in keyof Table]: OfKind<Type, Table[Type]> }[keyof Table];

/** Lets the compiler tell by `type` which options an object literal may have. */
interface OfNoKind {
  readonly type?: undefined;
}

/**
 * One handler of a chain. `options` are passed to a class (which injects `tokens.handlerOptions`), a maker or a kind of
 * `Table`. Without a table it is of no kind and fits beside every table.
 */
export type HandlerRegistration<Table extends ContainerKinds = Record<never, never>> =
  | (OfNoKind & { readonly useClass: HandlerClass; readonly options?: object | undefined })
  | (OfNoKind & { readonly useFactory: HandlerMaker; readonly options?: object | undefined })
  | (OfNoKind & { readonly useValue: SecurityHandler })
  | KindRegistration<Table>;

/** A registration whose table is not known. */
export type AnyRegistration = HandlerRegistration<ContainerKinds>;

/** Makes the options of the chain from its handlers. May be asynchronous, for example to compile a contract. */
export type ChainDefinition = (
  handlers: HandlerLookup,
  services: ContainerServices,
) => Eventually<SecurityChainOptions>;

/** A handler given as `useValue` is checked when the chain is resolved, like every handler that is built. */
const WAYS = {
  useClass: option.callable(),
  useFactory: option.callable(),
  useValue: option.unchecked<unknown>(),
  type: option.text,
};

/** Checks that a registration has exactly one way to get a handler. */
export const handlerRegistration: option.Check<AnyRegistration> = (value, name) => {
  const given = onlyMemberOf(WAYS, value, name);
  if (Object.hasOwn(given, 'useValue') && Object.hasOwn(given, 'options'))
    throw option.invalid(name, 'is built already: no options');
  option.optional(option.plainObject)(Reflect.get(given, 'options'), `${name}.options`);
  return given as AnyRegistration;
};

const MAKES = {
  handler: option.callable(),
  guard: option.callable(),
  store: option.callable(),
  useClass: option.callable(),
};

/** Checks that a kind says by exactly one member what it makes. */
export const containerKind: option.Check<ContainerKind> = (value, name) =>
  onlyMemberOf(MAKES, value, name) as ContainerKind;

/** An object that has one of these members, and beside it at most `options`. */
function onlyMemberOf(checks: Readonly<Record<string, option.Check<unknown>>>, value: unknown, name: string): object {
  const members = Object.entries(ownMembers(option.plainObject(value, name)));
  // A copy that inherits nothing, so that `in` finds only what was given.
  const given: object = ownMembers(Object.fromEntries(members.filter(([, member]) => member !== undefined)));
  const keys = Object.keys(given).filter((key) => key !== 'options');
  const [key = ''] = keys;
  const check = Object.hasOwn(checks, key) ? checks[key] : undefined;
  if (check === undefined || keys.length > 1)
    throw option.invalid(name, `must have exactly one of ${Object.keys(checks).join(', ')}`);
  check(Reflect.get(given, key), `${name}.${key}`);
  return given;
}
