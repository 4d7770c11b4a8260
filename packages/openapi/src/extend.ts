/** For configuration files and tools. Applications need `@sallyport/openapi` alone. */
export { type NamedOperation, namedGuards, namedOperations } from './contract/named-operations.js';
export { type Definition, readDefinition } from './document/document.js';
export { EXTENSION, extensionOptions } from './extension/contract-extension.js';
export { ParsedText, type Place, UnreadableText } from './places/parsed-text.js';
export { below, type Pointer } from './places/pointer.js';
export { declaredSchemes, declaredScopes, type SchemeEntry, schemeNamed } from './schemes/declared-schemes.js';
