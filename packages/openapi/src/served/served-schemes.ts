import type { SecurityScheme } from '@sallyport/core';
import { handlersOf } from '@sallyport/core/extend';
import type { SchemeRequirements } from '../contract/security.js';
import type { OpenApiDocument, SecurityRequirementObject } from '../document/document.js';
import { resolved } from '../document/references.js';
import { type DeclaredScheme, fits, schemesOf } from '../schemes/handler-schemes.js';
import { SCHEME_ENDPOINTS, type SchemeEndpoints } from './scheme-endpoints.js';

export interface SchemeSources {
  readonly schemes: SchemeRequirements;
  /** By the name of a scheme. They go before what handlers have found. */
  readonly endpoints: Readonly<Record<string, SchemeEndpoints>>;
  /** The security of every operation. */
  readonly enforced: readonly SecurityRequirementObject[];
}

/** The security schemes of a document: as it declares them, with what their handlers know. Others stay as they are. */
export function servedSchemes(document: OpenApiDocument, sources: SchemeSources): Readonly<Record<string, unknown>> {
  const { securitySchemes = {} } = (document['components'] ?? {}) as { securitySchemes?: Record<string, unknown> };
  const names = new Set([...Object.keys(securitySchemes), ...sources.enforced.flatMap((each) => Object.keys(each))]);
  const served = [...names].map((name) => {
    const declared = Object.hasOwn(securitySchemes, name)
      ? (resolved(document, securitySchemes[name]) as DeclaredScheme)
      : undefined;
    return [name, servedScheme(name, declared, sources, String(document['openapi']))] as const;
  });
  return Object.fromEntries(served.filter(([, scheme]) => scheme !== undefined));
}

function servedScheme(
  name: string,
  declared: DeclaredScheme | undefined,
  { schemes, endpoints, enforced }: SchemeSources,
  version: string,
): DeclaredScheme | undefined {
  if (!Object.hasOwn(schemes, name)) return declared;
  const told = handlersOf(schemes[name] as SchemeRequirements[string]).map(schemesOf);
  const isDescribed = declared !== undefined && told.flat().some((each) => fits(each, declared));
  const scheme = isDescribed ? declared : replaced(declared, told.flat(), version);
  if (scheme === undefined) return declared;
  const known = found(told.flat(), Object.hasOwn(endpoints, name) ? endpoints[name] : undefined, version);
  switch (scheme['type']) {
    case 'oauth2':
      return withEndpoints(scheme, known, scopesOf(name, enforced));
    case 'openIdConnect':
      return known.openIdConnectUrl === undefined ? scheme : { ...scheme, openIdConnectUrl: known.openIdConnectUrl };
    case 'http':
      return { ...scheme, ...bearerFormat(scheme, told) };
    default:
      return scheme;
  }
}

/**
 * What the credential is really like, where the definition says something else or nothing. Its flows cannot be made up, and
 * OpenAPI 3.0 has no word for certificates.
 */
function replaced(
  declared: DeclaredScheme | undefined,
  told: readonly SecurityScheme[],
  version: string,
): DeclaredScheme | undefined {
  const real = told.find(({ type }) => type !== 'oauth2' && !(type === 'mutualTLS' && version.startsWith('3.0')));
  if (real === undefined) return undefined;
  const kept = Object.entries(declared ?? {}).filter(([key]) => key === 'description' || key.startsWith('x-'));
  return { ...Object.fromEntries(kept), ...real };
}

/** The addresses that are known: configured ones, then those of the first handler that knows one. */
function found(
  told: readonly SecurityScheme[],
  configured: SchemeEndpoints | undefined,
  version: string,
): SchemeEndpoints {
  const known: Record<string, unknown> = {};
  const issued = told.flatMap(({ type, ...members }) =>
    type === 'oauth2' || type === 'openIdConnect'
      ? [SCHEME_ENDPOINTS(members, 'the securitySchemes of a handler')]
      : [],
  );
  for (const members of [configured ?? {}, ...issued]) {
    for (const [member, address] of Object.entries(members)) known[member] ??= address;
  }
  // A member of OpenAPI 3.2.
  if (/^3\.[01]\./.test(version)) delete known['oauth2MetadataUrl'];
  return known;
}

/** Only if it is the format of all tokens that are taken. */
function bearerFormat(scheme: DeclaredScheme, told: readonly (readonly SecurityScheme[])[]): { bearerFormat?: string } {
  const formats = told.flatMap((ofHandler) => {
    const fitting = ofHandler.find((each) => fits(each, scheme));
    return fitting?.type === 'http' ? [fitting.bearerFormat] : [];
  });
  const [first] = formats;
  return first !== undefined && formats.every((format) => format === first) ? { bearerFormat: first } : {};
}

/** Every scope that operations need, so that clients may ask for it. */
function scopesOf(name: string, enforced: readonly SecurityRequirementObject[]): readonly string[] {
  return [...new Set(enforced.flatMap((each) => (Object.hasOwn(each, name) ? (each[name] ?? []) : [])))];
}

type Flow = Readonly<Record<string, unknown>> & { readonly scopes?: Readonly<Record<string, string>> };

function withEndpoints(scheme: DeclaredScheme, known: SchemeEndpoints, needed: readonly string[]): DeclaredScheme {
  const { oauth2MetadataUrl } = known;
  const flows = Object.entries((scheme['flows'] ?? {}) as Readonly<Record<string, Flow>>).map(([name, flow]) =>
    name.startsWith('x-') ? [name, flow] : [name, servedFlow(flow, known, needed)],
  );
  return {
    ...scheme,
    ...(oauth2MetadataUrl !== undefined && { oauth2MetadataUrl }),
    flows: Object.fromEntries(flows),
  };
}

/** Tokens are refreshed where they are issued (RFC 6749 6). */
function servedFlow(flow: Flow, known: SchemeEndpoints, needed: readonly string[]): Flow {
  const addresses: Readonly<Record<string, string | undefined>> = { ...known, refreshUrl: known.tokenUrl };
  const real = Object.keys(flow).flatMap((member) => {
    const address = Object.hasOwn(addresses, member) ? addresses[member] : undefined;
    return address === undefined ? [] : [[member, address]];
  });
  const undescribed = Object.fromEntries(needed.map((scope) => [scope, '']));
  return { ...flow, ...Object.fromEntries(real), scopes: { ...undescribed, ...flow.scopes } };
}
