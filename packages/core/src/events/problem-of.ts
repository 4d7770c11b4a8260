import type { Refusal } from '../handler/refusal.js';
import type { TraceFault } from '../request/trace.js';

/** 503 that no dependency is to blame for. */
const NO_OUTAGES: ReadonlySet<string> = new Set(['client_gone', 'abandoned', 'proof_outdated']);

/** Whether a refusal tells of a bug or an outage, which an operator has to hear of. */
export function isProblem({ verdict }: Refusal): boolean {
  return verdict.kind === 'fault' || (verdict.kind === 'unavailable' && !NO_OUTAGES.has(verdict.reason));
}

/** The problem in words: who, what and where, and what the caller got. */
export function problemOf({ verdict, handler }: Refusal, fault: TraceFault | undefined): string {
  if (fault !== undefined) return `${faultFacts(fault)}: callers get 500 ${verdict.reason}`;
  const who = handler === undefined ? '' : `${handler.name}: `;
  const detail = 'detail' in verdict && verdict.detail !== undefined ? ` (${verdict.detail})` : '';
  return `${who}callers get 503 ${verdict.reason}${detail}`;
}

/** A bug in words. */
export function faultFacts({ culprit, name, code, message, frames }: TraceFault): string {
  const [frame] = frames;
  const said = message === '' ? '' : `: ${message}`;
  return `${culprit} failed with ${code === undefined ? name : `${name} ${code}`}${said}${frame === undefined ? '' : `, ${frame}`}`;
}
