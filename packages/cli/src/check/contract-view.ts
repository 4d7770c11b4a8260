import { ownMember } from '@sallyport/core/extend';
import { ContractError, type OpenApiDocument } from '@sallyport/openapi';
import {
  below,
  type Definition,
  declaredSchemes,
  declaredScopes,
  EXTENSION,
  type NamedOperation,
  namedOperations,
  readDefinition,
  schemeNamed,
} from '@sallyport/openapi/extend';
import { refusedDocument } from '../contract/compiled-contract.js';
import { textOfFile } from '../contract/text-file.js';
import type { Place } from '../findings/finding.js';

/** A `security` list, and where it stands. */
export interface SecurityPart {
  readonly list: readonly Readonly<Record<string, readonly string[]>>[];
  readonly pointer: string;
}

/** One operation of a document, as `check` looks at it. */
export interface DocumentedOperation extends NamedOperation {
  /** Its own, or that of the document; undefined if there is neither. */
  readonly security: SecurityPart | undefined;
  /** The list of `anyScope` that counts for it: its own, that of its path, or that of the document. */
  readonly anyScope: ScopesPart | undefined;
}

/** A list of scopes, and where it stands. */
export interface ScopesPart {
  readonly scopes: readonly string[];
  readonly pointer: string;
}

/** A security scheme of a document. */
export interface DocumentedScheme {
  readonly pointer: string;
  /** The scopes that its flows declare; undefined if a scheme of its type declares none. */
  readonly scopes: ReadonlySet<string> | undefined;
  /** Whether any `security` list of the document names it, also one of a webhook or a callback. */
  readonly isUsed: boolean;
}

/** What `check` needs to know of a document. */
export interface ContractView {
  readonly operations: readonly DocumentedOperation[];
  /** By the names under which they are declared. */
  readonly schemes: ReadonlyMap<string, DocumentedScheme>;
  /** The name of a scheme that a `security` list may write as a URI (OpenAPI 3.2.0 4.30). */
  nameOf(key: string): string;
  placeOf(pointer: string): Place;
}

export interface ViewOptions {
  readonly basePaths: readonly string[] | undefined;
  readonly directory: string;
}

/**
 * Reads a document.
 * @throws {CommandError} where the file cannot be read, and with the faults for which a chain would refuse it
 */
export async function contractView(file: string, { basePaths, directory }: ViewOptions): Promise<ContractView> {
  const text = await textOfFile(file, directory);
  try {
    return await viewOf(text, file, basePaths);
  } catch (error) {
    throw error instanceof ContractError ? refusedDocument(file, error) : error;
  }
}

async function viewOf(text: string, file: string, basePaths: ViewOptions['basePaths']): Promise<ContractView> {
  const definition = await readDefinition(text);
  const named = namedOperations(definition, basePaths);
  const declared = declaredSchemes(definition.document as OpenApiDocument, definition.faults);
  definition.faults.check();
  const nameOf = (key: string): string => schemeNamed(key, declared);
  const used = new Set(Array.from(keysOfSecurity(definition.document), nameOf));
  const schemes = Array.from(declared, ([name, { scheme, pointer }]) => {
    return [name, { pointer, scopes: declaredScopes(scheme), isUsed: used.has(name) }] as const;
  });
  return {
    operations: named.map((operation) => ({
      ...operation,
      security: securityOf(operation, definition),
      anyScope: anyScopeOf(operation, definition),
    })),
    schemes: new Map(schemes),
    nameOf,
    placeOf(pointer) {
      const { line, column } = definition.faults.placeOf(pointer) ?? { line: 1, column: 1 };
      return { file, pointer, line, column };
    },
  };
}

function securityOf({ object, pointer }: NamedOperation, { document }: Definition): SecurityPart | undefined {
  if (object.security !== undefined) return { list: object.security, pointer: below(pointer, 'security') };
  return document.security && { list: document.security, pointer: '/security' };
}

/** Whether a chain takes an extension is another question: only what can be read is looked at. */
function anyScopeOf({ object, pointer, path }: NamedOperation, { document }: Definition): ScopesPart | undefined {
  const levels = [[object, pointer] as const, [path.item, path.pointer] as const, [document, ''] as const];
  for (const [owner, place] of levels) {
    const extension = ownMember(owner as Readonly<Record<string, unknown>>, EXTENSION);
    const scopes = ownMember(Object(extension) as Readonly<Record<string, unknown>>, 'anyScope');
    if (Array.isArray(scopes)) return { scopes, pointer: below(place, EXTENSION, 'anyScope') };
  }
  return undefined;
}

/** The keys of all `security` lists, wherever they stand. */
function* keysOfSecurity(part: unknown): Generator<string> {
  if (typeof part !== 'object' || part === null) return;
  for (const [name, member] of Object.entries(part)) {
    if (name === 'security' && Array.isArray(member)) yield* member.flatMap((each) => Object.keys(each ?? {}));
    yield* keysOfSecurity(member);
  }
}
