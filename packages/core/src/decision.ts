import { randomUUID } from 'node:crypto';
import { type Challenge, extendChallenge, formatChallenge } from './challenge.js';
import type { Candidate } from './plan.js';
import type { Principal } from './principal.js';
import type { Refusal, RefusingVerdict } from './refusal.js';
import type { HeaderLine } from './verdict.js';

/** The answer of a chain: made only by the chain, recognised by brand. */
export type Decision = GrantedDecision | DeniedDecision;

class Branded {
  readonly #brand = true;

  static made(value: unknown): boolean {
    return typeof value === 'object' && value !== null && #brand in value;
  }
}

export class GrantedDecision extends Branded {
  readonly kind = 'granted';
  readonly principal: Principal;
  /** Header lines for the answer that the application is going to give. */
  readonly headers: readonly HeaderLine[];
  /** What an `attempt` let pass: the verdict's kind and reason code. */
  readonly attempted: { readonly kind: string; readonly reason: string } | undefined;

  constructor(principal: Principal, headers: readonly HeaderLine[], attempted?: { kind: string; reason: string }) {
    super();
    this.principal = principal;
    this.headers = headers;
    this.attempted = attempted;
    Object.freeze(this);
  }
}

/** A complete HTTP answer; adapters write it as it is, without the body for HEAD. */
export class DeniedDecision extends Branded {
  readonly kind = 'denied';
  readonly status: number;
  /** Several lines may share a name: one `WWW-Authenticate` line per challenge. */
  readonly headers: readonly HeaderLine[];
  readonly body: string;
  /** A stable reason code, for logs and tests; never sent. */
  readonly reason: string;
  readonly correlationId: string | undefined;

  constructor(status: number, headers: readonly HeaderLine[], body: string, reason: string, correlationId?: string) {
    super();
    this.status = status;
    this.headers = Object.freeze(headers);
    this.body = body;
    this.reason = reason;
    this.correlationId = correlationId;
    Object.freeze(this);
  }
}

/** True only for decisions that a chain made; adapters check before they let a request through. */
export function isDecision(value: unknown): value is Decision {
  return Branded.made(value);
}

/** What a denial's body says. All texts come from a fixed catalogue; nothing of the request is repeated. */
export interface Problem {
  readonly status: number;
  /** The reason phrase of the status (RFC 9457 4.2.1, `about:blank`). */
  readonly title: string;
  readonly detail: string;
  /** A public code: the RFC 6750 ones where they apply. */
  readonly code: string;
  /** The scopes that would be enough, on `insufficient_scope`. */
  readonly scopes: readonly string[] | undefined;
  readonly correlationId: string | undefined;
}

/** Writes a problem as a body. Must not throw and must not add anything of the request. */
export type ProblemFormatter = (problem: Problem) => { readonly contentType: string; readonly body: string };

/** The default body: problem details (RFC 9457). */
export const problemJson: ProblemFormatter = ({ status, title, detail, code, scopes, correlationId }) => ({
  contentType: 'application/problem+json',
  body: JSON.stringify({ type: 'about:blank', title, status, detail, code, scopes, correlationId }),
});

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

/** The catalogue: public code to text. The first three texts are also the `error_description` (RFC 6750 3). */
const DETAILS = {
  invalid_request: 'The request is malformed or carries its credentials in more than one way.',
  invalid_token: 'The access token is missing, expired, revoked or otherwise not valid.',
  insufficient_scope: 'The access token does not carry a scope that this operation needs.',
  unauthenticated: 'This resource needs credentials.',
  invalid_credentials: 'The credentials are not valid.',
  forbidden: 'The caller may not do this.',
  authentication_required: 'A further authentication step is needed.',
  not_found: 'There is no such operation.',
  rate_limited: 'Too many attempts. Try again later.',
  temporarily_unavailable: 'The request could not be checked. Try again later.',
  internal_error: 'The request could not be processed.',
} as const;

type PublicCode = keyof typeof DETAILS;

/** Everything besides the refusal that a denial is made from. */
export interface DenialContext {
  readonly candidates: readonly Candidate[];
  readonly format: ProblemFormatter;
  /** 0 to 1, for the jitter of Retry-After. */
  readonly random: () => number;
}

const DEFAULT_RETRY_AFTER_SECONDS = 5;

/** The one place where a conclusion becomes HTTP. */
export function denialOf(refusal: Refusal, context: DenialContext): DeniedDecision {
  const { verdict } = refusal;
  const status = statusOf(refusal);
  const code = codeOf(refusal, context.candidates);
  const correlationId = verdict.kind === 'fault' ? randomUUID() : undefined;
  const scopes = verdict.kind === 'forbidden' ? verdict.scopes : undefined;
  const problem = { status, title: TITLES[status] as string, detail: DETAILS[code], code, scopes, correlationId };
  const { contentType, body } = formatted(problem, context.format);
  const headers: HeaderLine[] = [
    ['Cache-Control', 'no-store'],
    ['Content-Type', contentType],
    ...challengesOf(refusal, code, context.candidates).map(challengeLine),
    ...retryAfter(verdict, context.random),
    ...(verdict.kind === 'challenged' ? verdict.headers : []),
  ];
  return new DeniedDecision(status, headers, body, verdict.reason, correlationId);
}

