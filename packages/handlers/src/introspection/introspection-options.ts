import {
  cacheStoreCheck,
  clockOption,
  onceStoreCheck,
  option,
  revocationsCheck,
  type VerdictCacheOptions,
  verdictCacheOptions,
} from '@sallyport/core/extend';
import {
  type ConfirmationOptions,
  type ConfirmationSettings,
  confirmationOptions,
} from '../confirmation/confirmation-options.js';
import { type DpopOptions, type DpopSettings, dpopOptions } from '../dpop/dpop-options.js';
import { signatureAlgorithms } from '../jose/algorithms.js';
import { type KeySource, type KeySourceSettings, keySource } from '../keys/key-source.js';
import { type OutboundOptions, type OutboundSettings, outboundOptions } from '../outbound/outbound-options.js';
import type { MapPrincipal } from '../token/principal-mapping.js';
import { tokenOptions } from '../token/token-source.js';
import { clientAuthentication } from './client-authentication.js';

/**
 * How long answers are remembered, and how many. During an outage nothing is answered from memory beyond its time
 * unless `staleIfUnavailableSeconds` says so. A shared store keeps apart who asks and what is accepted; with
 * `mapPrincipal`, or with a bearer token that has no `clientId`, only the handler's `name` can tell that.
 */
export type RememberedAnswerOptions = Omit<VerdictCacheOptions, 'namespace'>;

type RememberedAnswerSettings = Omit<option.Kept<typeof verdictCacheOptions>, 'namespace'>;

export const SIGNED_ANSWERS = option.table('SignedAnswerOptions', {
  /** The only algorithms that answers may be signed with. */
  algorithms: signatureAlgorithms,
  /** The issuer's keys. Default: those that its metadata name, fetched as the endpoint is called. */
  keys: option.optional<KeySourceSettings, KeySource>(keySource),
  /** Who answers are for (`aud`, RFC 9701 5). Default: the `clientId` of the client authentication. */
  audience: option.optional(option.text),
});

/** How answers are signed (RFC 9701). */
export interface SignedAnswerOptions extends option.Given<typeof SIGNED_ANSWERS> {}

interface SignedAnswersKept extends option.Kept<typeof SIGNED_ANSWERS> {}

const TEXT_OR_FALSE: option.Schema = {
  anyOf: [option.text.schema as option.Schema, { type: 'boolean', enum: [false] }],
};

const hint = option.withSchema<string | false>(TEXT_OR_FALSE, (value, name) =>
  value === false ? false : option.text(value, name),
);

const INTROSPECTION = option.table('IntrospectionHandlerOptions', {
  /** Names this instance, also in a shared store. Default `introspection`. */
  name: option.optional(option.text),
  /** Realm of the challenge. */
  realm: option.text,
  /** The introspection endpoint, an https URL. Default: what the metadata of `issuer` name (RFC 8414 2). */
  endpoint: option.optional(option.text),
  /** The only issuer that an answer may name (`iss`), and that of every principal; name it where tokens are revoked by it. */
  issuer: option.optional(option.text),
  /**
   * Where the metadata of `issuer` are, if that does not follow from its name, such as an address inside a network. They
   * have to name the issuer all the same (RFC 8414 3.3).
   */
  metadataUrl: option.optional(option.text),
  /** Refuses answers that name no issuer. */
  requireIssuer: option.withDefault(option.flag, false),
  /** Who is meant by `aud`: one of these has to be in it, exactly. Default: `aud` is not looked at. */
  audience: option.optional(option.textOrTexts),
  /** Accepts answers without `aud`, for servers that never name one. */
  audienceOptional: option.withDefault(option.flag, false),
  /** How the handler proves itself to the endpoint. */
  clientAuthentication,
  /** Sent as `token_type_hint` (RFC 7662 2.1); false leaves it out. */
  tokenTypeHint: option.withDefault(hint, 'access_token'),
  /** Asks for signed answers (RFC 9701) and takes no others; needs `issuer`. Default: plain JSON. */
  signedAnswers: option.optional<SignedAnswersKept, SignedAnswerOptions>(SIGNED_ANSWERS),
  /**
   * Members that hold scopes, as a text of words or a list of them. A name may lead to a member: `resource.scopes`.
   * Default `scope`.
   */
  scopeClaims: option.withDefault(option.textOrTexts, ['scope']),
  /** Members that hold roles, in the same way. Default `roles`. */
  rolesClaims: option.withDefault(option.textOrTexts, ['roles']),
  /** Changes what the principal is made of, at once or by a promise. Issuer, audience, end and confirmation of the token stay what they are. */
  mapPrincipal: option.optional(option.callable<MapPrincipal>()),
  /** How long a promise of `mapPrincipal` may take, in milliseconds. After that the answer is 503. */
  mapPrincipalTimeoutMs: option.withDefault(option.between(1, 60_000), 2_000),
  /** Takes only the bearer tokens that no other handler wants. */
  fallback: option.withDefault(option.flag, false),
  /** Tolerance for `exp`, `nbf` and `iat`, in seconds. */
  clockToleranceSeconds: option.withDefault(option.between(0, 60), 5),
  /**
   * How far `iat` may be ahead, in seconds, for servers whose clock is. So much later do revocations of what was issued
   * before reach a token. Default: `clockToleranceSeconds`.
   */
  issuedAheadToleranceSeconds: option.optional(option.between(0, 3_600)),
  /** What tokens have to be bound to. */
  confirmation: option.group<ConfirmationSettings, ConfirmationOptions>(confirmationOptions),
  /** Takes tokens by the scheme DPoP, too (RFC 9449). Default: none are. */
  dpop: option.optional<DpopSettings, DpopOptions>(dpopOptions),
  /** How answers are remembered. */
  cache: option.group<RememberedAnswerSettings, RememberedAnswerOptions>(
    option.without(verdictCacheOptions, 'namespace'),
  ),
  /** How the authorization server is called. */
  outbound: option.group<OutboundSettings, OutboundOptions>(outboundOptions),
});

