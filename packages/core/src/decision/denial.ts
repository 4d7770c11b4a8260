import { randomUUID } from 'node:crypto';
import { disregard } from '../clock/eventually.js';
import type { Candidate } from '../handler/candidates.js';
import type { Refusal } from '../handler/refusal.js';
import type { LimitUses } from '../request/limit-uses.js';
import type { SecurityRequest } from '../request/request.js';
import { MissingScopes } from '../requirement/missing-scopes.js';
import { takesToken } from '../verdict/challenge.js';
import type { HeaderLine } from '../verdict/verdict.js';
import { DeniedDecision } from './decision.js';
import { limitFields } from './limit-fields.js';
import {
  DETAILS,
  type Problem,
  type ProblemBody,
  type ProblemFormatter,
  type PublicCode,
  problemJson,
  TITLES,
} from './problem.js';

/** The input of a denial besides the refusal. */
export interface DenialContext {
  readonly candidates: readonly Candidate[];
  readonly format: ProblemFormatter;
  readonly request: Pick<SecurityRequest, 'header' | 'authorization'>;
  /** 0 to 1, for the jitter of Retry-After. */
  readonly random: () => number;
  /** The limits that were counted for the request. */
  readonly limits?: LimitUses | undefined;
}

const DEFAULT_RETRY_AFTER_SECONDS = 5;

/** The one place that turns a refusal into an HTTP answer. */
export function denialOf(refusal: Refusal, context: DenialContext): DeniedDecision {
  const { verdict } = refusal;
  const status = statusOf(refusal);
  const code = codeOf(refusal, context);
  const correlationId = verdict.kind === 'fault' ? randomUUID() : undefined;
  const scopes = verdict.kind === 'forbidden' ? verdict.scopes : undefined;
  const problem = { status, title: TITLES[status] as string, detail: DETAILS[code], code, scopes, correlationId };
  const { contentType, body } = formatted(problem, context);
  const headers: HeaderLine[] = [
    ['Cache-Control', 'no-store'],
    ['Content-Type', contentType],
    ...challengeLines(refusal, code, context),
    ...retryAfter(verdict, context.random),
    ...(verdict.kind === 'challenged' ? verdict.headers : []),
    ...limitFields(context.limits),
  ];
  return new DeniedDecision(status, headers, body, verdict.reason, correlationId);
}

const STATUS: Readonly<Record<Refusal['verdict']['kind'], number>> = {
  missing: 401,
  unrecognised: 401,
  denied: 401,
  challenged: 401,
  malformed: 400,
  ambiguous: 400,
  unroutable: 400,
  forbidden: 403,
  undeclared: 404,
  slow: 408,
  oversized: 413,
  limited: 429,
  fault: 500,
  unavailable: 503,
};

/** Malformed Basic credentials get 401: browsers ask the user again only on 401. */
function statusOf({ verdict, handler }: Refusal): number {
  if (verdict.kind === 'malformed' && handler?.challenges[0]?.scheme.toLowerCase() === 'basic') return 401;
  return STATUS[verdict.kind];
}

const CODES: Readonly<Record<Refusal['verdict']['kind'], PublicCode>> = {
  missing: 'unauthenticated',
  unrecognised: 'unauthenticated',
  denied: 'invalid_credentials',
  challenged: 'authentication_required',
  malformed: 'invalid_request',
  ambiguous: 'invalid_request',
  unroutable: 'invalid_request',
  forbidden: 'forbidden',
  undeclared: 'not_found',
  slow: 'request_timeout',
  oversized: 'content_too_large',
  limited: 'rate_limited',
  fault: 'internal_error',
  unavailable: 'temporarily_unavailable',
};

/** RFC 9470 3. */
const STEP_UP = 'insufficient_user_authentication';

function codeOf(refusal: Refusal, context: DenialContext): PublicCode {
  const { verdict, handler } = refusal;
  if (verdict.kind === 'denied' && handler?.challenges.some(takesToken)) return verdict.error ?? 'invalid_token';
  if (verdict.kind === 'unrecognised' && addressed(refusal, context).some(asksForToken)) {
    return 'invalid_token';
  }
  if (verdict.kind === 'malformed' && statusOf(refusal) === 401) return 'invalid_credentials';
  if (verdict.kind === 'forbidden' && verdict.scopes !== undefined) return 'insufficient_scope';
  if (verdict.kind === 'challenged' && verdict.reason === STEP_UP) return STEP_UP;
  return CODES[verdict.kind];
}

