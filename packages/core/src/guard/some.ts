import { andThen, type Eventually } from '../clock/eventually.js';
import type { Principal } from '../principal/principal.js';
import type { SecurityRequest } from '../request/request.js';
import { askGuard } from './ask-guard.js';
import { checkedGuards } from './checked-guards.js';
import { ABSTAINED, type Guard, type GuardLike, type GuardVerdict, guard } from './guard.js';
import { firstAsked } from './needed-scopes.js';
import { noteLimitingIfAll, type Panel, withoutVote } from './votes.js';

/**
 * Asks the guards in order until one permits. If none does, the answer is the first `unavailable`, because that guard
 * might have permitted; else the first `challenged`, because one more login may be enough; else the first refusal; else
 * abstained. A limit has no vote beside other guards: that it is kept permits nothing. Needs at least one guard.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID without guards, and for what is no guard
 * @example
 * const mayRead = some(requireScopes('orders:read'), requireRoles('auditor'));
 */
export function some<Scopes extends string = never>(...guards: readonly GuardLike<Scopes>[]): Guard<Scopes> {
  const members = checkedGuards('some', guards);
  const panel: Panel = { members, mute: withoutVote(members) };
  const one = guard(
    `some(${members.map((member) => member.name).join(', ')})`,
    (principal, request) => someFrom(0, panel, ABSTAINED, principal, request),
    { needs: firstAsked(members.map(({ needs = [] }) => needs)) },
  );
  return noteLimitingIfAll(one, members);
}

function someFrom(
  index: number,
  panel: Panel,
  soFar: GuardVerdict,
  principal: Principal,
  request: SecurityRequest,
): Eventually<GuardVerdict> {
  const member = panel.members[index];
  if (member === undefined) return soFar;
  return andThen(askGuard(member, principal, request), (verdict) => {
    if (verdict.kind === 'permitted' && !panel.mute.has(member)) return verdict;
    return someFrom(index + 1, panel, rank(verdict) > rank(soFar) ? verdict : soFar, principal, request);
  });
}

/** As in `anyOf`: what might still have permitted outranks what has refused. */
function rank({ kind }: GuardVerdict): number {
  if (kind === 'unavailable') return 3;
  if (kind === 'challenged') return 2;
  return kind === 'abstained' || kind === 'permitted' ? 0 : 1;
}
