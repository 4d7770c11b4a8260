import type { Way, WayScopes } from '../contract/needs.js';

/** Whether whoever satisfies one of `ways` also satisfies one of `others`. Says no where that cannot be told. */
export function areImplied(ways: readonly Way[], others: readonly Way[]): boolean {
  return ways.every((way) => others.some((other) => implies(way, other)));
}

function implies(way: Way, other: Way): boolean {
  const provesAll = other.proofs.every((proof) => way.proofs.includes(proof));
  const isOneParty = !other.sameParty || way.sameParty;
  return provesAll && isOneParty && other.scopes.every((rule) => isGuaranteed(rule, way.scopes));
}

/** Whether proofs that satisfy `known` satisfy the rule as well. */
function isGuaranteed({ scopes, match, by }: WayScopes, known: readonly WayScopes[]): boolean {
  const fitting = known.filter((rule) => rule.by.every((proof) => by.includes(proof)));
  const certain = new Set(
    fitting.flatMap((rule) => (rule.match === 'all' || rule.scopes.length === 1 ? rule.scopes : [])),
  );
  if (match === 'all') return scopes.every((scope) => certain.has(scope));
  const isOneOfThese = (rule: WayScopes) => rule.scopes.every((scope) => scopes.includes(scope));
  return scopes.some((scope) => certain.has(scope)) || fitting.some(isOneOfThese);
}