function challengeLines(refusal: Refusal, code: PublicCode, context: DenialContext): readonly HeaderLine[] {
  const { verdict } = refusal;
  const { candidates } = context;
  const own = addressed(refusal, context);
  if (verdict.kind === 'challenged') {
    const asking = askingAgain(refusal, own, candidates);
    if (asking === undefined) return [];
    const { error, ...others } = verdict.parameters;
    const described =
      error === STEP_UP ? { error, error_description: DETAILS[STEP_UP], ...others } : verdict.parameters;
    return [asking.lineWith(described)];
  }
  if (verdict.kind === 'forbidden' && verdict.scopes !== undefined) {
    const { scopes } = verdict;
    return own.filter(asksForToken).map((candidate) => insufficientScope(candidate, scopes, refusal));
  }
  if (verdict.kind === 'unroutable') return [];
  const status = statusOf(refusal);
  if (status === 400)
    return candidates.filter(asksForToken).map((candidate) => candidate.errorLine(code, DETAILS[code]));
  if (status !== 401) return [];
  const blamed = code === 'invalid_token' || code === 'invalid_dpop_proof' ? own.filter(asksForToken) : [];
  return candidates.map((candidate) =>
    blamed.includes(candidate) ? candidate.errorLine(code, DETAILS[code]) : candidate.line,
  );
}

/**
 * The challenge that asks for one more round. A handler asks by its own. A guard asks by the scheme that the caller used; if
 * it names an `error`, by a token scheme, because others have no such parameter (RFC 7617 2).
 */
function askingAgain(
  { verdict, principal, handler }: Refusal,
  own: readonly Candidate[],
  candidates: readonly Candidate[],
): Candidate | undefined {
  const [first = candidates[0]] = own;
  if (principal === undefined || verdict.kind !== 'challenged') return first;
  const used = principal.via.find((proof) => proof.handler === handler?.name)?.scheme;
  const isUsed = ({ challenge }: Candidate) => challenge.scheme.toLowerCase() === used;
  const fits = Object.hasOwn(verdict.parameters, 'error') ? asksForToken : () => true;
  const fitting = own.filter(fits);
  return fitting.find(isUsed) ?? fitting[0] ?? candidates.find(fits) ?? first;
}

/**
 * The challenges of the handler that refused: of several, those of the scheme that the client used, because an error is about
 * that. If no handler took the credential: the challenges of its scheme.
 */
function addressed({ verdict, handler }: Refusal, { candidates, request }: DenialContext): readonly Candidate[] {
  if (handler !== undefined) {
    const own = candidates.filter(({ handlers }) => handlers.includes(handler));
    const { authorization } = request;
    if (own.length < 2 || authorization.kind !== 'credentials') return own;
    const used = own.filter(({ challenge }) => challenge.scheme.toLowerCase() === authorization.scheme);
    return used.length > 0 ? used : own;
  }
  if (verdict.kind !== 'unrecognised') return [];
  return candidates.filter(({ challenge }) => challenge.scheme.toLowerCase() === verdict.scheme);
}

/**
 * Names all scopes that the operation needs, and not only those of the check that failed: a client that asks for some of
 * them would be refused for the others next (RFC 6750 3.1). Only another alternative than the one that clients are sent to
 * names its own.
 */
function insufficientScope(candidate: Candidate, missing: readonly string[], refusal: Refusal): HeaderLine {
  const error = 'insufficient_scope';
  const known = candidate.hints?.scopes ?? [];
  if (missing.every((scope) => known.includes(scope))) return candidate.errorLine(error, DETAILS[error]);
  const scopes = refusal instanceof MissingScopes ? missing : [...new Set([...known, ...missing])];
  return candidate.lineWith({ error, error_description: DETAILS[error], scope: scopes.join(' ') });
}

function asksForToken({ challenge }: Candidate): boolean {
  return takesToken(challenge);
}

/** Adds jitter to the Retry-After of a 503, so that clients do not come back all at once. */
function retryAfter(verdict: Refusal['verdict'], random: () => number): readonly HeaderLine[] {
  if (verdict.kind === 'limited') return [['Retry-After', String(verdict.retryAfterSeconds)]];
  if (verdict.kind !== 'unavailable') return [];
  const least = verdict.retryAfterSeconds ?? DEFAULT_RETRY_AFTER_SECONDS;
  return [['Retry-After', String(Math.ceil(least * (1 + random() / 2)))]];
}

/**
 * The content type comes from a foreign formatter. Accepted is printable ASCII without a leading space, of which no
 * recipient strips a part (RFC 9110 5.5).
 */
const CONTENT_TYPE = /^[\x21-\x7e][\x20-\x7e]*$/;

function formatted(problem: Problem, { format, request }: DenialContext): ProblemBody {
  try {
    const answer = format(problem, { accept: request.header('accept') });
    const { contentType, body } = answer;
    if (typeof body === 'string' && typeof contentType === 'string' && CONTENT_TYPE.test(contentType)) {
      return { contentType, body };
    }
    disregard(answer);
  } catch {
    // Falls through to the body that cannot fail: a broken formatter must not turn a refusal into an error.
  }
  return problemJson(problem);
}
