/** For configuration files and tools. Applications need `@sallyport/openapi` alone. */
export { ParsedText, type Place, UnreadableText } from './places/parsed-text.js';
