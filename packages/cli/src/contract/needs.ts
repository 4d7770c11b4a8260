import type { AuthenticationOptions, GuardLike, Requirement } from '@sallyport/core';
import {
  type Alternative,
  alternativesOf,
  authenticationOf,
  isLimiting,
  type Operation,
  type ScopeRule,
} from '@sallyport/core/extend';

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
  /** Those of them that do nothing but limit how much callers may ask for. */
  readonly limits: readonly string[];
  /** How, and how lately, users must have authenticated, for each guard that says so: all of it is needed. */
  readonly stepUps: readonly StepUp[];
  /** How old a remembered verdict may be that lets a request pass; undefined where the operation does not say. */
  readonly maxVerdictAgeSeconds: number | undefined;
}

/** What a guard demands of the login, and its name. */
export interface StepUp extends AuthenticationOptions {
  readonly guard: string;
}

/** What a compiled operation needs. */
export function needsOf(operation: Operation): OperationNeeds {
  const { id, method, template, requirement, guards = [], maxVerdictAgeSeconds } = operation;
  return {
    id,
    method,
    template,
    ways: requirement === undefined ? [] : waysOf(requirement),
    guards: guards.map(nameOf),
    limits: guards.filter(isLimiting).map(nameOf),
    stepUps: guards.flatMap((guard) => {
      const demand = authenticationOf(guard);
      return demand === undefined ? [] : { guard: nameOf(guard), ...demand };
    }),
    maxVerdictAgeSeconds,
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

/** How old a remembered verdict may be, in words. */
export function verdictAgeText({ maxVerdictAgeSeconds: age }: Pick<OperationNeeds, 'maxVerdictAgeSeconds'>): string {
  if (age === undefined) return '';
  return age === 0 ? 'nothing remembered' : `remembered for less than ${age} s`;
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
