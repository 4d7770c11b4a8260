import { quoted } from '@sallyport/core/extend';
import { below } from '@sallyport/openapi/extend';
import type { Finding } from '../findings/finding.js';
import { CHECK_RULES } from './check-rules.js';
import type { ContractView, SecurityPart } from './contract-view.js';

export interface Enforced {
  /** The names of operations that are open on purpose. */
  readonly open: readonly string[];
  /** The configuration file, and the schemes that it proves. */
  readonly configured: { readonly file: string; readonly proved: ReadonlySet<string> } | undefined;
}

/** What is wrong with the security of a document by itself, and as it is enforced. */
export function securityFindings(contract: ContractView, { open, configured }: Enforced): readonly Finding[] {
  return [
    ...withoutSecurity(contract, open),
    ...wrongNeeds(contract, configured),
    ...wrongScopes(contract),
    ...unusedSchemes(contract),
  ];
}

function withoutSecurity(contract: ContractView, open: readonly string[]): readonly Finding[] {
  return contract.operations
    .filter(({ id, security }) => security === undefined && !open.includes(id))
    .map(({ id, pointer }) => ({
      rule: CHECK_RULES.operationWithoutSecurity,
      message: `operation ${id} declares no security, and neither does the document; write "security: []" if it is meant to be open`,
      place: contract.placeOf(pointer),
    }));
}

/** Each `security` list is looked at once, also that of the document, which many operations share. */
function wrongNeeds(contract: ContractView, configured: Enforced['configured']): readonly Finding[] {
  const lists = contract.operations.flatMap(({ security }) =>
    security === undefined ? [] : [[security.pointer, security] as const],
  );
  return [...new Map(lists).values()].flatMap(needsOf).flatMap(({ key, scopes, pointer }): readonly Finding[] => {
    const name = contract.nameOf(key);
    const scheme = contract.schemes.get(name);
    if (scheme === undefined) {
      const message = `the scheme ${quoted(name)} is not declared in components.securitySchemes`;
      return [{ rule: CHECK_RULES.schemeUndeclared, message, place: contract.placeOf(pointer) }];
    }
    const undeclared = scopes.flatMap((scope, index): readonly Finding[] => {
      if (scheme.scopes?.has(scope) ?? true) return [];
      const message = `the scheme ${quoted(name)} declares no scope ${quoted(scope)}`;
      return [{ rule: CHECK_RULES.scopeUndeclared, message, place: contract.placeOf(below(pointer, index)) }];
    });
    if (configured?.proved.has(name) ?? true) return undeclared;
    const message = `${configured?.file} has no proof of the scheme ${quoted(name)}`;
    return [{ rule: CHECK_RULES.schemeUnsatisfied, message, place: contract.placeOf(pointer) }, ...undeclared];
  });
}

/** Scopes of `anyScope` that no scheme of their operation declares. A scheme that declares none at all may prove any. */
function wrongScopes(contract: ContractView): readonly Finding[] {
  const found = contract.operations.flatMap(({ id, security, anyScope }) => {
    const keys = security?.list.flatMap((alternative) => Object.keys(alternative)) ?? [];
    const known = keys.map((key) => contract.schemes.get(contract.nameOf(key))?.scopes);
    if (known.length === 0 || anyScope === undefined) return [];
    return anyScope.scopes.flatMap((scope, index) => {
      if (!known.every((scopes) => scopes?.has(scope) === false)) return [];
      const message = `no scheme of operation ${id} declares the scope ${quoted(scope)}`;
      return [[below(anyScope.pointer, index), message] as const];
    });
  });
  const rule = CHECK_RULES.scopeUndeclared;
  return Array.from(new Map(found), ([pointer, message]) => ({ rule, message, place: contract.placeOf(pointer) }));
}

interface Need {
  /** As it is written. */
  readonly key: string;
  readonly scopes: readonly string[];
  readonly pointer: string;
}

function needsOf({ list, pointer }: SecurityPart): readonly Need[] {
  return list.flatMap((alternative, index) =>
    Object.entries(alternative).map(([key, scopes]) => ({ key, scopes, pointer: below(pointer, index, key) })),
  );
}

function unusedSchemes(contract: ContractView): readonly Finding[] {
  return Array.from(contract.schemes)
    .filter(([, { isUsed }]) => !isUsed)
    .map(([name, { pointer }]) => ({
      rule: CHECK_RULES.schemeUnused,
      message: `no operation needs the scheme ${quoted(name)}`,
      place: contract.placeOf(pointer),
    }));
}
