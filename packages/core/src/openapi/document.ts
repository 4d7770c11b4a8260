import { Validator } from '@seriousme/openapi-schema-validator';
import { parse } from 'yaml';
import { ConfigurationError } from '../errors.js';

/** An OpenAPI 3 document as plain data. */
export type OpenApiDocument = Readonly<Record<string, unknown>>;

/** The parts of a document that matter for security, with local references resolved. */
export interface SecurityView {
  readonly servers?: readonly { readonly url: string }[];
  readonly security?: readonly SecurityRequirementObject[];
  readonly paths?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly components?: { readonly securitySchemes?: Readonly<Record<string, unknown>> };
}

/** Scheme name to scopes: all schemes of one object are needed together (OpenAPI 3.0.4 4.8.30). */
export type SecurityRequirementObject = Readonly<Record<string, readonly string[]>>;

/**
 * Reads a definition given as data or as YAML or JSON text, and validates it against the OpenAPI 3.0, 3.1 or 3.2
 * schema. References to other documents are refused: nothing is fetched, nothing is read from disk.
 * @throws {ConfigurationError} ERR_SALLYPORT_CONTRACT_INVALID
 */
export async function loadDocument(definition: OpenApiDocument | string): Promise<SecurityView> {
  const document = typeof definition === 'string' ? parseText(definition) : definition;
  const validator = new Validator();
  const result = await validator.validate(structuredClone(document));
  if (!result.valid) throw invalidContract(`the definition is no valid OpenAPI document: ${summary(result.errors)}`);
  if (!String(validator.version).startsWith('3.')) throw invalidContract('the definition must be OpenAPI 3');
  try {
    return validator.resolveRefs() as SecurityView;
  } catch (error) {
    throw invalidContract(`the definition has a reference that cannot be resolved: ${(error as Error).message}`);
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
