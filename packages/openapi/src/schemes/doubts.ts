import type { Requirement } from '@sallyport/core';
import { handlersOf, quotedName, shownName } from '@sallyport/core/extend';
import type { Part } from '../document/shape.js';
import type { ContractFault } from '../places/contract-error.js';
import type { Faults } from '../places/faults.js';
import { below, type Pointer } from '../places/pointer.js';
import { declaredScopes, type SchemeEntry } from './declared-schemes.js';
import { fits, schemesOf } from './handler-schemes.js';

/** What can be enforced, but is hardly meant. */
export interface ContractDoubt extends ContractFault {
  readonly kind: 'scheme_undeclared' | 'scope_undeclared' | 'scheme_deprecated' | 'handler_unfit' | 'handler_unused';
}

/** A scheme in the `security` of an operation. */
export interface SchemeUse {
  readonly name: string;
  readonly scopes: readonly string[];
  /** Where the scheme stands in `security`. */
  readonly pointer: Pointer;
  readonly operationId: string;
}

/** Scopes of which an operation needs one, whichever of its schemes proved it. */
export interface AnyScopeUse {
  readonly scopes: readonly string[];
  /** Where the list stands. */
  readonly pointer: Pointer;
  readonly operationId: string;
  /** The names of all schemes in the `security` of the operation. */
  readonly schemes: readonly string[];
}

export interface UsedSchemes {
  readonly declared: ReadonlyMap<string, SchemeEntry>;
  readonly uses: readonly SchemeUse[];
  readonly anyScopes: readonly AnyScopeUse[];
  /** What proves each scheme. */
  readonly schemes: Readonly<Record<string, Requirement>>;
}

/** Everything that is doubtful about the schemes of a definition, each once, each kind in the order of its operations. */
export function doubtsAbout(
  { declared, uses, anyScopes, schemes }: UsedSchemes,
  faults: Faults,
): readonly ContractDoubt[] {
  const found = new Map<string, ContractDoubt>();
  const doubt = (kind: ContractDoubt['kind'], key: string, pointer: Pointer | undefined, problem: string) => {
    const id = `${kind} ${key}`;
    if (!found.has(id)) found.set(id, Object.freeze({ kind, ...faults.placed(pointer, problem) }));
  };
  for (const { name, scopes, pointer, operationId } of uses) {
    const what = `the security scheme ${shownName(name)}`;
    const needs = `operation ${operationId} needs`;
    const scheme = declared.get(name)?.scheme;
    if (scheme === undefined) {
      doubt('scheme_undeclared', name, pointer, `${needs} ${what}, which the definition does not declare`);
      continue;
    }
    if (scheme['deprecated'] === true)
      doubt('scheme_deprecated', name, pointer, `${needs} ${what}, which is deprecated`);
    const known = declaredScopes(scheme);
    for (const [index, scope] of scopes.entries()) {
      if (known?.has(scope) !== false) continue;
      const problem = `${needs} the scope ${quotedName(scope)}, which ${what} does not declare`;
      doubt('scope_undeclared', `${name} ${scope}`, below(pointer, index), problem);
    }
  }
  for (const { scopes, pointer, operationId, schemes: names } of anyScopes) {
    for (const [index, scope] of scopes.entries()) {
      if (!isDeclaredByNone(scope, names, declared)) continue;
      const problem = `operation ${operationId} needs the scope ${quotedName(scope)}, which none of its security schemes declares`;
      doubt('scope_undeclared', scope, below(pointer, index), problem);
    }
  }
  const used = new Set(uses.map(({ name }) => name));
  for (const [name, requirement] of Object.entries(schemes)) {
    const what = `the option schemes has ${shownName(name)}`;
    const { scheme, pointer } = declared.get(name) ?? {};
    if (!used.has(name)) doubt('handler_unused', name, pointer, `${what}, which no operation needs`);
    const handlers = handlersOf(requirement);
    if (scheme === undefined || handlers.length === 0) continue;
    if (handlers.some((handler) => schemesOf(handler).some((told) => fits(told, scheme)))) continue;
    const names = handlers.map((handler) => shownName(handler.name)).join(', ');
    doubt('handler_unfit', name, pointer, `${what}, but ${names} takes no such credential: ${kindOf(scheme)}`);
  }
  return [...found.values()];
}

/** A scheme that declares no scopes at all may prove any. */
function isDeclaredByNone(scope: string, names: readonly string[], declared: UsedSchemes['declared']): boolean {
  const known = names.map((name) => declaredScopes(declared.get(name)?.scheme ?? {}));
  return known.length > 0 && known.every((scopes) => scopes?.has(scope) === false);
}

function kindOf({ type, scheme, in: place }: Part): string {
  return [type, scheme ?? place]
    .filter((word) => typeof word === 'string')
    .map((word) => shownName(String(word)))
    .join(' ');
}
