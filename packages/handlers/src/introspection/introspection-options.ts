import {
  between,
  type Clock,
  checkOptions,
  flag,
  having,
  invalid,
  optionalOption,
  type Revocations,
  systemClock,
  text,
  textOrTexts,
  unchecked,
  withDefault,
} from '@sallyport/core';
import type { OutboundOptions } from '../outbound/outbound-options.js';

/** How the handler proves itself to the introspection endpoint (RFC 7662 2.1). */
export type ClientAuthentication =
  | { readonly method: 'client_secret_basic'; readonly clientId: string; readonly clientSecret: string }
  | { readonly method: 'client_secret_post'; readonly clientId: string; readonly clientSecret: string };

export interface IntrospectionHandlerOptions extends OutboundOptions {
  /** Names this instance. Default `introspection`. */
  readonly name?: string | undefined;
  /** Realm of the Bearer challenge. */
  readonly realm: string;
  /** The introspection endpoint, an https URL. */
  readonly endpoint: string;
  readonly clientAuthentication: ClientAuthentication;
  /** Accepted audiences; a token for others is refused. Default: the answer's `aud` is not looked at. */
  readonly audience?: string | readonly string[] | undefined;
  /** The only issuer that the answer may name (`iss`). */
  readonly issuer?: string | undefined;
  /** Takes only the bearer tokens that no other handler wants. Default false. */
  readonly fallback?: boolean | undefined;
  /** How long a good token is remembered, in seconds, never beyond its `exp`. Default 30; 0 to 86 400. */
  readonly ttlSeconds?: number | undefined;
  /** How long a refused token is remembered, in seconds. Default 5; 0 to 3 600. */
  readonly negativeTtlSeconds?: number | undefined;
  /** Good tokens remembered at once. Default 10 000. */
  readonly maxEntries?: number | undefined;
  /** Tolerance for `exp`, `nbf` and `iat`, in seconds. Default 5; 0 to 60. */
  readonly clockToleranceSeconds?: number | undefined;
}

/** Services of an introspection handler. */
export interface IntrospectionHandlerCollaborators {
  readonly clock?: Clock | undefined;
  /** What has been revoked: tokens, clients and subjects. A remembered answer about them is not given again. */
  readonly revocations?: Revocations | undefined;
}

export interface IntrospectionSettings {
  readonly name: string;
  readonly realm: string;
  readonly endpoint: string;
  readonly clientAuthentication: ClientAuthentication;
  readonly audience: readonly string[] | undefined;
  readonly issuer: string | undefined;
  readonly fallback: boolean;
  readonly ttlSeconds: number | undefined;
  readonly negativeTtlSeconds: number | undefined;
  readonly maxEntries: number | undefined;
  readonly clockToleranceSeconds: number;
  readonly outbound: OutboundOptions;
}

/** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
export function checkedIntrospectionOptions(options: IntrospectionHandlerOptions): IntrospectionSettings {
  const checked = checkOptions('IntrospectionHandlerOptions', options, {
    name: withDefault(text, 'introspection'),
    realm: text,
    endpoint: text,
    clientAuthentication,
    audience: optionalOption(textOrTexts),
    issuer: optionalOption(text),
    fallback: withDefault(flag, false),
    ttlSeconds: optionalOption(between(0, 86_400)),
    negativeTtlSeconds: optionalOption(between(0, 3_600)),
    maxEntries: optionalOption(between(1, 10_000_000)),
    clockToleranceSeconds: withDefault(between(0, 60), 5),
    // Checked by the outbound client, which they are for.
    timeoutMs: unchecked<OutboundOptions['timeoutMs']>(),
    maxConcurrent: unchecked<OutboundOptions['maxConcurrent']>(),
    maxQueued: unchecked<OutboundOptions['maxQueued']>(),
    certificateAuthorities: unchecked<OutboundOptions['certificateAuthorities']>(),
    clientCertificate: unchecked<OutboundOptions['clientCertificate']>(),
    allowInsecureLoopback: unchecked<OutboundOptions['allowInsecureLoopback']>(),
    dangerouslyAcceptAnyCertificate: unchecked<OutboundOptions['dangerouslyAcceptAnyCertificate']>(),
  });
  const { timeoutMs, maxConcurrent, maxQueued, certificateAuthorities, ...others } = checked;
  const { clientCertificate, allowInsecureLoopback, dangerouslyAcceptAnyCertificate, ...settings } = others;
  return {
    ...settings,
    outbound: {
      timeoutMs,
      maxConcurrent,
      maxQueued,
      certificateAuthorities,
      clientCertificate,
      allowInsecureLoopback,
      dangerouslyAcceptAnyCertificate,
    },
  };
}

/** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
export function checkedIntrospectionCollaborators(collaborators: IntrospectionHandlerCollaborators): {
  readonly clock: Clock;
  readonly revocations: Revocations | undefined;
} {
  return checkOptions('IntrospectionHandlerCollaborators', collaborators, {
    clock: withDefault(having<Clock>('now', 'monotonic', 'schedule'), systemClock),
    revocations: unchecked<Revocations | undefined>(),
  });
}

function clientAuthentication(value: unknown, name: string): ClientAuthentication {
  const method = (value as { method?: unknown } | null | undefined)?.method;
  if (method !== 'client_secret_basic' && method !== 'client_secret_post') {
    throw invalid(`${name}.method`, 'must be client_secret_basic or client_secret_post');
  }
  const checks = { method: unchecked<typeof method>(), clientId: text, clientSecret: text };
  return checkOptions(name, value as object, checks);
}
