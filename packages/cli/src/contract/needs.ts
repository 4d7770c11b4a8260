import type { GuardLike, Requirement } from '@sallyport/core';
import { type Alternative, alternativesOf, type Operation, type ScopeRule } from '@sallyport/core/extend';

/** Scopes that a way needs, and whose proofs have to carry them: one of these or another. */
export interface WayScopes extends ScopeRule {
  readonly by: readonly string[];
}

/** One way to be let in: with all of these proofs. Without proofs it is open to everybody. */
export interface Way {
  /** The names of the security schemes or handlers. */
  readonly proofs: readonly string[];
  readonly scopes: readonly WayScopes[];
  /** Whether all proofs have to be of one user or client. */
  readonly sameParty: boolean;
}

/** What an operation needs. */
export interface OperationNeeds {
  readonly id: string;
  readonly method: string;
  readonly template: string;
  /** One of them is enough. */
  readonly ways: readonly Way[];
  /** The names of the checks after authentication. */
  readonly guards: readonly string[];
}

/** What a compiled operation needs. */
export function needsOf({ id, method, template, requirement, guards = [] }: Operation): OperationNeeds {
  return {
    id,
    method,
    template,
    ways: requirement === undefined ? [] : waysOf(requirement),
    guards: guards.map(nameOf),
  };
}

/** Every way to satisfy a requirement. */
export function waysOf(requirement: Requirement): readonly Way[] {
  return alternativesOf(requirement).map(wayOf);
}

/** Whether callers are let in who send nothing. */
export function isOpen({ ways }: Pick<OperationNeeds, 'ways'>): boolean {
  return ways.some(({ proofs }) => proofs.length === 0);
}

function wayOf({ handlers, scopes, sameParty }: Alternative): Way {
  return {
    proofs: handlers.map(({ name }) => name),
    scopes: scopes.map(({ by, ...rule }) => ({ ...rule, by: by.map(({ name }) => name) })),
    sameParty,
  };
}

function nameOf(guard: GuardLike): string {
  return guard.name === '' ? 'a function' : guard.name;
}

/** The scopes that a proof has to carry, in words: `read write`, `one of read write`. Empty when there are none. */
export function scopesText({ scopes }: Way, proof: string): string {
  return scopes
    .filter(({ by }) => by.includes(proof))
    .map(({ scopes: names, match, by }) => {
      const others = by.filter((name) => name !== proof);
      const together = others.length === 0 ? '' : ` (or ${others.join(', ')})`;
      return `${match === 'any' && names.length > 1 ? 'one of ' : ''}${names.join(' ')}${together}`;
    })
    .join(' and ');
}
