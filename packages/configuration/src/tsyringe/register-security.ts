import type { DecisionListener, Guard, GuardFunction, GuardLike, Revocations } from '@sallyport/core';
import {
  type CacheStore,
  type Clock,
  type CounterStore,
  clockCheck,
  type HandlerLookup,
  option,
  type RevocationBus,
  type SecurityToken,
} from '@sallyport/core/extend';
import type { DependencyContainer } from './container.js';
import {
  type ChainDefinition,
  type HandlerRegistration,
  type HandlerType,
  handlerRegistration,
  handlerType,
  optionsIn,
  registrationToken,
} from './handler-registration.js';
import { missing } from './registration-errors.js';
import { add, effective, namesUnder, override, register } from './registry.js';
import { nameOf } from './security-token.js';
import { tokens } from './tokens.js';

/** The registrations of a container. They may come in several parts, each registration once. */
export interface SecurityRegistration {
  /** Makes the options of the chain from its handlers. */
  readonly chain?: ChainDefinition | undefined;
  /** The handlers by the name of the instance, which also stands in events. */
  readonly handlers?: Readonly<Record<string, HandlerRegistration>> | undefined;
  /** Kinds of handlers that registrations and configuration files refer to by name. */
  readonly handlerTypes?: Readonly<Record<string, HandlerType>> | undefined;
  /** Guards that configuration files refer to by name. */
  readonly guards?: Readonly<Record<string, GuardLike>> | undefined;
  readonly clock?: Clock | undefined;
  /** 0 to 1, for the jitter of Retry-After. */
  readonly random?: (() => number) | undefined;
  readonly cacheStore?: CacheStore | undefined;
  /** Counts for several processes together, such as failed logins. */
  readonly counterStore?: CounterStore | undefined;
  readonly revocations?: Revocations | undefined;
  readonly revocationBus?: RevocationBus | undefined;
  /** Called with every decision of the chain. The listeners of several parts add up. */
  readonly decisionListeners?: readonly DecisionListener[] | undefined;
}

/** Replacements of registrations, for example in tests. */
export interface SecurityOverride extends SecurityRegistration {
  /** Options by the name of a handler. They replace options of the same name; other options stay. */
  readonly options?: Readonly<Record<string, object>> | undefined;
}

/**
 * Registers handlers, services and the definition of the container's chain. Nothing is built yet.
 * @throws {ConfigurationError} ERR_SALLYPORT_REGISTRATION_DOUBLED, ERR_SALLYPORT_REGISTRATION_LATE,
 *   ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 */
export function registerSecurity(container: DependencyContainer, registration: SecurityRegistration): void {
  const parts = option.check('SecurityRegistration', registration, CHECKS);
  putAll(parts, (token, make) => register(container, token, make));
  for (const listener of parts.decisionListeners) add(container, tokens.decisionListener, listener);
}

/**
 * Replaces registrations of a container or of its parents. In a child container, the parent's registrations stay as
 * they are. Handlers and options must already be registered: a misspelt name would replace nothing.
 * @throws {ConfigurationError} ERR_SALLYPORT_REGISTRATION_MISSING, ERR_SALLYPORT_REGISTRATION_LATE,
 *   ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 */
export function overrideSecurity(container: DependencyContainer, replacement: SecurityOverride): void {
  const checks = { ...CHECKS, options: option.withDefault(option.namedValues(option.plainObject), {}) };
  const { options, ...parts } = option.check('SecurityOverride', replacement, checks);
  for (const name of [...Object.keys(parts.handlers), ...Object.keys(options)]) requireHandler(container, name);
  putAll(parts, (token, make) => override(container, token, make));
  for (const [name, changes] of Object.entries(options)) {
    const original = effective(container, tokens.options(name));
    override(container, tokens.options(name), () => ({ ...original, ...changes }));
  }
  for (const listener of parts.decisionListeners) add(container, tokens.decisionListener, listener);
}

const guardLike: option.Check<GuardLike> = (value, name) =>
  typeof value === 'function'
    ? option.callable<GuardFunction>()(value, name)
    : option.having<Guard>('check')(value, name);

const CHECKS = {
  chain: option.optional(option.callable<ChainDefinition>()),
  handlers: option.withDefault(option.namedValues(handlerRegistration), {}),
  handlerTypes: option.withDefault(option.namedValues(handlerType), {}),
  guards: option.withDefault(option.namedValues(guardLike), {}),
  clock: option.optional(clockCheck),
  random: option.optional(option.callable<() => number>()),
  cacheStore: option.optional(option.having<CacheStore>('get', 'set', 'delete')),
  counterStore: option.optional(option.having<CounterStore>('get', 'add', 'reset')),
  revocations: option.optional(option.unchecked<Revocations>()),
  revocationBus: option.optional(option.unchecked<RevocationBus>()),
  decisionListeners: option.withDefault(option.listOf(option.callable<DecisionListener>()), []),
};

type Parts = Omit<ReturnType<typeof option.check<typeof CHECKS>>, 'decisionListeners'>;
type Put = <Value>(token: SecurityToken<Value>, make: (container: DependencyContainer) => Value) => void;

function putAll(parts: Parts, put: Put): void {
  const { handlers, handlerTypes, guards, chain, clock, random, cacheStore, counterStore, revocations, revocationBus } =
    parts;
  for (const [name, registration] of Object.entries(handlers)) {
    const token = tokens.handler(name);
    put(token, (container) => handlersOf(container, token)(name));
    put(registrationToken(name), () => registration);
    put(tokens.options(name), () => optionsIn(registration));
  }
  for (const [name, type] of Object.entries(handlerTypes)) put(tokens.handlerType(name), () => type);
  for (const [name, guard] of Object.entries(guards)) put(tokens.guard(name), () => guard);
  if (chain !== undefined) put(tokens.chain, () => chain);
  if (clock !== undefined) put(tokens.clock, () => clock);
  if (random !== undefined) put(tokens.random, () => random);
  if (cacheStore !== undefined) put(tokens.cacheStore, () => cacheStore);
  if (counterStore !== undefined) put(tokens.counterStore, () => counterStore);
  if (revocations !== undefined) put(tokens.revocations, () => revocations);
  if (revocationBus !== undefined) put(tokens.revocationBus, () => revocationBus);
}

/** The handlers of the chain whose container this is. */
function handlersOf(container: DependencyContainer, token: symbol): HandlerLookup {
  if (container.isRegistered(tokens.handlers, true)) return container.resolve(tokens.handlers);
  throw missing(token, 'Handlers exist in a chain only: take them from resolveChain(container)');
}

function requireHandler(container: DependencyContainer, name: string): void {
  const token = tokens.handler(name);
  if (container.isRegistered(token, true)) return;
  throw missing(
    token,
    'Only what is registered can be overridden',
    name,
    namesUnder(container, nameOf(tokens.handler(''))),
  );
}
