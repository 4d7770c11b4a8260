export { type DoubtsListener, type OpenApiCollaborators, type OpenApiOptions, openApi } from './contract/contract.js';
export { loadDocument, type OpenApiDocument } from './document/document.js';
export { ContractError, type ContractFault } from './places/contract-error.js';
export { CONTRACT_CHANNEL, type ContractEvent, onContractEvent } from './schemes/contract-events.js';
export type { ContractDoubt } from './schemes/doubts.js';
export type { SchemeEndpoints } from './served/scheme-endpoints.js';
export { type ServedDefinitionOptions, servedDefinition } from './served/served-definition.js';
