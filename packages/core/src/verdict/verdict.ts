import { foreignCopy, mark } from '../brand/brand.js';
import { MisuseError } from '../errors/errors.js';
import { ownMember, ownMembers } from '../options/own-members.js';
import { isPrincipal, type Principal } from '../principal/principal.js';
import { AuthenticatedVerdict } from './authenticated-verdict.js';
import { type Challenge, checkedParameters } from './challenge.js';
import {
  checkedDetail,
  checkedProofError,
  checkedReason,
  checkedScopes,
  checkedSeconds,
  frozenLines,
  type HeaderLine,
  type ProofError,
  reasonOf,
} from './verdict-members.js';

/**
 * The answer of a handler about a credential: a closed union. Only the functions of this file make verdicts, and a
 * brand identifies them, so an object that looks alike is no verdict. Only `authenticated` grants.
 */
export type Verdict = Authenticated | Denied | Malformed | Forbidden | Challenged | Limited | Unavailable;

export type { HeaderLine };

class Refusing<Kind extends string> {
  readonly #brand = true;
  readonly kind: Kind;

  constructor(kind: Kind) {
    this.kind = kind;
  }

  static {
    mark(this, 'verdict');
  }

  static made(value: unknown): boolean {
    return typeof value === 'object' && value !== null && #brand in value;
  }
}

class ReasonedVerdict<Kind extends 'denied' | 'malformed'> extends Refusing<Kind> {
  readonly reason: string;
  readonly detail: string | undefined;
  readonly error: ProofError | undefined;

  constructor(kind: Kind, reason: string, detail?: string, error?: ProofError) {
    super(kind);
    this.reason = checkedReason(reason);
    this.detail = checkedDetail(detail);
    this.error = error && checkedProofError(error);
    Object.freeze(this);
  }
}

type ForbiddenOptions = Parameters<typeof forbidden>[1] & {};

class ForbiddenVerdict extends Refusing<'forbidden'> {
  readonly reason: string;
  readonly scopes: readonly string[] | undefined;
  /** The name of the handler whose proof lacks the scopes; undefined when all proofs together lack them. */
  readonly of: string | undefined;
  readonly detail: string | undefined;

  constructor(reason: string, { scopes, of, detail }: ForbiddenOptions) {
    super('forbidden');
    this.reason = checkedReason(reason);
    this.detail = checkedDetail(detail);
    this.scopes = scopes && checkedScopes(scopes);
    this.of = of;
    Object.freeze(this);
  }
}

class ChallengedVerdict extends Refusing<'challenged'> {
  readonly reason: string;
  readonly parameters: Challenge['parameters'];
  readonly headers: readonly HeaderLine[];
  readonly detail: string | undefined;

  constructor(parameters: Challenge['parameters'], headers: readonly HeaderLine[], detail: string | undefined) {
    super('challenged');
    this.reason = checkedReason(ownMember(parameters, 'error') ?? 'challenged');
    this.detail = checkedDetail(detail);
    this.parameters = checkedParameters(parameters, 'challenged()', (problem) => new MisuseError(problem));
    this.headers = headers;
    Object.freeze(this);
  }
}

class LimitedVerdict extends Refusing<'limited'> {
  readonly reason: string = 'rate_limited';
  readonly retryAfterSeconds: number;
  readonly detail: string | undefined;

  constructor(retryAfterSeconds: number, detail: string | undefined) {
    super('limited');
    this.retryAfterSeconds = checkedSeconds(retryAfterSeconds);
    this.detail = checkedDetail(detail);
    Object.freeze(this);
  }
}

class UnavailableVerdict extends Refusing<'unavailable'> {
  readonly reason: string;
  readonly detail: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(cause: unknown, retryAfterSeconds: number | undefined, detail: string | undefined) {
    super('unavailable');
    this.reason = reasonOf(cause);
    this.detail = checkedDetail(detail);
    this.retryAfterSeconds = retryAfterSeconds === undefined ? undefined : checkedSeconds(retryAfterSeconds);
    Object.freeze(this);
  }
}

export type Authenticated = AuthenticatedVerdict;
export type Denied = ReasonedVerdict<'denied'>;
export type Malformed = ReasonedVerdict<'malformed'>;
export type Forbidden = ForbiddenVerdict;
export type Challenged = ChallengedVerdict;
export type Limited = LimitedVerdict;
export type Unavailable = UnavailableVerdict;

/**
 * The credential is good: the only verdict that grants. `headers` are added to the application's answer, for example a
 * new nonce.
 * @throws {TypeError} when `principal` was not made by `createPrincipal`
 * @example
 * authenticated(createPrincipal({ subject: 'alice', scopes: ['orders:read'] }));
 */
export function authenticated(
  principal: Principal,
  options?: { headers?: readonly HeaderLine[] | undefined },
): Authenticated {
  if (!isPrincipal(principal)) {
    const foreign = foreignCopy(principal, 'principal');
    throw foreign ?? new MisuseError('authenticated() takes a principal made by createPrincipal()');
  }
  return new AuthenticatedVerdict(principal, frozenLines(options && ownMember(options, 'headers')));
}

