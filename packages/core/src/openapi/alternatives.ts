import { ABSTAINED, type Guard, guard, PERMITTED } from '../guard/guard.js';
import { requireScopes } from '../guard/require-scopes.js';
import { some } from '../guard/some.js';
import { isScopeToken } from '../principal/scope-token.js';
import {
  allOf,
  anonymous,
  anyOf,
  handlersOf,
  needsNothing,
  optional,
  type Requirement,
} from '../requirement/requirement.js';
import { invalidContract, type SecurityRequirementObject } from './document.js';

/** Whether a token needs every scope that an alternative lists, as OpenAPI says, or one of them, as WSO2 does. */
export type ScopeMode = 'all' | 'any';

/** Security scheme name to what proves it: a handler, or several of them, such as `anyOf(jwt, introspection)`. */
export type SchemeRequirements = Readonly<Record<string, Requirement>>;

/** One security requirement object: the schemes that it names, all needed, and the scopes. */
interface Alternative {
  readonly schemes: readonly string[];
  readonly requirements: readonly Requirement[];
  readonly scopes: readonly string[];
}

/** What an operation's `security` comes to: who must be proved, and what that party must be allowed. */
export interface OperationSecurity {
  readonly requirement: Requirement;
  readonly guards: readonly Guard[];
}

/**
 * Compiles a `security` list: the list is any-of, one object is all-of, `{}` makes it optional, an empty list is
 * open to everybody (OpenAPI 3.0.4 4.8.30). Alternatives that differ only in their scopes share one proof.
 */
export function compileSecurity(
  operationId: string,
  security: readonly SecurityRequirementObject[],
  schemes: SchemeRequirements,
  mode: ScopeMode,
): OperationSecurity {
  const named = security.filter((object) => Object.keys(object).length > 0);
  const alternatives = named.map((object) => compileAlternative(operationId, object, schemes));
  if (alternatives.length === 0) return { requirement: anonymous(), guards: [] };
  const proofs = distinctProofs(alternatives);
  const proof = proofs.length === 1 ? (proofs[0] as Requirement) : anyOf(...proofs);
  const requirement = alternatives.length < security.length ? optional(proof) : proof;
  return { requirement, guards: scopeGuards(alternatives, mode, requirement !== proof) };
}

function compileAlternative(
  operationId: string,
  object: SecurityRequirementObject,
  schemes: SchemeRequirements,
): Alternative {
  const names = Object.keys(object).toSorted();
  const requirements = names.map((name) => {
    if (Object.hasOwn(schemes, name)) return schemes[name] as Requirement;
    throw invalidContract(`operation ${operationId} needs the security scheme ${name}, for which there is no handler`);
  });
  const scopes = [...new Set(Object.values(object).flat())];
  const odd = scopes.find((scope) => !isScopeToken(scope));
  if (odd !== undefined) {
    throw invalidContract(`operation ${operationId} needs ${JSON.stringify(odd)}, which is no scope (RFC 6749 3.3)`);
  }
  return { schemes: names, requirements, scopes };
}

function distinctProofs(alternatives: readonly Alternative[]): readonly Requirement[] {
  const proofs = new Map<string, Requirement>();
  for (const { schemes, requirements } of alternatives) {
    const [first, ...others] = requirements as [Requirement, ...Requirement[]];
    const key = schemes.join(' ');
    if (!proofs.has(key)) proofs.set(key, others.length === 0 ? first : allOf(first, ...others));
  }
  return [...proofs.values()];
}

/**
 * One guard: of the alternatives that the caller has proved, the scopes of one must be there. Who proved nothing is
 * let in by `{}` alone, or by an alternative that needs no proof and no scope.
 */
function scopeGuards(alternatives: readonly Alternative[], mode: ScopeMode, isOptional: boolean): readonly Guard[] {
  if (alternatives.every(({ scopes }) => scopes.length === 0)) return [];
  const guards = alternatives.map((alternative) => scopeGuard(alternative, mode));
  return [some(...(isOptional ? [UNPROVED, ...guards] : guards))];
}

const UNPROVED: Guard = guard('unproved', ({ kind }) => (kind === 'anonymous' ? PERMITTED : ABSTAINED));

function scopeGuard({ schemes, requirements, scopes }: Alternative, mode: ScopeMode): Guard {
  const provers = requirements
    .filter((requirement) => !needsNothing(requirement))
    .map((requirement) => new Set(handlersOf(requirement).map(({ name }) => name)));
  const scoped = scopes.length === 0 ? undefined : requireScopes(scopes, { match: mode });
  return guard(scoped?.name ?? `via(${schemes.join(' ')})`, (principal, request) => {
    const isProved = provers.every((names) => principal.via.some(({ handler }) => names.has(handler)));
    if (!isProved) return ABSTAINED;
    return scoped === undefined ? PERMITTED : scoped.check(principal, request);
  });
}
