import { judge, leavesOf } from '../requirement/requirement-oracle.js';
import type { HandlerName, Tree, World } from '../requirement/world.js';
import type { Security } from './contract-fixture.js';

/** Security schemes by name, each with what proves it. */
export type Schemes = Readonly<Record<string, Tree>>;

type Alternative = Security[number];

/** Whom an alternative proves when it is all that an operation has, its scheme's scopes asked of that scheme's proof alone. */
export function provedAlone(
  alternative: Alternative,
  schemes: Schemes,
  world: World,
): readonly HandlerName[] | undefined {
  const trees = Object.keys(alternative).map((name) => schemes[name] as Tree);
  if (trees.length === 0) return [];
  const together = judged({ is: 'allOf', of: trees, sameParty: false }, world);
  const mayAll = Object.entries(alternative).every(([name, needed]) => {
    const provers = judged(schemes[name] as Tree, world) ?? [];
    return needed.every((scope) => provers.some((prover) => world.scopes?.[prover].includes(scope)));
  });
  return mayAll ? together : undefined;
}

/** An Authorization header that nobody in the tree takes is one that this caller would not send there. */
function judged(tree: Tree, world: World): readonly HandlerName[] | undefined {
  const { judgement } = judge(tree, addressedTo(leavesOf(tree), world));
  return 'granted' in judgement ? judgement.granted : undefined;
}

export function addressedTo(names: readonly HandlerName[], world: World): World {
  const taker = world.authorization === 'Basic it' ? 'basic' : 'opaque';
  return names.includes(taker) ? world : { ...world, authorization: undefined };
}

/** Whether the request carries a credential that one of these handlers looks for. */
export function speaksTo(names: readonly HandlerName[], world: World): boolean {
  return addressedTo(names, world).authorization !== undefined || names.some((name) => world.sent.includes(name));
}
