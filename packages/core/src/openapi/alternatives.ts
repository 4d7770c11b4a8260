import { ABSTAINED, type Guard, guard, PERMITTED, requireScopes, some } from '../guard.js';
import type { SecurityHandler } from '../handler.js';
import { allOf, anonymous, anyOf, optional, type Requirement } from '../requirement.js';
import { invalidContract, type SecurityRequirementObject } from './document.js';

/** Whether a token needs every scope that an alternative lists, as OpenAPI says, or one of them, as WSO2 does. */
export type ScopeMode = 'all' | 'any';

/** Security scheme name to the handler that proves it. */
export type SchemeHandlers = Readonly<Record<string, SecurityHandler>>;

/** One security requirement object: the handlers that it names, and the scopes. */
interface Alternative {
  readonly handlers: readonly SecurityHandler[];
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
  handlers: SchemeHandlers,
  mode: ScopeMode,
): OperationSecurity {
  const alternatives = security
    .filter((object) => Object.keys(object).length > 0)
    .map((object) => ({
      handlers: Object.keys(object).map((scheme) => handlerOf(operationId, scheme, handlers)),
      scopes: [...new Set(Object.values(object).flat())],
    }));
  if (alternatives.length === 0) return { requirement: anonymous(), guards: [] };
  const proofs = distinctProofs(alternatives);
  const proof = proofs.length === 1 ? (proofs[0] as Requirement) : anyOf(...proofs);
  const requirement = alternatives.length < security.length ? optional(proof) : proof;
  return { requirement, guards: scopeGuards(alternatives, mode) };
}

function handlerOf(operationId: string, scheme: string, handlers: SchemeHandlers): SecurityHandler {
  const handler = Object.hasOwn(handlers, scheme) ? handlers[scheme] : undefined;
  if (handler === undefined) {
    throw invalidContract(
      `operation ${operationId} needs the security scheme ${scheme}, for which there is no handler`,
    );
  }
  return handler;
}

function distinctProofs(alternatives: readonly Alternative[]): readonly Requirement[] {
  const proofs = new Map<string, Requirement>();
  for (const { handlers } of alternatives) {
    const [first, ...others] = handlers as [SecurityHandler, ...SecurityHandler[]];
    const key = keyOf(handlers);
    if (!proofs.has(key)) proofs.set(key, others.length === 0 ? first : allOf(first, ...others));
  }
  return [...proofs.values()];
}

/** One guard: of the alternatives that the caller has proved, the scopes of one must be there. */
function scopeGuards(alternatives: readonly Alternative[], mode: ScopeMode): readonly Guard[] {
  if (alternatives.every(({ scopes }) => scopes.length === 0)) return [];
  return [some(...alternatives.map((alternative) => scopeGuard(alternative, mode)))];
}

function scopeGuard({ handlers, scopes }: Alternative, mode: ScopeMode): Guard {
  const names = handlers.map(({ name }) => name);
  const scoped = scopes.length === 0 ? undefined : requireScopes(scopes, { match: mode });
  return guard(scoped?.name ?? `via(${names.join(' ')})`, (principal, request) => {
    const isProved = names.every((name) => principal.via.some(({ handler }) => handler === name));
    if (!isProved) return principal.kind === 'anonymous' ? PERMITTED : ABSTAINED;
    return scoped === undefined ? PERMITTED : scoped.check(principal, request);
  });
}

function keyOf(handlers: readonly SecurityHandler[]): string {
  return JSON.stringify(handlers.map(({ name }) => name).toSorted());
}
