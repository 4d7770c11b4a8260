import { andThen, type Eventually } from '../../clock/eventually.js';
import { askGuard } from '../../guard/ask-guard.js';
import { type Guard, type GuardVerdict, guard, PERMITTED } from '../../guard/guard.js';
import type { Principal } from '../../principal/principal.js';
import type { SecurityRequest } from '../../request/request.js';

/**
 * Guards each of which has to permit by itself, as one. Unlike with `every`, one that abstains is not outvoted: what another
 * permits is about something else. Undefined where there are none.
 */
export function guardsInTurn(guards: readonly Guard[]): Guard | undefined {
  const [first, ...others] = guards;
  if (first === undefined || others.length === 0) return first;
  const askFrom = (index: number, principal: Principal, request: SecurityRequest): Eventually<GuardVerdict> => {
    const next = guards[index];
    if (next === undefined) return PERMITTED;
    return andThen<GuardVerdict, GuardVerdict>(askGuard(next, principal, request), (verdict) =>
      verdict.kind === 'permitted' ? askFrom(index + 1, principal, request) : verdict,
    );
  };
  return guard(
    `each(${guards.map(({ name }) => name).join(', ')})`,
    (principal, request) => askFrom(0, principal, request),
    { needs: guards.flatMap(({ needs = [] }) => needs) },
  );
}
