export type { ConfigurationContext } from '../chain/read-configuration.js';
export type { Environment } from '../environment/references.js';
export { registerConfiguration, registerConfigurationFile } from './configuration.js';
export * from './container.js';
export {
  overrideSecurity,
  registerSecurity,
  type SecurityOverride,
  type SecurityRegistration,
} from './register-security.js';
export type {
  ChainDefinition,
  ClassKind,
  ContainerKind,
  ContainerKinds,
  ContainerServices,
  HandlerClass,
  HandlerMaker,
  HandlerRegistration,
  NamedServices,
} from './registration.js';
export { resolveChain } from './resolve-chain.js';
export { type SecurityToken, securityToken } from './security-token.js';
export { tokens } from './tokens.js';
