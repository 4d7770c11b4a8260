import type { SecurityHandler } from '@sallyport/core';
import { type OpenApiDocument, type OpenApiOptions, openApi } from '@sallyport/openapi';
import { alice, apiKey, bearer } from '../chain/scripted-handlers.js';

export type Security = readonly Readonly<Record<string, readonly string[]>>[];

/** An operation object with what OpenAPI wants of it. */
export function operation(more: object = {}): object {
  return { ...more, responses: { 200: { description: 'fine' } } };
}

/** A definition with these paths; everything else may be replaced. */
export function definition(paths: object, more: object = {}): OpenApiDocument {
  const securitySchemes = {
    oauth: { type: 'oauth2', flows: { clientCredentials: { tokenUrl: 'https://as.example/token', scopes: {} } } },
    key: { type: 'apiKey', in: 'header', name: 'X-Key' },
  };
  return { openapi: '3.0.4', info: { title: 'Pets', version: '1' }, components: { securitySchemes }, paths, ...more };
}

/** `GET /a` with this security. */
export function secured(security: Security | undefined, more: object = {}): OpenApiDocument {
  return definition({ '/a': { get: operation({ operationId: 'a', ...(security && { security }) }) } }, more);
}

export function handlers(scopes: readonly string[] = []): Record<'oauth' | 'key', SecurityHandler> {
  return { oauth: bearer(alice({ scopes })), key: apiKey() };
}

export function compiled(document: OpenApiDocument | string, options: Partial<OpenApiOptions> = {}) {
  return openApi(document, { schemes: handlers(), doubts: () => {}, ...options });
}
