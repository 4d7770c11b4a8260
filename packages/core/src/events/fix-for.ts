import { ownMember } from '../options/own-members.js';
import type { DecisionEvent } from './decision-events.js';
import { FIXES } from './fixes.js';

/** What is asked for fixes: handlers. */
interface Fixing {
  readonly name: string;
  readonly fixes?: Readonly<Record<string, string>>;
}

/** What to change after a refusal. The one that refused knows best, then the chain, then the other handlers. */
export function fixFor(
  { reason, refusedBy }: Pick<DecisionEvent, 'reason' | 'refusedBy'>,
  handlers: readonly Fixing[],
): string | undefined {
  if (reason === undefined) return undefined;
  const tables = [...handlers.filter(({ name }) => name === refusedBy), { fixes: FIXES }, ...handlers];
  for (const { fixes } of tables) {
    const fix = fixes && (ownMember(fixes, reason) ?? ownMember(fixes, anyClaim(reason)));
    if (typeof fix === 'string') return fix;
  }
  return undefined;
}

/** Reasons that name a claim have one fix for all claims. */
function anyClaim(reason: string): string {
  return reason.replace(/^claim_.+_(mistyped|beyond_year_9999)$/, 'claim_<name>_$1');
}
