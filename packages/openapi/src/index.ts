export { type OpenApiOptions, openApi } from './contract.js';
export { loadDocument, type OpenApiDocument } from './document.js';
