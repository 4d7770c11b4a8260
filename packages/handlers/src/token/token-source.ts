import { malformed, type SecurityScheme, type Verdict } from '@sallyport/core';
import {
  bearerChallenge,
  type Challenge,
  type CredentialPlace,
  challenge,
  credentialPlace,
  type Eventually,
  explicitFirst,
  isVerdict,
  keptPrivate,
  option,
  readOnce,
  type SecurityRequest,
  sentIn,
} from '@sallyport/core/extend';
import { isBearerToken } from './bearer-token.js';

/** A place where a token may stand; docs/recipes.md shows each ("Tokens in other places"). */
export type TokenPlace =
  | `authorization:${string}`
  | `header:${string}`
  | `cookie:${string}`
  | `query:${string}`
  | `subprotocol:${string}`;

/** A token place as it was checked: its challenge keeps the spelling of the option. */
export interface CheckedPlace {
  readonly place: CredentialPlace;
  readonly challengeFor: (realm: string) => Challenge;
}

/** Names of schemes, header fields, cookies and sub-protocols are tokens (RFC 9110 5.6.2). */
const NAMES =
  /^(?:query:.+|(?:authorization|cookie|subprotocol):[\w!#$%&'*+.^`|~-]+|header:[\w!#$%&'*+.^`|~-]+(?::[\w!#$%&'*+.^`|~-]+)?)$/;
const PATTERN = '^(?:authorization|header|cookie|query|subprotocol):[!-~]+$';
const ONE_PLACE: option.Schema = { type: 'string', pattern: PATTERN };

/** Basic and DPoP are no bearer tokens. These header fields have kinds of places of their own. */
const RESERVED =
  /^(?:authorization:(?:basic|dpop)|header:(?:(?:proxy-)?authorization|cookie|sec-websocket-protocol)(?::.*)?)$/;

const tokenPlace: option.Check<CheckedPlace, TokenPlace> = option.withSchema(ONE_PLACE, (value, name) => {
  const place = typeof value === 'string' ? credentialPlace(inOneSpelling(value)) : undefined;
  if (place === undefined || !NAMES.test(place.at)) {
    throw option.invalid(name, 'must be such as authorization:bearer, header:x-jwt-assertion or cookie:session');
  }
  if (RESERVED.test(place.at)) throw option.invalid(name, 'must not be a place of other credentials');
  return { place, challengeFor: challengeIn(value as string) };
});

/** Names of headers and schemes are case-insensitive; the others are taken as they are. */
function inOneSpelling(at: string): string {
  return /^(?:authorization|header):/i.test(at) ? at.toLowerCase() : at;
}

/**
 * A challenge has to help the client. What a client adds by itself, also in the query, is a Bearer token (RFC 6750 2.3).
 * A client that is told `Bearer` would never send a cookie or a header of a proxy, so these are named as `cookieHandler`
 * and `headerHandler` do it.
 */
function challengeIn(at: string): (realm: string) => Challenge {
  const [kind, name] = at.split(':', 2) as [string, string];
  if (kind === 'cookie') return (realm) => challenge('Cookie', { realm, cookie: name });
  if (/^header$/i.test(kind)) return (realm) => challenge('ApiKey', { realm, header: name });
  if (/^authorization$/i.test(kind) && !/^bearer$/i.test(name)) return (realm) => challenge(name, { realm });
  return bearerChallenge;
}

type TokenPlaces = readonly CheckedPlace[];

const LIST = option.listOf<CheckedPlace, TokenPlace>(tokenPlace);

const USUAL = 'authorization:bearer';

/** The check of `source`: one place or several. */
const tokenPlaces: option.Check<TokenPlaces, TokenPlace | readonly TokenPlace[] | undefined> = option.withSchema(
  { anyOf: [ONE_PLACE, { type: 'array', items: ONE_PLACE, minItems: 1 }], default: USUAL },
  (value = USUAL, name) => {
    const list = Array.isArray(value) ? LIST(value, name) : [tokenPlace(value, name)];
    if (list.length === 0) throw option.invalid(name, 'must not be empty');
    if (new Set(list.map(({ place }) => place.at)).size < list.length)
      throw option.invalid(name, 'must not repeat itself');
    return list;
  },
  true,
);

const TOKEN = option.table('TokenOptions', {
  /**
   * Where the token stands: `authorization:<scheme>`, `header:<name>`, `header:<name>:<scheme>`, `cookie:<name>`,
   * `query:<name>`, `subprotocol:<name>`, or a list of them. A token in two of them is refused (RFC 6750 2); a cookie
   * beside another place is not read. A cookie needs protection against cross-site requests. `query:` weakens: addresses
   * end up in logs and histories (RFC 6750 5.3).
   */
  source: tokenPlaces,
  /**
   * The length of the longest token, in bytes. Node.js refuses header fields of more than 16 KiB together
   * (`--max-http-header-size`), so a larger limit needs both.
   */
  maxTokenBytes: option.withDefault(option.wholeBetween(1_024, 65_536), 8_192),
});

/** Where a token stands, and how long it may be. */
export interface TokenOptions extends option.Given<typeof TOKEN> {}

export interface TokenKept extends option.Kept<typeof TOKEN> {}

/** The options of every handler that takes bearer tokens. */
export const tokenOptions: option.Table<TokenKept, TokenOptions> = TOKEN;

interface TokenSettings extends TokenKept {
  readonly name: string;
  readonly realm: string;
}

/** The scheme DPoP, beside the places of the option (RFC 9449 7.1). */
export interface DpopScheme {
  readonly challenge: Challenge;
  /** Whether no token is good without it: then nothing else is advertised. */
  readonly isRequired: boolean;
}

const DPOP = 'authorization:dpop';

const MALFORMED: Verdict = malformed('bearer_token_malformed');
const TOO_LONG: Verdict = malformed('bearer_token_too_long');

/** Finds the token of a request. */
export class TokenSource {
  /** Where the token may stand, in the order of looking. */
  readonly places: readonly string[];
  /** One for each kind of place, in the order of the option. */
  readonly challenges: readonly Challenge[];
  readonly #places: readonly CredentialPlace[];
  /** The schemes, where the token stands in Authorization alone: then nothing else is looked at. */
  readonly #firstScheme: string | undefined;
  readonly #secondScheme: string | undefined;
  readonly #readsQuery: boolean;
  readonly #maxTokenBytes: number;

  /** Warns where tokens may stand in the query. */
  constructor({ name, realm, source, maxTokenBytes }: TokenSettings, dpop?: DpopScheme) {
    const own = source.map(({ place }) => place);
    this.#places = explicitFirst(dpop === undefined ? own : [...own, credentialPlace(DPOP) as CredentialPlace]);
    this.places = this.#places.map(({ at }) => at);
    const ownChallenges = dpop?.isRequired === true ? [] : source.map(({ challengeFor }) => challengeFor(realm));
    this.challenges = distinct(dpop === undefined ? ownChallenges : [...ownChallenges, dpop.challenge]);
    const [first, second, ...others] = this.#places.map(({ scheme }) => scheme);
    if (others.length === 0 && (this.#places.length === 1 || second !== undefined)) {
      this.#firstScheme = first;
      this.#secondScheme = second;
    }
    this.#readsQuery = this.places.some(isOfQuery);
    this.#maxTokenBytes = maxTokenBytes;
    if (this.#readsQuery) {
      process.emitWarning(
        `${name} takes tokens from the query, which logs and histories keep (source)`,
        'SallyportWarning',
      );
    }
  }

  /**
   * The unchecked text of the token, for callers that look it up among known tokens first and check unknown ones with
   * `flawOf`. `malformed` when it is sent twice, `undefined` when none is sent.
   */
  textIn(request: SecurityRequest): string | Verdict | undefined {
    const first = this.#firstScheme;
    if (first === undefined) {
      const sent = sentIn(this.#places, request);
      return sent === undefined || isVerdict(sent) ? sent : sent.value;
    }
    const { authorization } = request;
    if (authorization.kind !== 'credentials') return undefined;
    const { scheme } = authorization;
    return scheme === first || scheme === this.#secondScheme ? authorization.value : undefined;
  }

  /** How OpenAPI describes the tokens; `discovered` is what metadata tell of the servers that issue them. */
  describedWith(bearerFormat: string | undefined, discovered: readonly SecurityScheme[]): readonly SecurityScheme[] {
    const format = bearerFormat && { bearerFormat };
    const schemes = [USUAL, DPOP].filter((place) => this.places.includes(place)).map((place) => place.split(':')[1]);
    const told = schemes.map((scheme = ''): SecurityScheme => ({ type: 'http', scheme, ...format }));
    const issued: readonly SecurityScheme[] = discovered.length > 0 ? discovered : [{ type: 'oauth2' }];
    return [...told, ...issued];
  }

  isTooLong(text: string): boolean {
    return text.length > this.#maxTokenBytes;
  }

  /** What is wrong with a text as a bearer token (RFC 6750 2.1), if anything is. */
  flawOf(text: string, request: SecurityRequest): Verdict | undefined {
    if (this.isTooLong(text)) return TOO_LONG;
    return readOnce(isBearerToken, text, request) ? undefined : MALFORMED;
  }

  /** The verdict as it goes out: no cache may share an answer to an address with a token (RFC 6750 2.3). */
  answered(verdict: Eventually<Verdict>, request: SecurityRequest): Eventually<Verdict> {
    if (!this.#readsQuery) return verdict;
    const sent = sentIn(this.#places, request);
    if (sent === undefined || isVerdict(sent) || !isOfQuery(sent.place.at)) return verdict;
    return keptPrivate(verdict);
  }
}

function isOfQuery(at: string): boolean {
  return at.startsWith('query:');
}

/** Leaves out repeated challenges: several places may have the same one. */
function distinct(challenges: readonly Challenge[]): readonly Challenge[] {
  return Object.freeze([...new Map(challenges.map((each) => [JSON.stringify(each), each])).values()]);
}
