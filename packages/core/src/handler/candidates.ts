import { type Challenge, formatChallenge } from '../verdict/challenge.js';
import type { SecurityHandler } from './handler.js';

/** A challenge that a 401 may carry, and the handlers that share it. */
export interface Candidate {
  readonly challenge: Challenge;
  readonly handlers: readonly SecurityHandler[];
}

/** Each distinct header value once, in order: two handlers of one realm make one challenge. */
export function distinctCandidates(candidates: readonly Candidate[]): readonly Candidate[] {
  const distinct = new Map<string, Candidate>();
  for (const { challenge, handlers } of candidates) {
    const line = formatChallenge(challenge);
    const known = distinct.get(line) ?? { challenge, handlers: [] };
    distinct.set(line, { challenge: known.challenge, handlers: [...new Set([...known.handlers, ...handlers])] });
  }
  return Object.freeze([...distinct.values()]);
}
