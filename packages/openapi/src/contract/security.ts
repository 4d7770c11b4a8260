import { allOf, anonymous, anyOf, type Requirement } from '@sallyport/core';
import { isScopeToken, quotedName, RequiredScopes, scoped, shownName } from '@sallyport/core/extend';
import { invalidContract, type SecurityRequirementObject } from '../document/document.js';

/** Whether a token needs all scopes that are listed for its scheme, as OpenAPI says, or one of them, as in WSO2. */
export type ScopeMode = 'all' | 'any';

/** Security scheme names and their requirements: a handler, or several of them, such as `anyOf(jwt, introspection)`. */
export type SchemeRequirements = Readonly<Record<string, Requirement>>;

/**
 * Compiles a `security` list to a requirement (OpenAPI 3.0.4 4.8.30). The list is any-of, one object is all-of. `{}`
 * lets callers in who send nothing; an empty list is open to everybody. Scopes belong to their scheme: the proof of
 * that scheme must carry them.
 */
export function compileSecurity(
  operationId: string,
  security: readonly SecurityRequirementObject[],
  schemes: SchemeRequirements,
  mode: ScopeMode,
): Requirement {
  const alternatives = security.map((object) => compileAlternative(operationId, object, schemes, mode));
  const [first = anonymous(), ...others] = alternatives;
  return others.length === 0 ? first : anyOf(first, ...others);
}

/** Sorts the schemes by name, because the order of an object's members must not matter. */
function compileAlternative(
  operationId: string,
  object: SecurityRequirementObject,
  schemes: SchemeRequirements,
  mode: ScopeMode,
): Requirement {
  const names = Object.keys(object).toSorted();
  const proofs = names.map((name) => {
    if (!Object.hasOwn(schemes, name)) {
      throw invalidContract(
        `operation ${operationId} needs the security scheme ${shownName(name)}, for which there is no handler`,
      );
    }
    return withScopes(schemes[name] as Requirement, checkedScopes(operationId, object[name] ?? []), mode);
  });
  const [first = anonymous(), ...others] = proofs;
  return others.length === 0 ? first : allOf(first, ...others);
}

function withScopes(scheme: Requirement, scopes: readonly string[], mode: ScopeMode): Requirement {
  return scopes.length === 0
    ? scheme
    : scoped(scheme, new RequiredScopes(scopes, { match: mode, strategy: 'exact', of: undefined }));
}

function checkedScopes(operationId: string, scopes: readonly string[]): readonly string[] {
  const odd = scopes.find((scope) => !isScopeToken(scope));
  if (odd !== undefined) {
    throw invalidContract(`operation ${operationId} needs the scope ${quotedName(odd)}, which is none (RFC 6749 3.3)`);
  }
  return [...new Set(scopes)];
}
