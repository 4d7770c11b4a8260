/** Chains from configuration files and objects, without a container. */
export { type ChainServices, chainFrom } from './chain/chain-from.js';
export type { ConfigurationSource } from './chain/read-configuration.js';
export type { Environment } from './environment/references.js';
export { type ParsedConfiguration, parseConfiguration } from './file/parsed-file.js';
export {
  CONFIGURATION_CHANNEL,
  type ConfigurationEvent,
  onConfigurationEvent,
} from './live-chain/configuration-events.js';
export { type LiveChain, type LiveChainServices, liveChain } from './live-chain/live-chain.js';
export { type ConfigurationSchemaOptions, configurationSchema } from './schema/configuration-schema.js';
