import { type Revocations } from '@sallyport/core';
import { type CacheStore, type Clock, clockOption, option, type VerdictCacheOptions } from '@sallyport/core/extend';
import { signatureAlgorithms } from '../jose/algorithms.js';
import type { KeySource } from '../keys/key-source.js';
import type { OutboundOptions } from '../outbound/outbound-options.js';
import type { MapPrincipal } from '../token/principal-mapping.js';
import {
  type ClientAuthentication,
  type ClientAuthenticationSettings,
  clientAuthentication,
} from './client-authentication.js';

/**
 * How long answers are remembered, and how many. During an outage nothing is answered from memory beyond its time
 * unless `staleIfUnavailableSeconds` says so. A shared store keeps apart who asks and what is accepted; with
 * `mapPrincipal`, or with a bearer token that has no `clientId`, only the handler's `name` can tell that.
 */
export type RememberedAnswerOptions = Omit<VerdictCacheOptions, 'namespace'>;

/** How answers are signed (RFC 9701). */
export interface SignedAnswerOptions {
  /** The only algorithms that answers may be signed with. */
  readonly algorithms: string | readonly string[];
  /** The issuer's keys. Default: those that its metadata name, fetched as the endpoint is called. */
  readonly keys?: KeySource | undefined;
  /** Who answers are for (`aud`, RFC 9701 5). Default: the `clientId` of the client authentication. */
  readonly audience?: string | undefined;
}

export interface IntrospectionHandlerOptions {
  /** Names this instance, also in a shared store. Default `introspection`. */
  readonly name?: string | undefined;
  /** Realm of the Bearer challenge. */
  readonly realm: string;
  /** The introspection endpoint, an https URL. Default: what the metadata of `issuer` name (RFC 8414 2). */
  readonly endpoint?: string | undefined;
  /** The only issuer that an answer may name (`iss`), and that of every principal; name it where tokens are revoked by it. */
  readonly issuer?: string | undefined;
  /** Refuses answers that name no issuer. Default false. */
  readonly requireIssuer?: boolean | undefined;
  /** Who is meant by `aud`: one of these has to be in it, exactly. Default: `aud` is not looked at. */
  readonly audience?: string | readonly string[] | undefined;
  /** Accepts answers without `aud`, for servers that never name one. Default false. */
  readonly audienceOptional?: boolean | undefined;
  readonly clientAuthentication: ClientAuthentication;
  /** Sent as `token_type_hint` (RFC 7662 2.1); false leaves it out. Default `access_token`. */
  readonly tokenTypeHint?: string | false | undefined;
  /** Asks for signed answers (RFC 9701) and takes no others; needs `issuer`. Default: plain JSON. */
  readonly signedAnswers?: SignedAnswerOptions | undefined;
  /** Changes what the principal is made of. Issuer, audience, end and confirmation of the token stay what they are. */
  readonly mapPrincipal?: MapPrincipal | undefined;
  /** Takes only the bearer tokens that no other handler wants. Default false. */
  readonly fallback?: boolean | undefined;
  /** Tolerance for `exp`, `nbf` and `iat`, in seconds. 0 to 60, default 5. */
  readonly clockToleranceSeconds?: number | undefined;
  readonly cache?: RememberedAnswerOptions | undefined;
  /** How the authorization server is called. */
  readonly outbound?: OutboundOptions | undefined;
}

/** Services of an introspection handler. */
export interface IntrospectionHandlerCollaborators {
  readonly clock?: Clock | undefined;
  /** Shares good answers with other instances; needs `cache.secret`. */
  readonly store?: CacheStore | undefined;
  /** What has been revoked: tokens, their `jti`, clients and subjects. */
  readonly revocations?: Revocations | undefined;
}

export interface SignedAnswerSettings {
  readonly issuer: string;
  readonly audience: string;
  readonly algorithms: readonly string[];
  /** Default: those that the issuer's metadata name. */
  readonly keys: KeySource | undefined;
}

