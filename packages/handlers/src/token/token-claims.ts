import { isAbsent, isText, MAX_TEXT_BYTES } from './claim-text.js';
import { isActor } from './claimed-actor.js';
import { said, typeOf, unlike } from './details.js';

/** Claims that a JWT access token and an introspection answer share (RFC 7519 4.1, RFC 7662 2.2, RFC 9068 2.2). */
export type TokenClaims = Readonly<Record<string, unknown>>;

/** The registered claims. Each is there, lest one that was not sent be looked for among what objects inherit. */
export type ReadClaims = Readonly<Record<RegisteredClaim, unknown>>;

export type RegisteredClaim =
  | ('iss' | 'sub' | 'aud' | 'exp' | 'nbf' | 'iat' | 'jti' | 'client_id' | 'username' | 'scope')
  | ('token_type' | 'token_use' | 'cnf' | 'act' | 'auth_time' | 'acr' | 'amr');

/** What a token's claims must say. */
export interface ClaimExpectations {
  readonly issuer?: string | undefined;
  readonly audience?: readonly string[] | undefined;
  /** Seconds since the epoch. */
  readonly now: number;
  readonly clockToleranceSeconds: number;
  /** How far `iat` may be ahead, in seconds. Default: by the clock's tolerance. */
  readonly issuedAheadToleranceSeconds?: number | undefined;
}

/** `mistyped`: a claim has the wrong type, which is a fault of its issuer. `refused`: the token is not good here. */
export interface ClaimProblem {
  readonly kind: 'mistyped' | 'refused';
  readonly reason: string;
  /** What the claim says and what it should, for operators. */
  readonly detail: string;
}

/** The last second of the year 9999. */
const MAX_NUMERIC_DATE = 253_402_300_799;

type TypeRule = (value: unknown) => boolean;

/** Any number, also 0, below it and with a fraction (RFC 7519 2); 1e999 is none, for it reads as infinity. */
const isNumericDate: TypeRule = (value) => Number.isFinite(value);
const isAudience: TypeRule = (value) =>
  typeof value === 'string' || (Array.isArray(value) && value.every((item) => typeof item === 'string'));

const TEXT = `a text of at most ${MAX_TEXT_BYTES} bytes without control characters`;
const NUMBER = 'a number of seconds';
const ACTOR = 'an object that names an actor by sub or client_id, and at most 16 of them within each other';

const TYPES: readonly (readonly [name: RegisteredClaim, isRight: TypeRule, expected: string])[] = [
  ['iss', isText, TEXT],
  ['client_id', isText, TEXT],
  ['jti', isText, TEXT],
  ['aud', isAudience, 'a text or a list of texts'],
  ['exp', isNumericDate, NUMBER],
  ['nbf', isNumericDate, NUMBER],
  ['iat', isNumericDate, NUMBER],
  ['auth_time', isNumericDate, NUMBER],
  ['act', isActor, ACTOR],
];

/**
 * The registered claims as they are judged. null and "" mean that a claim is absent, and a whole number stands for its
 * digits where it identifies something: only then does a revocation find it.
 */
export function readClaims(sent: TokenClaims): ReadClaims {
  return {
    iss: present(sent['iss']),
    sub: present(sent['sub']),
    aud: present(sent['aud']),
    exp: present(sent['exp']),
    nbf: present(sent['nbf']),
    iat: present(sent['iat']),
    jti: identifier(sent['jti']),
    client_id: identifier(sent['client_id']),
    username: present(sent['username']),
    scope: present(sent['scope']),
    token_type: present(sent['token_type']),
    token_use: present(sent['token_use']),
    cnf: present(sent['cnf']),
    act: present(sent['act']),
    auth_time: present(sent['auth_time']),
    acr: present(sent['acr']),
    amr: present(sent['amr']),
  };
}

function present(value: unknown): unknown {
  return isAbsent(value) ? undefined : value;
}

function identifier(value: unknown): unknown {
  return Number.isSafeInteger(value) ? String(value) : present(value);
}

