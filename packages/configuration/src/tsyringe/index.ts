export type { ConfigurationContext } from '../chain/read-configuration.js';
export type { Environment } from '../environment/references.js';
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
export type {
  ChainDefinition,
  ContainerServices,
  HandlerClass,
  HandlerMaker,
  HandlerRegistration,
  HandlerType,
  NamedServices,
} from './handler-registration.js';
export {
  overrideSecurity,
  registerSecurity,
  type SecurityOverride,
  type SecurityRegistration,
} from './register-security.js';
export { resolveChain } from './resolve-chain.js';
export { registerConfiguration } from './security-configuration.js';
export { securityToken } from './security-token.js';
export { tokens } from './tokens.js';
