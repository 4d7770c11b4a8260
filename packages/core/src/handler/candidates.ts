import type { SecurityRequest } from '../request/request.js';
import { type Challenge, challenge, extendChallenge, formatChallenge, takesToken } from '../verdict/challenge.js';
import type { HeaderLine } from '../verdict/verdict.js';
import type { SecurityHandler } from './handler.js';

/** What the challenges of a token handler tell beside their own parameters. */
export interface TokenHints {
  /** The scopes that a client should ask for (RFC 6750 3). */
  readonly scopes: readonly string[];
  /** The address of the metadata of the resource (RFC 9728 5.1). */
  readonly resourceMetadata: string | undefined;
}

const NO_HINTS: TokenHints = { scopes: [], resourceMetadata: undefined };

/** A challenge that a 401 may carry, its header lines, and the handlers that share it. */
export class Candidate {
  readonly challenge: Challenge;
  readonly handlers: readonly SecurityHandler[];
  readonly hints: TokenHints | undefined;
  readonly line: HeaderLine;
  /** By error code. There are few of these, so each line is made once. */
  readonly #errorLines = new Map<string, HeaderLine>();

  constructor(given: Challenge, handlers: readonly SecurityHandler[], hints?: TokenHints) {
    this.challenge = given;
    this.handlers = handlers;
    this.hints = hints;
    this.line = this.lineWith({});
  }

  /** The line with an error of RFC 6750 3.1. */
  errorLine(error: string, description: string): HeaderLine {
    const known = this.#errorLines.get(error);
    if (known !== undefined) return known;
    const line = this.lineWith({ error, error_description: description });
    this.#errorLines.set(error, line);
    return line;
  }

  /** The line with further parameters, which replace those of the same name. They must have been checked. */
  lineWith(more: Challenge['parameters']): HeaderLine {
    const { scopes, resourceMetadata } = this.hints ?? NO_HINTS;
    const own = { ...this.challenge.parameters, ...more };
    const hints: Record<string, string> = {};
    if (scopes.length > 0 && !Object.hasOwn(own, 'scope')) hints['scope'] = scopes.join(' ');
    if (resourceMetadata !== undefined && !Object.hasOwn(own, 'resource_metadata')) {
      hints['resource_metadata'] = resourceMetadata;
    }
    return challengeLine(extendChallenge(this.challenge, { ...more, ...hints }));
  }
}

/**
 * Checks and formats the challenges of handlers once. If a handler changes its challenges later, answers stay the same.
 * `hintsFor` is asked for challenges of token schemes only.
 */
export function candidatesOf(
  handlers: readonly SecurityHandler[],
  hintsFor: (handler: SecurityHandler) => TokenHints,
): readonly Candidate[] {
  return distinctCandidates(
    handlers.flatMap((handler) =>
      handler.challenges.map(({ scheme, parameters }) => {
        const checked = challenge(scheme, parameters);
        return new Candidate(checked, [handler], takesToken(checked) ? hintsFor(handler) : undefined);
      }),
    ),
  );
}

/** Merges candidates with the same header value, in order: equal challenges of two handlers are sent once. */
function distinctCandidates(candidates: readonly Candidate[]): readonly Candidate[] {
  const distinct = new Map<string, Candidate>();
  for (const candidate of candidates) {
    const [, value] = candidate.line;
    const known = distinct.get(value);
    const handlers = [...new Set([...(known?.handlers ?? []), ...candidate.handlers])];
    distinct.set(value, known === undefined ? candidate : new Candidate(known.challenge, handlers, known.hints));
  }
  return Object.freeze([...distinct.values()]);
}

/** One `WWW-Authenticate` line (RFC 9110 11.6.1). */
function challengeLine(challenge: Challenge): HeaderLine {
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
    return new Candidate(challenge(`x-${scheme}`, parameters), candidate.handlers, candidate.hints);
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
