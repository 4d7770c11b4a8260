import { quoted } from '@sallyport/core/extend';
import { resolved } from '../document/references.js';
import { isPart, type Part } from '../document/shape.js';
import type { Faults } from '../places/faults.js';
import { below, type Pointer } from '../places/pointer.js';

/** A security scheme as a definition declares it, and where it is declared. */
export interface SchemeEntry {
  readonly scheme: Part;
  readonly pointer: Pointer;
}

/** The security schemes of a document by name, with what references among them lead to. */
export function declaredSchemes(document: Part, faults: Faults): ReadonlyMap<string, SchemeEntry> {
  const { components = {} } = document;
  const { securitySchemes = {} } = components as Part;
  const declared = Object.entries(securitySchemes as Part).flatMap(([name, given]) => {
    const pointer = below('/components/securitySchemes', name);
    const found = resolved(document, given);
    if (isPart(found)) return [[name, { scheme: found, pointer }] as const];
    const reference = isPart(given) ? ` with the reference ${quoted(String(given['$ref']))}` : '';
    faults.add(pointer, `the security scheme${reference} leads to no object`);
    return [];
  });
  return new Map(declared);
}

const URI_OF_SCHEME = '#/components/securitySchemes/';

/** The name of a scheme in `security`. Since OpenAPI 3.2 that may be a URI, if no scheme has the URI as its name. */
export function schemeNamed(name: string, declared: ReadonlyMap<string, SchemeEntry>): string {
  if (declared.has(name) || !name.startsWith(URI_OF_SCHEME)) return name;
  const named = name.slice(URI_OF_SCHEME.length);
  return declared.has(named) ? named : name;
}

/** The scopes that a scheme declares; undefined for a kind of scheme that declares none (OpenAPI 3.0.4 4.8.30). */
export function declaredScopes({ type, flows }: Part): ReadonlySet<string> | undefined {
  if (type !== 'oauth2' || typeof flows !== 'object' || flows === null) return undefined;
  const all = Object.values(flows).flatMap((flow: { scopes?: object } | null) => Object.keys(flow?.scopes ?? {}));
  return new Set(all);
}
