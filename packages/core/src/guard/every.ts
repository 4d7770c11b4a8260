import { andThen, type Eventually } from '../clock/eventually.js';
import type { Principal } from '../principal/principal.js';
import type { SecurityRequest } from '../request/request.js';
import { askGuard } from './ask-guard.js';
import { checkedGuards } from './checked-guards.js';
import { ABSTAINED, type Guard, type GuardLike, type GuardVerdict, guard } from './guard.js';
import { noteLimitingIfAll, type Panel, withoutVote } from './votes.js';

/**
 * Asks the guards in order until one refuses: that refusal is the answer. Otherwise permits when at least one guard
 * permits, and abstains when all abstain. A limit has no vote beside other guards: it refuses or abstains. Needs at least
 * one guard.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID without guards, and for what is no guard
 * @example
 * const mayRefund = every(requireScopes('orders:write'), some(requireRoles('manager'), requireRoles('support')));
 */
export function every<Scopes extends string = never>(...guards: readonly GuardLike<Scopes>[]): Guard<Scopes> {
  const members = checkedGuards('every', guards);
  if (members.length === 1) return members[0] as Guard<Scopes>;
  const panel: Panel = { members, mute: withoutVote(members) };
  const all = guard(
    `every(${members.map((member) => member.name).join(', ')})`,
    (principal, request) => everyFrom(0, panel, ABSTAINED, principal, request),
    { needs: members.flatMap(({ needs = [] }) => needs) },
  );
  return noteLimitingIfAll(all, members);
}

function everyFrom(
  index: number,
  panel: Panel,
  soFar: GuardVerdict,
  principal: Principal,
  request: SecurityRequest,
): Eventually<GuardVerdict> {
  const member = panel.members[index];
  if (member === undefined) return soFar;
  return andThen(askGuard(member, principal, request), (verdict) => {
    if (verdict.kind === 'abstained') return everyFrom(index + 1, panel, soFar, principal, request);
    if (verdict.kind !== 'permitted') return verdict;
    return everyFrom(index + 1, panel, panel.mute.has(member) ? soFar : verdict, principal, request);
  });
}
