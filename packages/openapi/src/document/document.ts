import { ConfigurationError } from '@sallyport/core';
import { ContractError } from '../places/contract-error.js';
import { Faults } from '../places/faults.js';
import { ParsedText, UnreadableText } from '../places/parsed-text.js';
import type { Pointer } from '../places/pointer.js';
import { pathsOf, shortenReferences } from './references.js';
import { checkSchema } from './schema.js';
import { checkItem, checkTop } from './shape.js';

/** An OpenAPI 3 document as plain data. */
export type OpenApiDocument = Readonly<Record<string, unknown>>;

/** The parts of a document that matter for security. */
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

/** A definition that was read and checked. What is found wrong with it later goes to its faults. */
export interface Definition {
  readonly document: SecurityView;
  readonly paths: readonly PathEntry[];
  readonly faults: Faults;
}

/** A path of a definition, and the path item that it has or refers to. */
export interface PathEntry {
  readonly template: string;
  /** Where the path item stands. */
  readonly pointer: Pointer;
  readonly item: PathItem;
}

/**
 * Reads a definition given as data or as YAML or JSON text, and validates it against the OpenAPI 3.0, 3.1 or 3.2
 * schema. References to other documents are refused: nothing is fetched, nothing is read from disk. Paths that are
 * references are replaced by what they refer to; other references stay.
 * @throws {ContractError} ERR_SALLYPORT_CONTRACT_INVALID with all faults
 * @example
 * const { paths } = await loadDocument(await readFile('orders.yaml', 'utf8'));
 */
export async function loadDocument(definition: OpenApiDocument | string): Promise<SecurityView> {
  const { document, paths } = await readDefinition(definition);
  return { ...document, paths: Object.fromEntries(paths.map(({ template, item }) => [template, item])) };
}

export interface ReadingOptions {
  /** Whether the definition was checked against the schema of OpenAPI before. What security rests on is checked again. */
  readonly validated?: boolean;
}

/** The same, with the faults, which know the lines of a text. */
export async function readDefinition(
  definition: OpenApiDocument | string,
  { validated = false }: ReadingOptions = {},
): Promise<Definition> {
  const { document, faults } = await givenData(definition);
  checkVersion(document, faults);
  if (!validated) await checkSchema(document, faults);
  checkTop(document, faults);
  const paths = pathsOf(document, faults);
  for (const { item, pointer } of paths) checkItem(item, pointer, faults);
  faults.check();
  return { document, paths, faults } as Definition;
}

/**
 * The definition as plain data that nobody else holds, with its references. It is not validated.
 * @throws {ContractError} ERR_SALLYPORT_CONTRACT_INVALID
 */
export async function dataOf(definition: OpenApiDocument | string): Promise<OpenApiDocument> {
  const { document } = await givenData(definition);
  return document;
}

async function givenData(
  definition: OpenApiDocument | string,
): Promise<{ readonly document: OpenApiDocument; readonly faults: Faults }> {
  const text = typeof definition === 'string' ? await parsed(definition) : undefined;
  const faults = new Faults(text);
  const document = checkedData(text === undefined ? copyOf(definition, faults) : text.data, faults);
  shortenReferences(document);
  return { document, faults };
}

function checkVersion({ swagger, openapi }: OpenApiDocument, faults: Faults): void {
  if (swagger !== undefined) faults.refuse('/swagger', 'the definition is Swagger 2.0; convert it to OpenAPI 3');
  if (typeof openapi !== 'string' || !openapi.startsWith('3.')) {
    faults.refuse('/openapi', 'the definition must be OpenAPI 3, with a version such as openapi: "3.0.4"');
  }
  if (!/^3\.[012](?:\.|$)/.test(openapi)) {
    faults.refuse('/openapi', 'this version of OpenAPI is not known: it must be 3.0, 3.1 or 3.2');
  }
}

async function parsed(text: string): Promise<ParsedText> {
  try {
    return await ParsedText.of(text);
  } catch (error) {
    if (!(error instanceof UnreadableText)) throw error;
    const { message, place } = error;
    throw new ContractError([{ pointer: '', problem: `the definition ${message}`, ...place }], { cause: error });
  }
}

/** A copy, because the application may change its own later. */
function copyOf(document: unknown, faults: Faults): unknown {
  if (document instanceof Promise) faults.refuse('', 'the definition is a promise: await it first');
  if (document instanceof URL) return document.href;
  try {
    return structuredClone(document);
  } catch {
    return faults.refuse('', 'the definition holds something that is not data, or is nested too deeply');
  }
}

function checkedData(document: unknown, faults: Faults): OpenApiDocument {
  if (typeof document === 'string') {
    faults.refuse(
      '',
      'the definition is a name or a single text, not a document; give what the file contains, as from readFile(path, "utf8")',
    );
  }
  if (typeof document !== 'object' || document === null) faults.refuse('', 'the definition is empty');
  return document as OpenApiDocument;
}

export function invalidContract(message: string): ConfigurationError {
  return new ConfigurationError('ERR_SALLYPORT_CONTRACT_INVALID', message);
}