/**
 * The first claim of the wrong type. Whom a token names is judged where its subject is read, and `unused` are names that
 * mean nothing here: a token may use them for something else.
 */
export function mistypedClaim(claims: ReadClaims, unused: readonly string[] = []): ClaimProblem | undefined {
  for (const [name, isRight, expected] of TYPES) {
    const value = claims[name];
    if (value !== undefined && !unused.includes(name) && !isRight(value)) return mistyped(name, value, expected);
  }
  return undefined;
}

export function mistyped(name: string, value: unknown, expected: string = TEXT): ClaimProblem {
  const detail = `${name} is ${typeOf(value)}, expected ${expected}`;
  return { kind: 'mistyped', reason: `claim_${name}_mistyped`, detail };
}

/** Whether a date is beyond the year 9999. It is more likely one in milliseconds. */
export function farDate(claims: ReadClaims, names: readonly RegisteredClaim[]): ClaimProblem | undefined {
  const name = names.find((each) => isFar(claims[each]));
  if (name === undefined) return undefined;
  const detail = `${said(name, claims[name])}, beyond the year 9999: it may be in milliseconds`;
  return { kind: 'refused', reason: `claim_${name}_beyond_year_9999`, detail };
}

export function isFar(date: unknown): boolean {
  return typeof date === 'number' && date > MAX_NUMERIC_DATE;
}

/** The first expectation that the claims, all of the right type, do not meet. Absent times and issuers pass. */
export function unmetExpectation(claims: ReadClaims, expected: ClaimExpectations): ClaimProblem | undefined {
  const { issuer, audience, now, clockToleranceSeconds } = expected;
  const { issuedAheadToleranceSeconds = clockToleranceSeconds } = expected;
  const { exp, nbf, iat, iss } = claims as Record<string, number | undefined> & { iss?: string };
  const clock = (tolerance: number) => `now is ${now}, tolerance ${tolerance} s`;
  if (exp !== undefined && exp <= now - clockToleranceSeconds) {
    return refused('token_expired', `exp is ${exp}, ${clock(clockToleranceSeconds)}`);
  }
  if (nbf !== undefined && nbf > now + clockToleranceSeconds) {
    return refused('token_not_yet_valid', `nbf is ${nbf}, ${clock(clockToleranceSeconds)}`);
  }
  if (iat !== undefined && iat > now + issuedAheadToleranceSeconds) {
    return refused('token_issued_in_future', `iat is ${iat}, ${clock(issuedAheadToleranceSeconds)}`);
  }
  if (exp !== undefined && iat !== undefined && exp <= iat) {
    return refused('token_lifetime_empty', `exp is ${exp} and iat is ${iat}`);
  }
  if (issuer !== undefined && iss !== undefined && iss !== issuer) {
    return refused('issuer_mismatch', unlike('iss', iss, [issuer]));
  }
  if (audience !== undefined && !audiencesOf(claims).some((name) => audience.includes(name))) {
    return refused('audience_mismatch', unlike('aud', claims['aud'], audience));
  }
  return undefined;
}

function refused(reason: string, detail: string): ClaimProblem {
  return { kind: 'refused', reason, detail };
}

export function audiencesOf({ aud }: Pick<ReadClaims, 'aud'>): readonly string[] {
  if (aud === undefined) return [];
  return (Array.isArray(aud) ? aud : [aud]) as readonly string[];
}

/** Says once at start that `iat` may be further ahead than clocks usually are. */
export function warnOfEarlyTokens(
  handler: string,
  tolerances: Pick<ClaimExpectations, 'clockToleranceSeconds' | 'issuedAheadToleranceSeconds'>,
): void {
  const { clockToleranceSeconds: usual, issuedAheadToleranceSeconds: ahead = usual } = tolerances;
  if (ahead <= usual) return;
  process.emitWarning(`${handler} takes tokens issued ahead (issuedAheadToleranceSeconds)`, 'SallyportWarning');
}