/**
 * The credential is definitely bad: 401. `reason` is a stable code in snake_case. `detail` says what was expected and what
 * came. Both are shown to the operator only. `detail` must hold no secret; it is cut to 1 000 printable characters. `error` is
 * what the challenge of a token scheme tells the client instead of `invalid_token`: `invalid_dpop_proof` (RFC 9449 7.1).
 * @throws {TypeError} for a reason that is no code in snake_case of at most 64 characters, and for another `error`
 * @example
 * denied('audience_mismatch', { detail: 'aud is "billing", expected "orders"' });
 */
export function denied(
  reason: string,
  options: { detail?: string | undefined; error?: ProofError | undefined } = {},
): Denied {
  return new ReasonedVerdict('denied', reason, ownMember(options, 'detail'), ownMember(options, 'error'));
}

/**
 * The credential breaks its own syntax: 400 for bearer tokens (RFC 6750 3.1), 401 for Basic (RFC 7617 2). `reason` and `detail`
 * are as in `denied`.
 * @throws {TypeError} for a reason that is no code in snake_case of at most 64 characters
 * @example
 * const verify = (key: string) => (key.length < 32 ? malformed('key_too_short') : denied('key_unknown'));
 */
export function malformed(reason: string, options: { detail?: string | undefined } = {}): Malformed {
  return new ReasonedVerdict('malformed', reason, ownMember(options, 'detail'));
}

/**
 * The caller is known but not allowed: 403. With `scopes`, the challenge says `insufficient_scope` (RFC 6750 3.1). If
 * several handlers proved the caller, `of` names the one whose challenge is sent. `detail` tells the operator, and nobody
 * else, what was expected and what came; it must hold no secret, and is cut to 1 000 printable characters.
 * @throws {TypeError} for such a reason as `denied` refuses, and for scopes that are no scope-tokens (RFC 6749 3.3)
 * @example
 * const staffOnly = guard('staff', ({ claims }) => claims['tenant'] === 'acme' || forbidden('tenant_foreign'));
 */
export function forbidden(
  reason: string,
  options: { scopes?: readonly string[] | undefined; of?: string | undefined; detail?: string | undefined } = {},
): Forbidden {
  return new ForbiddenVerdict(reason, ownMembers(options));
}

/**
 * One more round is needed, for example for a DPoP nonce (RFC 9449 9) or a step-up (RFC 9470 3): 401 with these
 * parameters on the handler's own challenge and these extra header lines. `parameters.error` is the reason. From a guard,
 * an `error` goes on the Bearer or DPoP challenge that the caller used, else on the first one of the operation; if it has
 * none, the answer is 403, because other schemes have no such parameter. `detail` is as in `forbidden`.
 * @throws {TypeError} when a name is no token or a value is not printable ASCII (RFC 9110 11.6.1)
 * @example
 * challenged({ error: 'insufficient_user_authentication', acr_values: 'mfa' });
 */
export function challenged(
  parameters: Challenge['parameters'],
  options: { headers?: readonly HeaderLine[] | undefined; detail?: string | undefined } = {},
): Challenged {
  return new ChallengedVerdict(parameters, frozenLines(ownMember(options, 'headers')), ownMember(options, 'detail'));
}

/**
 * Too many attempts: 429, the same for known and unknown users. `retryAfterSeconds` is rounded up to a whole number
 * from 1 to 86 400. `detail` tells the operator, and nobody else, which limit; it must hold no secret.
 * @throws {TypeError} when `retryAfterSeconds` is no finite number
 * @example
 * limited({ retryAfterSeconds: 30 });
 */
export function limited(options: { retryAfterSeconds: number; detail?: string | undefined }): Limited {
  return new LimitedVerdict(ownMember(options, 'retryAfterSeconds') as number, ownMember(options, 'detail'));
}

/**
 * A dependency cannot answer, so it is not known whether the credential is good: 503, never 401. `cause` is a reason
 * code or an error. Of an error only the `code` is kept, because its message may quote secrets. `detail` tells the operator
 * more, such as host and status; it must hold no secret, and is cut to 1 000 printable characters.
 * @throws {TypeError} when `retryAfterSeconds` is no finite number
 * @example
 * const verify = async (key: string) => partners.find(key).catch((cause) => unavailable(cause, { retryAfterSeconds: 5 }));
 */
export function unavailable(
  cause: unknown,
  options: { retryAfterSeconds?: number | undefined; detail?: string | undefined } = {},
): Unavailable {
  return new UnavailableVerdict(cause, ownMember(options, 'retryAfterSeconds'), ownMember(options, 'detail'));
}

/** True only for objects that the functions above made. */
export function isVerdict(value: unknown): value is Verdict {
  return AuthenticatedVerdict.made(value) || Refusing.made(value);
}
