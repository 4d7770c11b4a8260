import { MisuseError } from '../errors/errors.js';
import { isScopeToken } from '../principal/scope-token.js';
import { oneLine } from '../secrecy/quoted.js';
import { isFieldValue, isToken } from './http-grammar.js';

const REASON = /^[a-z][a-z0-9_]{0,63}$/;

/** The pattern keeps credentials out: `denied('bad key ' + key)` is a bug that is caught here. */
export function checkedReason(reason: string): string {
  if (typeof reason !== 'string' || !REASON.test(reason)) {
    throw new MisuseError('a reason is a code in snake_case of at most 64 characters');
  }
  return reason;
}

/** What clients are told of a proof beside the token (RFC 9449 7.1, 12.2). */
export type ProofError = 'invalid_dpop_proof';

/** The list is closed, because each error has its text in the catalogue of problems. */
export function checkedProofError(error: ProofError): ProofError {
  if (error === 'invalid_dpop_proof') return error;
  throw new MisuseError('the error of a denied verdict is invalid_dpop_proof');
}

const MAX_DETAIL = 1_000;

/** A detail may quote what callers sent, so it must forge no lines of a log (CWE-117). */
export function checkedDetail(detail: string | undefined): string | undefined {
  return detail === undefined ? undefined : oneLine(String(detail), MAX_DETAIL);
}

/** The reason that an outage has by its cause: a code, or the code of an error. */
export function reasonOf(cause: unknown): string {
  const code = typeof cause === 'string' ? cause : (cause as { code?: unknown } | null | undefined)?.code;
  const reason = typeof code === 'string' ? code.toLowerCase() : '';
  return REASON.test(reason) ? reason : 'dependency_failed';
}

/** Scopes are written into a header line without escaping. */
export function checkedScopes(scopes: readonly string[]): readonly string[] {
  if (scopes.length > 0 && scopes.every(isScopeToken)) return Object.freeze([...scopes]);
  throw new MisuseError('scopes are at least one scope-token (RFC 6749 3.3)');
}

/** A whole number of seconds from 1 to 86 400. */
export function checkedSeconds(seconds: number): number {
  if (!Number.isFinite(seconds)) throw new MisuseError('retryAfterSeconds must be a finite number');
  return Math.min(86_400, Math.max(1, Math.ceil(seconds)));
}

/** One header line of an answer: name and value. */
export type HeaderLine = readonly [name: string, value: string];

const NO_HEADERS: readonly HeaderLine[] = Object.freeze([]);

export function frozenLines(lines: readonly HeaderLine[] | undefined): readonly HeaderLine[] {
  if (lines === undefined || lines.length === 0) return NO_HEADERS;
  if (lines.every(([name, value]) => isToken(name) && isFieldValue(value))) {
    return Object.freeze(lines.map(([name, value]) => Object.freeze([name, value] as const)));
  }
  throw new MisuseError('a header line is a token and a value without control characters (RFC 9110 5.5)');
}
