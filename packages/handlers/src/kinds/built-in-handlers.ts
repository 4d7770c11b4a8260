import { type HandlerKind, option, ownMember } from '@sallyport/core/extend';
import { apiKeyOptions } from '../api-key/api-key-options.js';
import { ApiKeyHandler, type ApiKeyHandlerOptions } from '../api-key/index.js';
import { basicOptions } from '../basic/basic-options.js';
import { BasicHandler, type BasicHandlerOptions } from '../basic/index.js';
import { IntrospectionHandler, type IntrospectionHandlerOptions } from '../introspection/index.js';
import { introspectionOptions } from '../introspection/introspection-options.js';
import { JwtHandler, type JwtHandlerOptions, type TrustedIssuer } from '../jwt/index.js';
import { jwtOptions } from '../jwt/jwt-options.js';
import { trustedIssuer } from '../jwt/trusted-issuer.js';
import { MutualTlsHandler, type MutualTlsHandlerOptions } from '../mutual-tls/index.js';
import { mutualTlsOptions } from '../mutual-tls/mutual-tls-options.js';
import { WebhookHandler, type WebhookHandlerOptions } from '../webhook/index.js';
import { webhookOptions } from '../webhook/webhook-options.js';
import { type ByProvider, schemaByProvider, withoutProvider } from './by-provider.js';
import { AUTHORIZATION_SERVERS, ISSUERS } from './providers.js';

/** An issuer, in full or by its provider. */
type ListedIssuer = TrustedIssuer | ByProvider<typeof ISSUERS, TrustedIssuer>;

/** The options of a JWT handler. An issuer may be a provider and what it needs to know. */
export interface JwtKindOptions extends Omit<JwtHandlerOptions, 'issuers'> {
  readonly issuers?: readonly ListedIssuer[] | undefined;
}

/** The options of an introspection handler, in full or by the provider that is asked. */
export type IntrospectionKindOptions =
  | IntrospectionHandlerOptions
  | ByProvider<typeof AUTHORIZATION_SERVERS, IntrospectionHandlerOptions, 'realm' | 'clientAuthentication'>;

const listedIssuer = option.withSchema<TrustedIssuer, ListedIssuer>(
  schemaByProvider(ISSUERS, trustedIssuer, ['issuer', 'algorithms', 'keys']),
  (value, name) => withoutProvider(value, name, ISSUERS, trustedIssuer) as TrustedIssuer,
);

const listedIssuers = option.optional(option.listOf<TrustedIssuer, ListedIssuer>(listedIssuer));

const jwtKindOptions = option.table(jwtOptions.owner, { ...jwtOptions.members, issuers: listedIssuers });

const introspectionKindOptions = {
  ...introspectionOptions,
  schema: schemaByProvider(AUTHORIZATION_SERVERS, introspectionOptions, []),
};

// A type, because an interface does not fit `Kinds`.
type BuiltInHandlers = {
  /** Opaque tokens, introspected (RFC 7662). */
  readonly introspection: HandlerKind<IntrospectionKindOptions>;
  /** JWT access tokens (RFC 9068). */
  readonly jwt: HandlerKind<JwtKindOptions>;
  /** User names and passwords (RFC 7617). */
  readonly basic: HandlerKind<BasicHandlerOptions>;
  /** API keys that this library issues. */
  readonly 'api-key': HandlerKind<ApiKeyHandlerOptions>;
  /** Client certificates (RFC 8705 2, RFC 9440). */
  readonly 'mutual-tls': HandlerKind<MutualTlsHandlerOptions>;
  /** Deliveries of webhooks, by their signature. */
  readonly webhook: HandlerKind<WebhookHandlerOptions>;
};

/**
 * The handlers of this package by the names that configurations use. Add kinds of your own beside them.
 *
 * @example
 * const chain = await chainFrom('security.yaml', { kinds: { ...builtInHandlers, badge } });
 */
export const builtInHandlers: BuiltInHandlers = Object.freeze({
  introspection: {
    options: introspectionKindOptions,
    handler(given, { name, clock, cacheStore: store, onceStore, revocations }) {
      const options = withoutProvider(given, introspectionOptions.owner, AUTHORIZATION_SERVERS, introspectionOptions);
      return new IntrospectionHandler(
        { name, ...(options as IntrospectionHandlerOptions) },
        { clock, store, onceStore, revocations },
      );
    },
  },
  jwt: {
    options: jwtKindOptions,
    handler(options, { name, clock, onceStore, revocations }) {
      const issuers = listedIssuers(ownMember(options, 'issuers'), `${jwtOptions.owner}.issuers`);
      return new JwtHandler({ name, ...options, issuers }, { clock, onceStore, revocations });
    },
  },
  basic: {
    options: basicOptions,
    handler(options, { name, clock, directory, counterStore, revocations }) {
      return new BasicHandler({ name, ...options }, { clock, directory, counterStore, revocations });
    },
  },
  'api-key': {
    options: apiKeyOptions,
    handler(options, { name, clock, directory, revocations }) {
      return new ApiKeyHandler({ name, ...options }, { clock, directory, revocations });
    },
  },
  'mutual-tls': {
    options: mutualTlsOptions,
    handler(options, { name, clock, revocations }) {
      return new MutualTlsHandler({ name, ...options }, { clock, revocations });
    },
  },
  webhook: {
    options: webhookOptions,
    handler(options, { name, clock, onceStore }) {
      return new WebhookHandler({ name, ...options }, { clock, onceStore });
    },
  },
} satisfies BuiltInHandlers);
