import { foreignCopy } from '../brand/brand.js';
import { attemptTo, type Eventually } from '../clock/eventually.js';
import { unlessEnded } from '../clock/within.js';
import { MisuseError } from '../errors/errors.js';
import * as option from '../options/options.js';
import { createPrincipal, isPrincipal, type Principal, type PrincipalInit } from '../principal/principal.js';
import type { SecurityRequest } from '../request/request.js';
import { Secret } from '../secrecy/secret.js';
import { type Challenge, challenge } from '../verdict/challenge.js';
import { isToken, TOKEN_CHARACTER } from '../verdict/http-grammar.js';
import { authenticated, isVerdict, type Malformed, malformed, unavailable, type Verdict } from '../verdict/verdict.js';
import { type CredentialPlace, credentialPlace, sentIn } from './credential-place.js';
import type { SecurityHandler } from './handler.js';

/**
 * Finds the owner of a value. Returns a principal, the init of one, or a verdict such as `denied('api_key_unknown')`.
 * Any other answer, such as a forgotten return, is a bug and refuses the request.
 */
export type VerifyValue = (value: string, request: SecurityRequest) => Eventually<PrincipalInit | Principal | Verdict>;

const TOKEN_SCHEMA = { type: 'string', pattern: `^${TOKEN_CHARACTER}+$` } as const;

const token: option.Check<string> = option.withSchema(TOKEN_SCHEMA, (value, name) => {
  const checked = option.text(value, name);
  if (!isToken(checked)) throw option.invalid(name, 'must be a token (RFC 9110 5.6.2)');
  return checked;
});

/**
 * The check of an option that names a header field. Refuses Authorization, which has its own parser, and Cookie, which has
 * its own handler: no field may be read in two ways.
 */
export const fieldNameCheck: option.Check<string> = option.withSchema(TOKEN_SCHEMA, (value, name) => {
  const checked = token(value, name);
  if (/^(?:proxy-)?authorization$|^cookie$/i.test(checked))
    throw option.invalid(name, 'must not be Authorization or Cookie');
  return checked;
});

const SENT_VALUE = {
  /** Names this handler in requirements, traces and logs. */
  name: option.text,
  verify: option.callable<VerifyValue>(),
  /** Realm of the challenge. Default: none. */
  realm: option.optional(option.text),
  /**
   * The challenge of a 401. Default: the scheme `ApiKey` for a header or `Cookie` for a cookie, with the realm and the
   * name of the header or cookie.
   */
  challenge: option.unchecked<Challenge | undefined>(),
};

interface SentValueOptions extends option.Given<option.TableOf<typeof SENT_VALUE>> {}

export const HEADER_HANDLER = option.table('HeaderHandlerOptions', {
  ...SENT_VALUE,
  /** The header field that carries the credential, other than Authorization and Cookie. */
  header: fieldNameCheck,
});

export interface HeaderHandlerOptions extends SentValueOptions, Pick<option.Given<typeof HEADER_HANDLER>, 'header'> {}

export const COOKIE_HANDLER = option.table('CookieHandlerOptions', {
  ...SENT_VALUE,
  /**
   * The cookie that carries the credential. Browsers may send cookies on behalf of other sites: protect operations that
   * change something against cross-site requests.
   */
  cookie: token,
});

export interface CookieHandlerOptions extends SentValueOptions, Pick<option.Given<typeof COOKIE_HANDLER>, 'cookie'> {}

/**
 * A handler for the value of one header field. An empty value, a value of more than 8 192 characters and a repeated
 * field are malformed.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 * @example
 * const apiKey = headerHandler({
 *   name: 'api-key',
 *   header: 'X-API-Key',
 *   verify: (key) => partners.get(key) ?? denied('key_unknown'),
 * });
 */
export function headerHandler(options: HeaderHandlerOptions): SecurityHandler<Secret> {
  const { header, ...others } = HEADER_HANDLER(options);
  const advertised = others.challenge ?? challenge('ApiKey', { realm: others.realm, header });
  return new SentValueHandler(others, `header:${header.toLowerCase()}`, advertised);
}

/**
 * A handler for the value of one cookie. An empty value, a value of more than 8 192 characters and a repeated cookie
 * are malformed.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 * @example
 * const session = cookieHandler({
 *   name: 'session',
 *   cookie: 'sid',
 *   verify: (id) => sessions.get(id) ?? denied('session_unknown'),
 * });
 */
export function cookieHandler(options: CookieHandlerOptions): SecurityHandler<Secret> {
  const { cookie, ...others } = COOKIE_HANDLER(options);
  const advertised = others.challenge ?? challenge('Cookie', { realm: others.realm, cookie });
  return new SentValueHandler(others, `cookie:${cookie}`, advertised);
}

const MAX_LENGTH = 8_192;
const EMPTY = malformed('credential_empty');
const TOO_LONG = malformed('credential_too_long');

class SentValueHandler implements SecurityHandler<Secret> {
  readonly name: string;
  readonly challenges: readonly Challenge[];
  readonly source: string;
  readonly #verify: VerifyValue;
  readonly #places: readonly CredentialPlace[];

  constructor({ name, verify }: Pick<SentValueOptions, 'name' | 'verify'>, source: string, advertised: Challenge) {
    this.name = name;
    this.challenges = Object.freeze([advertised]);
    this.source = source;
    this.#verify = verify;
    this.#places = [credentialPlace(source) as CredentialPlace];
  }

  extract(request: SecurityRequest): Secret | Malformed | undefined {
    const sent = sentIn(this.#places, request);
    if (sent === undefined || isVerdict(sent)) return sent;
    const { value } = sent;
    if (value === '') return EMPTY;
    return value.length > MAX_LENGTH ? TOO_LONG : new Secret(value);
  }

  verify(credential: Secret, request: SecurityRequest): Eventually<Verdict> {
    const answer = attemptTo(() => this.#verify(credential.reveal(), request), rethrow);
    return answer instanceof Promise ? untilAborted(answer.then(toVerdict), request.signal) : toVerdict(answer);
  }
}

/** Stops waiting when the request is aborted, also if the `verify` function ignores the signal. */
function untilAborted(pending: Promise<Verdict>, signal: AbortSignal): Promise<Verdict> {
  return unlessEnded<Verdict>(pending, (end) => {
    const giveUp = () => end(() => unavailable(signal.reason));
    if (signal.aborted) giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    return () => signal.removeEventListener('abort', giveUp);
  });
}

function rethrow(error: unknown): never {
  throw error;
}

/** `createPrincipal` throws for an object without a subject. */
function toVerdict(answer: unknown): Verdict {
  if (isVerdict(answer)) return answer;
  if (typeof answer !== 'object' || answer === null) throw new MisuseError('verify() returned nothing usable');
  const foreign = foreignCopy(answer, 'verdict');
  if (foreign !== undefined) throw foreign;
  return authenticated(isPrincipal(answer) ? answer : createPrincipal(answer as PrincipalInit));
}
