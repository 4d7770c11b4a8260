import type { Clock, SecurityToken } from '@sallyport/core/extend';
import type { DependencyContainer } from './container.js';
import type { ContainerServices } from './handler-registration.js';
import { doubled, late, missing } from './registration-errors.js';
import { nameOf, securityToken } from './security-token.js';

type Make<Value> = (container: DependencyContainer) => Value;

/** All registered names, for hints in errors. */
const NAMES: SecurityToken<ReadonlySet<string>> = securityToken('@sallyport/core/registered-names');

/** Containers whose chain is resolved and not closed yet. */
const sealed = new WeakSet<DependencyContainer>();

/**
 * The token of an override. It differs from the token that is overridden, so a second registration is still noticed.
 */
function overrideOf<Value>(token: SecurityToken<Value>): SecurityToken<Value> {
  return securityToken(`override of ${nameOf(token)}`);
}

/**
 * Registers a value once. Values are kept in functions, so an inspection of the container shows no option and no
 * secret.
 * @throws {ConfigurationError} ERR_SALLYPORT_REGISTRATION_DOUBLED, ERR_SALLYPORT_REGISTRATION_LATE
 */
export function register<Value>(container: DependencyContainer, token: SecurityToken<Value>, make: Make<Value>): void {
  checkOpen(container, token);
  if (container.isRegistered(token, true)) throw doubled(token);
  container.register(token, { useFactory: make });
  container.register(NAMES, { useValue: new Set([...registeredNames(container), nameOf(token)]) });
}

/**
 * Overrides a token for this container and its children, also when the token is registered later.
 * @throws {ConfigurationError} ERR_SALLYPORT_REGISTRATION_LATE
 */
export function override<Value>(container: DependencyContainer, token: SecurityToken<Value>, make: Make<Value>): void {
  checkOpen(container, token);
  container.register(overrideOf(token), { useFactory: make });
}

/**
 * Registers one more value of a token that may have several. A container with values of its own hides those of its
 * parent, so the parent's values are copied first.
 * @throws {ConfigurationError} ERR_SALLYPORT_REGISTRATION_LATE
 */
export function add<Value>(container: DependencyContainer, token: SecurityToken<Value>, value: Value): void {
  checkOpen(container, token);
  const inherited = container.isRegistered(token) ? [] : all(container, token);
  for (const each of [...inherited, value]) container.register<Value>(token, { useValue: each });
}

/** All values of a token. Returns an empty list when nothing is registered; the container itself would throw. */
export function all<Value>(container: DependencyContainer, token: SecurityToken<Value>): readonly Value[] {
  return container.isRegistered(token, true) ? container.resolveAll<Value>(token) : [];
}

/**
 * The value of a token: its override, else its one registration, else undefined.
 * @throws {ConfigurationError} ERR_SALLYPORT_REGISTRATION_DOUBLED
 */
export function effective<Value>(container: DependencyContainer, token: SecurityToken<Value>): Value | undefined {
  const replacing = overrideOf(token);
  if (container.isRegistered(replacing, true)) return container.resolve<Value>(replacing);
  const [value, ...others] = all(container, token);
  if (others.length > 0) throw doubled(token);
  return value;
}

/** @param who the part that needs a service, for the error when the service is missing */
export function servicesOf(container: DependencyContainer, clock: Clock, who: string): ContainerServices {
  const find = <Value>(token: SecurityToken<Value>) => effective(container, token);
  const get = <Value>(token: SecurityToken<Value>) => {
    const value = find(token);
    if (value === undefined) throw missing(token, `Register it in the container: ${who} needs it`);
    return value;
  };
  return { clock, find, get };
}

/** The registered names that begin with a prefix, such as `@sallyport/core/handler/`; returned without it. */
export function namesUnder(container: DependencyContainer, prefix: string): readonly string[] {
  const names = registeredNames(container).filter((name) => name.startsWith(prefix));
  return names.map((name) => name.slice(prefix.length));
}

/** Refuses registrations in this container until `unseal`. */
export function seal(container: DependencyContainer): void {
  sealed.add(container);
}

export function unseal(container: DependencyContainer): void {
  sealed.delete(container);
}

function checkOpen(container: DependencyContainer, token: symbol): void {
  if (sealed.has(container)) throw late(token);
}

function registeredNames(container: DependencyContainer): readonly string[] {
  return container.isRegistered(NAMES, true) ? [...container.resolve<ReadonlySet<string>>(NAMES)] : [];
}