const STATUS: Readonly<Record<RefusingVerdict['kind'], number>> = {
  missing: 401,
  unrecognised: 401,
  denied: 401,
  challenged: 401,
  malformed: 400,
  ambiguous: 400,
  unroutable: 400,
  forbidden: 403,
  undeclared: 404,
  limited: 429,
  fault: 500,
  unavailable: 503,
};

/** Malformed Basic credentials are 401: a browser asks again only then. */
function statusOf({ verdict, handler }: Refusal): number {
  if (verdict.kind === 'malformed' && handler?.challenges[0]?.scheme.toLowerCase() === 'basic') return 401;
  return STATUS[verdict.kind];
}

const CODES: Readonly<Record<RefusingVerdict['kind'], PublicCode>> = {
  missing: 'unauthenticated',
  unrecognised: 'unauthenticated',
  denied: 'invalid_credentials',
  challenged: 'authentication_required',
  malformed: 'invalid_request',
  ambiguous: 'invalid_request',
  unroutable: 'invalid_request',
  forbidden: 'forbidden',
  undeclared: 'not_found',
  limited: 'rate_limited',
  fault: 'internal_error',
  unavailable: 'temporarily_unavailable',
};

function codeOf(refusal: Refusal, candidates: readonly Candidate[]): PublicCode {
  const { verdict, handler } = refusal;
  if (verdict.kind === 'denied' && handler?.challenges.some(takesToken)) return 'invalid_token';
  if (verdict.kind === 'unrecognised' && candidates.some(({ challenge }) => isTokenOf(challenge, verdict.scheme))) {
    return 'invalid_token';
  }
  if (verdict.kind === 'malformed' && statusOf(refusal) === 401) return 'invalid_credentials';
  if (verdict.kind === 'forbidden' && verdict.scopes !== undefined) return 'insufficient_scope';
  return CODES[verdict.kind];
}

function challengesOf(refusal: Refusal, code: PublicCode, candidates: readonly Candidate[]): readonly Challenge[] {
  const { verdict, handler } = refusal;
  const own = candidates.filter((candidate) => candidate.handler === handler);
  const error = { error: code, error_description: DETAILS[code] };
  if (verdict.kind === 'challenged') {
    return own.slice(0, 1).map(({ challenge }) => extendChallenge(challenge, verdict.parameters));
  }
  if (verdict.kind === 'forbidden' && verdict.scopes !== undefined) {
    const scope = verdict.scopes.join(' ');
    return tokenChallenges(own).map((challenge) => extendChallenge(challenge, { ...error, scope }));
  }
  if (verdict.kind === 'unroutable') return [];
  const status = statusOf(refusal);
  if (status === 400) return tokenChallenges(candidates).map((challenge) => extendChallenge(challenge, error));
  if (status !== 401) return [];
  const blamed = new Set(code === 'invalid_token' ? tokenChallenges(handler === undefined ? candidates : own) : []);
  return candidates.map(({ challenge }) => (blamed.has(challenge) ? extendChallenge(challenge, error) : challenge));
}

function challengeLine(challenge: Challenge): HeaderLine {
  return ['WWW-Authenticate', formatChallenge(challenge)];
}

function tokenChallenges(candidates: readonly Candidate[]): readonly Challenge[] {
  return candidates.map(({ challenge }) => challenge).filter(takesToken);
}

/** Only these schemes define the error codes of RFC 6750 3.1 and RFC 9449 7.1. */
function takesToken({ scheme }: Challenge): boolean {
  return /^(?:bearer|dpop)$/i.test(scheme);
}

function isTokenOf(challenge: Challenge, scheme: string): boolean {
  return takesToken(challenge) && challenge.scheme.toLowerCase() === scheme;
}

/** 503 answers are spread out, so that clients do not come back all at once. */
function retryAfter(verdict: RefusingVerdict, random: () => number): readonly HeaderLine[] {
  if (verdict.kind === 'limited') return [['Retry-After', String(verdict.retryAfterSeconds)]];
  if (verdict.kind !== 'unavailable') return [];
  const least = verdict.retryAfterSeconds ?? DEFAULT_RETRY_AFTER_SECONDS;
  return [['Retry-After', String(Math.ceil(least * (1 + random() / 2)))]];
}

function formatted(problem: Problem, format: ProblemFormatter): { contentType: string; body: string } {
  try {
    return format(problem);
  } catch {
    return problemJson(problem);
  }
}
