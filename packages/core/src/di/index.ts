export { registerConfigurationFile } from './configuration-file.js';
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
export type { Environment } from './environment-references.js';
export type {
  ChainDefinition,
  ContainerServices,
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
export { type ConfigurationContext, registerConfiguration } from './security-configuration.js';
export { type SecurityToken, securityToken, tokens } from './tokens.js';
