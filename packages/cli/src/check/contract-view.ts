import {
  below,
  type Definition,
  type NamedOperation,
  namedOperations,
  readDefinition,
} from '@sallyport/openapi/extend';
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
}

/** A security scheme of a document. */
export interface DocumentedScheme {
  readonly name: string;
  readonly pointer: string;
  /** The scopes that its flows declare; undefined if a scheme of its type declares none. */
  readonly scopes: ReadonlySet<string> | undefined;
  /** Whether any `security` list of the document names it, also one of a webhook or a callback. */
  readonly isUsed: boolean;
}

/** What `check` needs to know of a document. */
export interface ContractView {
  readonly operations: readonly DocumentedOperation[];
  readonly schemes: readonly DocumentedScheme[];
  placeOf(pointer: string): Place;
}

export interface ViewOptions {
  readonly basePaths: readonly string[] | undefined;
  readonly directory: string;
}

/**
 * Reads a document.
 * @throws {CommandError} where the file cannot be read
 * @throws {ContractError} ERR_SALLYPORT_CONTRACT_INVALID
 */
export async function contractView(file: string, { basePaths, directory }: ViewOptions): Promise<ContractView> {
  const definition = await readDefinition(await textOfFile(file, directory));
  const named = namedOperations(definition, basePaths);
  definition.faults.check();
  return {
    operations: named.map((operation) => ({ ...operation, security: securityOf(operation, definition) })),
    schemes: schemesOf(definition),
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

function schemesOf({ document }: Definition): readonly DocumentedScheme[] {
  const used = new Set(schemesNamedIn(document));
  return Object.entries(document.components?.securitySchemes ?? {}).map(([name, scheme]) => ({
    name,
    pointer: below('/components/securitySchemes', name),
    scopes: scopesOf(scheme as SchemeObject),
    isUsed: used.has(name),
  }));
}

interface SchemeObject {
  readonly type?: string;
  readonly flows?: Readonly<Record<string, { readonly scopes?: Readonly<Record<string, string>> }>>;
}

/** Only OAuth 2.0 declares its scopes here (OpenAPI 3.0.4 4.8.27). */
function scopesOf({ type, flows = {} }: SchemeObject): ReadonlySet<string> | undefined {
  if (type !== 'oauth2') return undefined;
  return new Set(Object.values(flows).flatMap(({ scopes = {} }) => Object.keys(scopes)));
}

/** The names in all `security` lists, wherever they stand. */
function* schemesNamedIn(part: unknown): Generator<string> {
  if (typeof part !== 'object' || part === null) return;
  for (const [name, member] of Object.entries(part)) {
    if (name === 'security' && Array.isArray(member)) yield* member.flatMap((each) => Object.keys(each ?? {}));
    yield* schemesNamedIn(member);
  }
}
