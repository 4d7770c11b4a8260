export {
  container,
  type DependencyContainer,
  delay,
  type InjectionToken,
  inject,
  injectAll,
  injectable,
  Lifecycle,
  scoped,
  singleton,
} from './container.js';
export type {
  ChainDefinition,
  HandlerClass,
  HandlerLookup,
  HandlerMaker,
  HandlerRegistration,
  HandlerServices,
  HandlerType,
} from './handler-registration.js';
export {
  overrideSecurity,
  registerSecurity,
  type SecurityOverride,
  type SecurityRegistration,
} from './register-security.js';
export { resolveChain } from './resolve-chain.js';
export { type SecurityToken, securityToken, tokens } from './tokens.js';