export interface IntrospectionSettings {
  readonly name: string;
  /** The name is not the default. */
  readonly isNamed: boolean;
  readonly realm: string;
  readonly endpoint: string | undefined;
  readonly issuer: string | undefined;
  readonly requireIssuer: boolean;
  readonly audience: readonly string[] | undefined;
  readonly audienceOptional: boolean;
  readonly clientAuthentication: ClientAuthenticationSettings;
  readonly tokenTypeHint: string | false;
  readonly signedAnswers: SignedAnswerSettings | undefined;
  readonly mapPrincipal: MapPrincipal | undefined;
  readonly fallback: boolean;
  readonly clockToleranceSeconds: number;
  readonly cache: RememberedAnswerOptions;
  readonly outbound: OutboundOptions;
}

const OWNER = 'IntrospectionHandlerOptions';
export const SIGNED_ANSWERS: string = `${OWNER}.signedAnswers`;

/** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
export function checkedIntrospectionOptions(options: IntrospectionHandlerOptions): IntrospectionSettings {
  const { name, signedAnswers, ...settings } = option.check(OWNER, options, {
    name: option.optional(option.text),
    realm: option.text,
    endpoint: option.optional(option.text),
    issuer: option.optional(option.text),
    requireIssuer: option.withDefault(option.flag, false),
    audience: option.optional(option.textOrTexts),
    audienceOptional: option.withDefault(option.flag, false),
    clientAuthentication,
    tokenTypeHint: option.withDefault(hint, 'access_token'),
    signedAnswers: option.unchecked<SignedAnswerOptions | undefined>(),
    mapPrincipal: option.optional(option.callable<MapPrincipal>()),
    fallback: option.withDefault(option.flag, false),
    clockToleranceSeconds: option.withDefault(option.between(0, 60), 5),
    cache: option.withDefault(option.unchecked<RememberedAnswerOptions>(), {}),
    outbound: option.withDefault(option.unchecked<OutboundOptions>(), {}),
  });
  const { endpoint, issuer, requireIssuer } = settings;
  if (issuer === undefined && (endpoint === undefined || requireIssuer)) {
    throw option.invalid(`${OWNER}.issuer`, 'is needed to find the endpoint and for requireIssuer');
  }
  if (settings.clientAuthentication.method === 'tls_client_auth' && settings.outbound.clientCertificate === undefined) {
    throw option.invalid(`${OWNER}.outbound.clientCertificate`, 'is needed for tls_client_auth');
  }
  return {
    ...settings,
    name: name ?? 'introspection',
    isNamed: name !== undefined,
    signedAnswers: signedAnswers && checkedSignedAnswers(signedAnswers, settings),
  };
}

/** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
export function checkedIntrospectionCollaborators(collaborators: IntrospectionHandlerCollaborators): {
  readonly clock: Clock;
  readonly store: CacheStore | undefined;
  readonly revocations: Revocations | undefined;
} {
  return option.check('IntrospectionHandlerCollaborators', collaborators, {
    clock: clockOption,
    store: option.unchecked<CacheStore | undefined>(),
    revocations: option.unchecked<Revocations | undefined>(),
  });
}

/** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
function checkedSignedAnswers(
  options: SignedAnswerOptions,
  { issuer, clientAuthentication }: { issuer: string | undefined; clientAuthentication: ClientAuthenticationSettings },
): SignedAnswerSettings {
  const {
    algorithms,
    keys,
    audience = clientAuthentication.clientId,
  } = option.check(SIGNED_ANSWERS, options, {
    algorithms: signatureAlgorithms,
    keys: option.optional(option.unchecked<KeySource>()),
    audience: option.optional(option.text),
  });
  if (issuer === undefined) throw option.invalid(`${OWNER}.issuer`, 'is needed for signedAnswers');
  if (audience === undefined)
    throw option.invalid(`${SIGNED_ANSWERS}.audience`, 'is needed where the client authentication has no clientId');
  return { issuer, audience, algorithms, keys };
}

const hint: option.Check<string | false> = (value, name) => (value === false ? false : option.text(value, name));