const INTROSPECTION_OF_TOKENS = option.merged(tokenOptions, INTROSPECTION);

export interface IntrospectionHandlerOptions extends option.Given<typeof INTROSPECTION_OF_TOKENS> {}

interface IntrospectionKept extends option.Kept<typeof INTROSPECTION_OF_TOKENS> {}

export const introspectionOptions: option.Table<IntrospectionKept, IntrospectionHandlerOptions> =
  INTROSPECTION_OF_TOKENS;

const COLLABORATORS = option.table('IntrospectionHandlerCollaborators', {
  clock: clockOption,
  /** Shares good answers with other instances; needs `cache.secret`. */
  store: option.optional(cacheStoreCheck),
  /**
   * Remembers DPoP proofs, so that each is good once. Default: a `MemoryOnceStore`; with several instances, give one that they
   * share, and `dpop.secret`.
   */
  onceStore: option.optional(onceStoreCheck),
  /** What has been revoked: tokens, their `jti`, clients and subjects. */
  revocations: option.optional(revocationsCheck),
});

/** Services of an introspection handler. */
export interface IntrospectionHandlerCollaborators extends option.Given<typeof COLLABORATORS> {}

export const introspectionCollaborators: option.Table<
  option.Kept<typeof COLLABORATORS>,
  IntrospectionHandlerCollaborators
> = COLLABORATORS;

export interface SignedAnswerSettings {
  readonly issuer: string;
  readonly audience: string;
  readonly algorithms: readonly string[];
  readonly keys: KeySourceSettings;
}

export interface IntrospectionSettings extends Omit<IntrospectionKept, 'name' | 'signedAnswers'> {
  readonly name: string;
  /** The name is not the default. */
  readonly isNamed: boolean;
  readonly signedAnswers: SignedAnswerSettings | undefined;
}

/** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
export function introspectionSettings(options: IntrospectionHandlerOptions): IntrospectionSettings {
  const kept = introspectionOptions(options);
  const { name, endpoint, issuer, requireIssuer, clientAuthentication, outbound } = kept;
  if (issuer === undefined && (endpoint === undefined || requireIssuer)) {
    throw option.invalid(`${OWNER}.issuer`, 'is needed to find the endpoint and for requireIssuer');
  }
  if (clientAuthentication.method === 'tls_client_auth' && outbound.clientCertificate === undefined) {
    throw option.invalid(`${OWNER}.outbound.clientCertificate`, 'is needed for tls_client_auth');
  }
  return {
    ...kept,
    name: name ?? 'introspection',
    isNamed: name !== undefined,
    signedAnswers: kept.signedAnswers && signedAnswerSettings(kept.signedAnswers, kept),
  };
}

const OWNER = introspectionOptions.owner;

/** By default the keys are fetched as the endpoint is called. */
function signedAnswerSettings(
  { algorithms, audience: named, keys }: SignedAnswersKept,
  { issuer, metadataUrl, clientAuthentication, outbound }: IntrospectionKept,
): SignedAnswerSettings {
  const audience = named ?? clientAuthentication.clientId;
  if (issuer === undefined) throw option.invalid(`${OWNER}.issuer`, 'is needed for signedAnswers');
  if (audience === undefined) {
    throw option.invalid(
      `${OWNER}.signedAnswers.audience`,
      'is needed where the client authentication has no clientId',
    );
  }
  const published = keySource({ discovery: true, metadataUrl, outbound }, `${OWNER}.outbound`);
  return { issuer, audience, algorithms, keys: keys ?? published };
}
