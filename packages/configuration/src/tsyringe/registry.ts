import type { ReadConfiguration } from '../chain/read-configuration.js';
import type { ConfiguredPart } from '../kinds/configured-part.js';
import type { StoreJob } from '../kinds/configured-stores.js';
import type { DependencyContainer } from './container.js';
import type { AnyRegistration } from './registration.js';
import { doubled, late } from './registration-errors.js';
import { nameOf, ownToken, type SecurityToken, securityToken } from './security-token.js';

/** Puts a value under a token of a container. */
export type Put = <Value>(
  container: DependencyContainer,
  token: SecurityToken<Value>,
  make: (container: DependencyContainer) => Value,
) => void;

/** All registered names, for hints in errors. */
const NAMES: SecurityToken<ReadonlySet<string>> = ownToken('registered-names');

/** The configuration that a registration comes from. */
export interface Origin extends Pick<ReadConfiguration, 'directory' | 'located'> {
  /** The place of a handler, for errors. */
  readonly placeOf: (handlerName: string) => string;
}

/** A handler as it was registered, and the configuration that lists it. */
export interface KeptRegistration {
  readonly registration: AnyRegistration;
  readonly origin: Origin | undefined;
}

/** The token under which the registration of a handler, not the handler itself, is kept. */
export function registrationToken(handlerName: string): SecurityToken<KeptRegistration> {
  return ownToken(`handler-registration/${handlerName}`);
}

/** A store as a configuration lists it. Each chain makes one of its own. */
export interface KeptStore {
  readonly part: ConfiguredPart;
  readonly origin: Omit<Origin, 'placeOf'>;
}

/** The token under which the part of a configuration that lists a store, not the store itself, is kept. */
export function storeToken(job: StoreJob): SecurityToken<KeptStore> {
  return ownToken(`configured-store/${job}`);
}

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
export const register: Put = (container, token, make) => {
  checkOpen(container, token);
  if (container.isRegistered(token, true)) throw doubled(token);
  container.register(token, { useFactory: make });
  container.register(NAMES, { useValue: new Set([...registeredNames(container), nameOf(token)]) });
};

/**
 * Overrides a token for this container and its children, also when the token is registered later.
 * @throws {ConfigurationError} ERR_SALLYPORT_REGISTRATION_LATE
 */
export const override: Put = (container, token, make) => {
  checkOpen(container, token);
  container.register(overrideOf(token), { useFactory: make });
};

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

/** Whether a token is overridden here or above. */
export function isOverridden(container: DependencyContainer, token: symbol): boolean {
  return container.isRegistered(overrideOf(token), true);
}

/** The names that are registered as tokens of one kind, such as `tokens.handler`. */
export function namesUnder(container: DependencyContainer, token: (name: string) => symbol): readonly string[] {
  const prefix = nameOf(token(''));
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
