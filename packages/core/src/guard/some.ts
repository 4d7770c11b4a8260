import { andThen, type Eventually } from '../clock/eventually.js';
import type { Principal } from '../principal/principal.js';
import type { SecurityRequest } from '../request/request.js';
import { askGuard } from './ask-guard.js';
import { checkedGuards } from './checked-guards.js';
import { ABSTAINED, type Guard, type GuardLike, type GuardVerdict, guard } from './guard.js';

/**
 * One guard that permits is enough. Otherwise an outage outranks every refusal, since the guard that could not
 * answer might have permitted; then the first refusal; all abstaining is abstaining. Needs at least one guard.
 */
export function some(...guards: readonly GuardLike[]): Guard {
  const members = checkedGuards('some', guards);
  return guard(`some(${members.map((member) => member.name).join(', ')})`, (principal, request) =>
    someFrom(0, members, ABSTAINED, principal, request),
  );
}

function someFrom(
  index: number,
  members: readonly Guard[],
  soFar: GuardVerdict,
  principal: Principal,
  request: SecurityRequest,
): Eventually<GuardVerdict> {
  const member = members[index];
  if (member === undefined) return soFar;
  return andThen(askGuard(member, principal, request), (verdict) => {
    if (verdict.kind === 'permitted') return verdict;
    const replaces = soFar.kind === 'abstained' || (verdict.kind === 'unavailable' && soFar.kind !== 'unavailable');
    return someFrom(index + 1, members, replaces ? verdict : soFar, principal, request);
  });
}
