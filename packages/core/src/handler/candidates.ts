import type { SecurityRequest } from '../request/request.js';
import { type Challenge, challenge, formatChallenge } from '../verdict/challenge.js';
import type { HeaderLine } from '../verdict/verdict.js';
import type { SecurityHandler } from './handler.js';

/** A challenge that a 401 may carry, its header line, and the handlers that share it. */
export interface Candidate {
  readonly challenge: Challenge;
  readonly line: HeaderLine;
  readonly handlers: readonly SecurityHandler[];
}

/**
 * Checks and formats the challenges of handlers once. If a handler changes its challenges later, answers stay the same.
 */
export function candidatesOf(handlers: readonly SecurityHandler[]): readonly Candidate[] {
  return distinctCandidates(
    handlers.flatMap((handler) =>
      handler.challenges.map(({ scheme, parameters }) => {
        const checked = challenge(scheme, parameters);
        return { challenge: checked, line: challengeLine(checked), handlers: [handler] };
      }),
    ),
  );
}

/** Merges candidates with the same header value, in order: equal challenges of two handlers are sent once. */
export function distinctCandidates(candidates: readonly Candidate[]): readonly Candidate[] {
  const distinct = new Map<string, Candidate>();
  for (const candidate of candidates) {
    const [, value] = candidate.line;
    const known = distinct.get(value) ?? { ...candidate, handlers: [] };
    distinct.set(value, { ...known, handlers: [...new Set([...known.handlers, ...candidate.handlers])] });
  }
  return Object.freeze([...distinct.values()]);
}

/** One `WWW-Authenticate` line (RFC 9110 11.6.1). */
export function challengeLine(challenge: Challenge): HeaderLine {
  return Object.freeze(['WWW-Authenticate', formatChallenge(challenge)] as const);
}

/**
 * The candidates for one caller. A challenge that all its handlers withhold is sent under a scheme that no client knows,
 * such as `x-Basic`: a 401 keeps its challenges (RFC 9110 15.5.2), but no browser opens a dialog.
 */
export function shownTo(request: SecurityRequest, candidates: readonly Candidate[]): readonly Candidate[] {
  return candidates.map((candidate) => {
    if (!candidate.handlers.every((handler) => withholds(handler, request))) return candidate;
    const { scheme, parameters } = candidate.challenge;
    const disguised = challenge(`x-${scheme}`, parameters);
    return { ...candidate, challenge: disguised, line: challengeLine(disguised) };
  });
}

/** If the handler throws here, it withholds nothing, and the refusal stays as it is. */
function withholds(handler: SecurityHandler, request: SecurityRequest): boolean {
  try {
    return handler.withholdsChallenges?.(request) === true;
  } catch {
    return false;
  }
}
