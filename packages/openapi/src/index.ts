export { type OpenApiOptions, openApi } from './contract/contract.js';
export { loadDocument, type OpenApiDocument } from './document/document.js';
