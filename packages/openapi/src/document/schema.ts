import { quotedName } from '@sallyport/core/extend';
import type { Validator } from '@seriousme/openapi-schema-validator';
import type { Faults } from '../places/faults.js';
import { addBrokenReferences } from './references.js';
import type { Part } from './shape.js';

type Result = Awaited<ReturnType<Validator['validate']>>;
type SchemaError = Exclude<NonNullable<Result['errors']>, string>[number];

interface Validators {
  /** Stops at the first error, which is faster for good documents. */
  readonly brief: Validator;
  readonly thorough: Validator;
}

/** Compiling a schema takes a quarter of a second. The validators compile it when they first need it, and keep it. */
let loading: Promise<Validators> | undefined;

/**
 * Validates a document against the schema of its version. The schemas and the validator are loaded with the first
 * document.
 */
export async function checkSchema(document: Part, faults: Faults): Promise<void> {
  loading ??= import('@seriousme/openapi-schema-validator').then(({ Validator }) => ({
    brief: new Validator(),
    thorough: new Validator({ allErrors: true }),
  }));
  const { brief, thorough } = await loading;
  const { errors } = await brief.validate(document);
  if (errors === undefined) return;
  // A text is about a reference and does not say where that stands.
  if (typeof errors === 'string') return addBrokenReferences(document, faults, errors);
  const all = await thorough.validate(document);
  const found = typeof all.errors === 'object' ? all.errors : errors;
  for (const error of innermost(found)) faults.add(error.instancePath, problemOf(error));
}

/**
 * What lies innermost: where a part of a document is wrong, everything around it is reported as wrong, too. A part that
 * may be a reference or something else is no reference: that it lacks `$ref` says nothing.
 */
function innermost(errors: readonly SchemaError[]): readonly SchemaError[] {
  const paths = new Set(errors.map(({ instancePath }) => instancePath));
  const around = new Set([...paths].flatMap((path) => ownersOf(path)));
  const inner = errors.filter(({ instancePath }) => !around.has(instancePath));
  const telling = inner.filter(({ params, keyword }) => params['missingProperty'] !== '$ref' && !COMBINES.has(keyword));
  return telling.length > 0 ? telling : inner;
}

const COMBINES: ReadonlySet<string> = new Set(['oneOf', 'anyOf', 'allOf', 'not', 'if', 'dependentSchemas']);

function ownersOf(path: string): readonly string[] {
  const names = path.split('/');
  return names.slice(1).map((_, index) => names.slice(0, index + 1).join('/'));
}

/** In the words of the schema, which hold no value of the document. The names of members are quoted if they look like names. */
function problemOf({ message = 'is wrong', params }: SchemaError): string {
  const member = params['additionalProperty'] ?? params['unevaluatedProperty'];
  const rule = member === undefined ? message : `${message}: ${quotedName(String(member))}`;
  return `the definition is no valid OpenAPI document: ${rule}`;
}
