import { andThen, type Eventually } from '../../clock/eventually.js';
import { askGuard } from '../../guard/ask-guard.js';
import { type Guard, type GuardVerdict, PERMITTED } from '../../guard/guard.js';
import type { Principal } from '../../principal/principal.js';
import type { SecurityRequest } from '../../request/request.js';

/**
 * Guards that were asked one after the other, each by itself, as one. Unlike with `every`, one that abstains altogether does
 * not permit. Undefined where there are none.
 */
export function guardsInTurn(guards: readonly Guard[]): Guard | undefined {
  const askFrom = (index: number, principal: Principal, request: SecurityRequest): Eventually<GuardVerdict> => {
    const next = guards[index];
    if (next === undefined) return PERMITTED;
    return andThen<GuardVerdict, GuardVerdict>(askGuard(next, principal, request), (verdict) =>
      verdict.kind === 'permitted' ? askFrom(index + 1, principal, request) : verdict,
    );
  };
  if (guards.length === 0) return undefined;
  return { name: 'lease', check: (principal, request) => askFrom(0, principal, request) };
}
