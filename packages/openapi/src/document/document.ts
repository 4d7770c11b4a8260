import { ConfigurationError } from '@sallyport/core';
import { Validator } from '@seriousme/openapi-schema-validator';
import { parse } from 'yaml';

/** An OpenAPI 3 document as plain data. */
export type OpenApiDocument = Readonly<Record<string, unknown>>;

/** The parts of a document that matter for security, with local references resolved. */
export interface SecurityView {
  readonly servers?: readonly Server[];
  readonly security?: readonly SecurityRequirementObject[];
  readonly paths?: Readonly<Record<string, PathItem>>;
  readonly components?: { readonly securitySchemes?: Readonly<Record<string, unknown>> };
}

/** One path: its operations by method, and their common members. */
export interface PathItem extends Readonly<Record<string, unknown>> {
  readonly servers?: readonly Server[];
  readonly additionalOperations?: Readonly<Record<string, OperationObject>>;
}

export interface OperationObject {
  readonly operationId?: string;
  readonly security?: readonly SecurityRequirementObject[];
  readonly servers?: readonly Server[];
}

/** A server of an API (OpenAPI 3.0.4 4.8.5). Every variable of its URL has a default. */
export interface Server {
  readonly url: string;
  readonly variables?: Readonly<Record<string, { readonly default: string; readonly enum?: readonly string[] }>>;
}

/** Scheme names and their scopes. All schemes of one object are needed together (OpenAPI 3.0.4 4.8.30). */
export type SecurityRequirementObject = Readonly<Record<string, readonly string[]>>;

/**
 * Reads a definition given as data or as YAML or JSON text, and validates it against the OpenAPI 3.0, 3.1 or 3.2
 * schema. References to other documents are refused: nothing is fetched, nothing is read from disk.
 * @throws {ConfigurationError} ERR_SALLYPORT_CONTRACT_INVALID
 * @example
 * const { paths } = await loadDocument(await readFile('orders.yaml', 'utf8'));
 */
export async function loadDocument(definition: OpenApiDocument | string): Promise<SecurityView> {
  const specification = dataOf(definition);
  checkVersion(specification);
  const result = await schemas.validate(specification);
  if (!result.valid) throw invalidContract(`the definition is no valid OpenAPI document: ${summary(result.errors)}`);
  checkPathReferences(specification);
  try {
    // A new validator: the shared one keeps the definition that it validated last, which may be another caller's.
    return new Validator().resolveRefs({ specification }) as SecurityView;
  } catch (error) {
    throw invalidContract(`the definition has a reference that cannot be resolved: ${(error as Error).message}`);
  }
}

/**
 * The definition as plain data that nobody else holds, with its references. It is not validated.
 * @throws {ConfigurationError} ERR_SALLYPORT_CONTRACT_INVALID
 */
export function dataOf(definition: OpenApiDocument | string): OpenApiDocument {
  return copyOf(typeof definition === 'string' ? parseText(definition) : definition);
}

function checkVersion({ swagger, openapi }: OpenApiDocument): void {
  if (swagger !== undefined) throw invalidContract('the definition is Swagger 2.0; convert it to OpenAPI 3');
  if (typeof openapi !== 'string' || !openapi.startsWith('3.')) {
    throw invalidContract('the definition must be OpenAPI 3, with a version such as openapi: "3.0.4"');
  }
}

/**
 * Checks paths that refer to another path (OpenAPI 3.0.4 4.8.9.1). Operations would be lost silently, and their
 * security with them, if the reference went in a circle, stood beside operations or led to an inherited property.
 */
function checkPathReferences(specification: OpenApiDocument): void {
  for (const [template, item] of Object.entries(specification['paths'] ?? {})) {
    const passed = new Set<unknown>();
    let target: unknown = item;
    while (typeof target === 'object' && target !== null && '$ref' in target) {
      if (Object.keys(target).some((key) => !BESIDE_REFERENCE.has(key))) {
        throw invalidContract(
          `the path ${template} has a $ref and operations beside it; which of them count is undefined`,
        );
      }
      if (passed.has(target)) throw invalidContract(`the path ${template} refers to itself in a circle`);
      passed.add(target);
      target = ownTarget(specification, String(target.$ref));
    }
    if (target === undefined) throw invalidContract(`the path ${template} has a reference that cannot be resolved`);
  }
}

const BESIDE_REFERENCE: ReadonlySet<string> = new Set(['$ref', 'summary', 'description']);

/** The value that a JSON pointer (RFC 6901) finds. Only own properties of the document count. */
export function ownTarget(document: unknown, reference: string): unknown {
  const [, ...names] = decodeURIComponent(reference).split('/');
  return names
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>((place, name) => {
      if (typeof place !== 'object' || place === null || !Object.hasOwn(place, name)) return undefined;
      return (place as Record<string, unknown>)[name];
    }, document);
}

/** Compiling the schemas takes a quarter of a second, so it is done once. */
const schemas = new Validator();

/** A copy, because the validator changes the document that it validates. */
function copyOf(document: unknown): OpenApiDocument {
  if (document instanceof Promise) throw invalidContract('the definition is a promise: await it first');
  if (typeof document === 'string' || document instanceof URL)
    throw invalidContract(
      'the definition is a name or a single text, not a document; give what the file contains, as from readFile(path, "utf8")',
    );
  if (typeof document !== 'object' || document === null) throw invalidContract('the definition is empty');
  try {
    return structuredClone(document) as OpenApiDocument;
  } catch {
    throw invalidContract('the definition holds something that is not data, or is nested too deeply');
  }
}

function parseText(text: string): OpenApiDocument {
  try {
    return parse(text, { uniqueKeys: true }) as OpenApiDocument;
  } catch (error) {
    throw invalidContract(`the definition is neither YAML nor JSON: ${(error as Error).message}`);
  }
}

function summary(errors: unknown): string {
  const text = typeof errors === 'string' ? errors : JSON.stringify(errors);
  return text.length > 500 ? `${text.slice(0, 500)}…` : text;
}

export function invalidContract(message: string): ConfigurationError {
  return new ConfigurationError('ERR_SALLYPORT_CONTRACT_INVALID', message);
}
