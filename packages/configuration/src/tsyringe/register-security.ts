import { clockCheck, type HandlerLookup, option, revocationBusCheck } from '@sallyport/core/extend';
import { type SharedServices, sharedServices } from '../chain/chain-from.js';
import type { DependencyContainer } from './container.js';
import {
  type ChainDefinition,
  type ContainerKinds,
  containerKind,
  type HandlerRegistration,
  handlerRegistration,
} from './registration.js';
import { missing } from './registration-errors.js';
import {
  add,
  effective,
  namesUnder,
  type Origin,
  override,
  type Put,
  register,
  registrationToken,
} from './registry.js';
import { SERVICE_TOKENS, tokens } from './tokens.js';

export const REGISTRATION = option.table('SecurityRegistration', {
  /** Makes the options of the chain from its handlers. */
  chain: option.optional(option.callable<ChainDefinition>()),
  handlers: option.withDefault(option.namedValues(handlerRegistration), {}),
  kinds: option.withDefault(option.namedValues(containerKind), {}),
  /** The clock of the chain and of everything in it. */
  clock: option.optional(clockCheck),
  /** Tells other instances what was revoked. */
  revocationBus: option.optional(revocationBusCheck),
});

export const OVERRIDE = option.table('SecurityOverride', {
  options: option.withDefault(option.namedValues(option.plainObject), {}),
});

const securityRegistration = option.merged(sharedServices, REGISTRATION);
const securityOverride = option.merged(securityRegistration, OVERRIDE);

/** The registrations of a container. They may come in several parts, each registration once. */
export interface SecurityRegistration<Table extends ContainerKinds = ContainerKinds>
  extends SharedServices,
    Omit<option.Given<typeof REGISTRATION>, 'handlers' | 'kinds'> {
  /**
   * The handlers by the name of the instance, which also stands in events. If `kinds` stands beside them, their kinds
   * and options are those of its rows.
   */
  readonly handlers?: Readonly<Record<string, HandlerRegistration<Table>>> | undefined;
  /** Kinds of handlers and guards that registrations and configurations refer to by name. */
  readonly kinds?: Table | undefined;
}

/** Replacements of registrations, for example in tests. */
export interface SecurityOverride<Table extends ContainerKinds = ContainerKinds> extends SecurityRegistration<Table> {
  /** Options by the name of a handler. They replace options of the same name; other options stay. */
  readonly options?: Readonly<Record<string, object>> | undefined;
}

/**
 * Registers handlers, services and the definition of the container's chain. Nothing is built yet.
 * @throws {ConfigurationError} ERR_SALLYPORT_REGISTRATION_DOUBLED, ERR_SALLYPORT_REGISTRATION_LATE,
 *   ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 * @example
 * registerSecurity(container, {
 *   kinds: builtInHandlers,
 *   handlers: { users: { type: 'basic', options: { realm: 'doors', users: { accounts: [] } } } },
 *   chain: (handler) => ({ requirement: handler('users') }),
 * });
 */
export function registerSecurity<Table extends ContainerKinds = ContainerKinds>(
  container: DependencyContainer,
  registration: SecurityRegistration<Table>,
): void {
  registerFrom(container, registration, undefined);
}

/** The same. The errors of handlers that a configuration lists are about a place there. */
export function registerFrom<Table extends ContainerKinds>(
  container: DependencyContainer,
  registration: SecurityRegistration<Table>,
  origin: Origin | undefined,
): void {
  putAll(container, securityRegistration(registration), register, origin);
}

/**
 * Replaces registrations of a container or of its parents. In a child container, the parent's registrations stay as
 * they are. Handlers and options must already be registered: a misspelt name would replace nothing.
 * @throws {ConfigurationError} ERR_SALLYPORT_REGISTRATION_MISSING, ERR_SALLYPORT_REGISTRATION_LATE,
 *   ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 * @example
 * const test = container.createChildContainer();
 * overrideSecurity(test, { handlers: { tokens: { useValue: believing } } });
 * const chain = await resolveChain(test);
 */
export function overrideSecurity<Table extends ContainerKinds = ContainerKinds>(
  container: DependencyContainer,
  replacement: SecurityOverride<Table>,
): void {
  const { options, ...parts } = securityOverride(replacement);
  for (const name of Object.keys({ ...parts.handlers, ...options })) requireHandler(container, name);
  putAll(container, parts, override);
  for (const [name, changes] of Object.entries(options)) {
    const original = effective(container, tokens.options(name));
    override(container, tokens.options(name), () => ({ ...original, ...changes }));
  }
}

function putAll(
  container: DependencyContainer,
  { handlers, kinds, decisionListeners, ...services }: option.Kept<typeof securityRegistration>,
  put: Put,
  origin?: Origin,
): void {
  for (const [name, registration] of Object.entries(handlers)) {
    const token = tokens.handler(name);
    put(container, token, (place) => handlersOf(place, token)(name));
    put(container, registrationToken(name), () => ({ registration, origin }));
    put(
      container,
      tokens.options(name),
      () => (Object.hasOwn(registration, 'options') && (registration as { options?: object }).options) || {},
    );
  }
  for (const [name, kind] of Object.entries(kinds)) put(container, tokens.kind(name), () => kind);
  for (const [name, token] of Object.entries(SERVICE_TOKENS)) {
    const service: unknown = Reflect.get(services, name);
    if (service !== undefined) put(container, token, () => service);
  }
  for (const listener of decisionListeners) add(container, tokens.decisionListener, listener);
}

/** The handlers of the chain whose container this is. */
function handlersOf(container: DependencyContainer, token: symbol): HandlerLookup {
  if (container.isRegistered(tokens.handlers, true)) return container.resolve(tokens.handlers);
  throw missing(token, 'Handlers exist in a chain only: take them from resolveChain(container)');
}

function requireHandler(container: DependencyContainer, name: string): void {
  const token = tokens.handler(name);
  if (container.isRegistered(token, true)) return;
  throw missing(token, 'Only what is registered can be overridden', name, namesUnder(container, tokens.handler));
}
