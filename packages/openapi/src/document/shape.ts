import type { Faults } from '../places/faults.js';
import { below, type Pointer } from '../places/pointer.js';

/** An object of a document. */
export type Part = Readonly<Record<string, unknown>>;

export function isPart(value: unknown): value is Part {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The methods that a path item has a member for (OpenAPI 3.2.0 4.9). */
export const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace', 'query'] as const;

/**
 * Checks the parts of a path item on which security rests, also in a document that was validated elsewhere: a list that
 * is none, or a scope that is no text, must never read as a weaker requirement.
 */
export function checkItem(item: Part, pointer: Pointer, faults: Faults): void {
  checkServers(item['servers'], below(pointer, 'servers'), faults);
  for (const method of METHODS) checkOperation(item[method], below(pointer, method), faults);
  const { additionalOperations = {} } = item;
  const place = below(pointer, 'additionalOperations');
  if (!faults.expect(isPart(additionalOperations), place, 'additionalOperations must be an object')) return;
  for (const [method, operation] of Object.entries(additionalOperations as Part)) {
    checkOperation(operation, below(place, method), faults);
  }
}

/** The same for what stands at the top of the document. */
export function checkTop(document: Part, faults: Faults): void {
  const { paths = {}, components = {} } = document;
  faults.expect(isPart(paths), '/paths', 'paths must be an object');
  if (faults.expect(isPart(components), '/components', 'components must be an object')) {
    const { securitySchemes = {} } = components as Part;
    faults.expect(isPart(securitySchemes), '/components/securitySchemes', 'securitySchemes must be an object');
  }
  checkServers(document['servers'], '/servers', faults);
  checkSecurity(document['security'], '/security', faults);
}

function checkOperation(operation: unknown, pointer: Pointer, faults: Faults): void {
  if (operation === undefined || !faults.expect(isPart(operation), pointer, 'an operation must be an object')) return;
  const { operationId = '', servers, security } = operation as Part;
  faults.expect(typeof operationId === 'string', below(pointer, 'operationId'), 'operationId must be a text');
  checkServers(servers, below(pointer, 'servers'), faults);
  checkSecurity(security, below(pointer, 'security'), faults);
}

function checkSecurity(security: unknown = [], pointer: Pointer, faults: Faults): void {
  if (!faults.expect(Array.isArray(security), pointer, 'security must be a list (OpenAPI 3.0.4 4.8.30)')) return;
  for (const [index, alternative] of (security as unknown[]).entries()) {
    const place = below(pointer, index);
    if (!faults.expect(isPart(alternative), place, 'an alternative must be an object (OpenAPI 3.0.4 4.8.30)')) continue;
    for (const [name, scopes] of Object.entries(alternative as Part)) {
      const areTexts = Array.isArray(scopes) && scopes.every((scope) => typeof scope === 'string');
      faults.expect(areTexts, below(place, name), 'scopes must be a list of texts (OpenAPI 3.0.4 4.8.30)');
    }
  }
}

function checkServers(servers: unknown = [], pointer: Pointer, faults: Faults): void {
  if (!faults.expect(Array.isArray(servers), pointer, 'servers must be a list (OpenAPI 3.0.4 4.8.1)')) return;
  for (const [index, server] of (servers as unknown[]).entries()) {
    const place = below(pointer, index);
    const hasUrl = isPart(server) && typeof server['url'] === 'string';
    if (!faults.expect(hasUrl, place, 'a server must be an object with a url (OpenAPI 3.0.4 4.8.5)')) continue;
    checkVariables((server as Part)['variables'], below(place, 'variables'), faults);
  }
}

function checkVariables(variables: unknown = {}, pointer: Pointer, faults: Faults): void {
  if (!faults.expect(isPart(variables), pointer, 'variables must be an object (OpenAPI 3.0.4 4.8.5)')) return;
  for (const [name, variable] of Object.entries(variables as Part)) {
    const { default: value = '', enum: values = [] } = isPart(variable) ? variable : { default: null };
    const areTexts = [value, ...(Array.isArray(values) ? values : [null])].every((each) => typeof each === 'string');
    const rule = 'a variable must be an object with texts as default and enum (OpenAPI 3.0.4 4.8.6)';
    faults.expect(areTexts, below(pointer, name), rule);
  }
}
