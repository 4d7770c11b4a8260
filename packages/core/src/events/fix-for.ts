import { ownMember } from '../options/own-members.js';
import type { Advice } from '../request/trace.js';
import { FIXES } from './fixes.js';

/** What is asked for fixes: handlers. */
interface Fixing {
  readonly name: string;
  readonly fixes?: Readonly<Record<string, string>>;
}

/** A refusal, as far as it tells what to change. */
interface Fixable {
  readonly reason: string | undefined;
  readonly refusedBy: string | undefined;
  readonly advice: readonly Advice[];
}

/**
 * What to change after a refusal: what its causes say, or else its reason. The handler concerned knows best, then the chain,
 * then the other handlers.
 */
export function fixFor({ reason, refusedBy, advice }: Fixable, handlers: readonly Fixing[]): string | undefined {
  if (reason === undefined) return undefined;
  const exact = advice.flatMap((each) => textFor(each, handlers) ?? []);
  if (exact.length > 0) return [...new Set(exact)].join(' ');
  return textFor({ code: reason, ...(refusedBy === undefined ? {} : { handler: refusedBy }) }, handlers);
}

function textFor(advice: Advice, handlers: readonly Fixing[]): string | undefined {
  const { code, handler } = advice;
  const scheme = ownMember(advice, 'scheme');
  const tables = [...handlers.filter(({ name }) => name === handler), { fixes: FIXES }, ...handlers];
  for (const { fixes } of tables) {
    const fix = fixes && (ownMember(fixes, code) ?? ownMember(fixes, anyClaim(code)));
    if (typeof fix === 'string') return typeof scheme === 'string' ? fix.replaceAll('<scheme>', scheme) : fix;
  }
  return undefined;
}

/** Reasons that name a claim have one fix for all claims. */
function anyClaim(reason: string): string {
  return reason.replace(/^claim_.+_(mistyped|beyond_year_9999)$/, 'claim_<name>_$1');
}
