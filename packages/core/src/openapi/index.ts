export { type ContractOptions, contract } from './contract.js';
export type { OpenApiDocument } from './document.js';
export { loadDocument } from './document.js';
