import type { Decider, SecurityHandler } from '@sallyport/core';
import { isHandler, option, ownMembers } from '@sallyport/core/extend';
import { type AdapterOptions, adapterOptions, weakeningFlag } from '../gate/adapter-options.js';
import type { PlatformOptions } from './platforms/platform.js';

const aHandler: option.Check<SecurityHandler> = (value, name) => {
  if (isHandler(value)) return value;
  throw option.invalid(name, 'must be a handler');
};

export const NEST = option.table('SallyportModuleOptions', {
  /** Decides: a `SecurityChain`. The module starts it with the application and closes it with the application. */
  chain: option.having<Decider>('decide'),
  /** Handlers besides those of the chain that decorators and `AuthGuard` may name. */
  handlers: option.withDefault(option.listOf(aHandler), []),
  /**
   * Decides only where a `SallyportGuard` or an `AuthGuard` stands, and lets all other requests through: for an application
   * that moves route by route. Warns at start.
   */
  allowUnguarded: option.withDefault(
    weakeningFlag('routes of Nest without a guard of their own are open to everybody (allowUnguarded)'),
    false,
  ),
});

const moduleOptions = option.merged(adapterOptions, NEST);

/** Requests and responses are those of the platform. */
export interface SallyportModuleOptions<Request extends object = object, Response extends object = object>
  extends AdapterOptions<readonly [request: Request, response: Response]>,
    option.Given<typeof NEST> {}

export interface CheckedModuleOptions extends option.Kept<typeof NEST> {
  /** What the adapter of the platform checks once more, and warns of. */
  readonly given: PlatformOptions;
}

/** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
export function checkedModuleOptions(options: SallyportModuleOptions): CheckedModuleOptions {
  const { allowPreflight: _preflight, allowRewriting: _rewriting, ...others } = ownMembers(options);
  const { chain, handlers, allowUnguarded } = moduleOptions(others);
  const { chain: _chain, handlers: _handlers, allowUnguarded: _unguarded, ...given } = ownMembers(options);
  return { chain, handlers, allowUnguarded, given };
}
