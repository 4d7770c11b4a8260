import { configurationDigest, option } from '@sallyport/core/extend';
import type { IntrospectionSettings } from './introspection-options.js';

/**
 * Keeps the answers of one asker apart from those of others in a shared store (RFC 7662 2.2: the answer may depend on
 * who asks). It names who asks, how, and everything that decides whether an answer is accepted.
 */
export function answerNamespace(settings: IntrospectionSettings): string {
  const { name, clientAuthentication: asker, outbound, signedAnswers: signed } = settings;
  const { endpoint, issuer, requireIssuer, audience, audienceOptional, tokenTypeHint } = settings;
  const { clockToleranceSeconds, issuedAheadToleranceSeconds, scopeClaims, rolesClaims } = settings;
  const digest = configurationDigest({
    ...{ endpoint, issuer, requireIssuer, audience, audienceOptional, tokenTypeHint },
    ...{ clockToleranceSeconds, issuedAheadToleranceSeconds, scopeClaims, rolesClaims },
    asker: { method: asker.method, clientId: asker.clientId },
    server: {
      authorities: outbound.certificateAuthorities,
      isAny: outbound.dangerouslyAcceptAnyCertificate,
      insecureHosts: outbound.allowInsecureHosts,
      isDispatched: outbound.dispatcher !== undefined,
      metadataUrl: settings.metadataUrl,
    },
    signed: signed && { audience: signed.audience, algorithms: signed.algorithms.toSorted() },
  });
  return `${name} ${digest}`;
}

/**
 * Refuses to share answers where nothing tells one asker from another. A token for the endpoint changes and a function
 * cannot be compared, so that only a name can tell.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID
 */
export function checkSharing({ isNamed, clientAuthentication, mapPrincipal }: IntrospectionSettings): void {
  if (isNamed) return;
  if (clientAuthentication.method === 'bearer' && clientAuthentication.clientId === undefined) {
    throw option.invalid(`${OWNER}.clientAuthentication`, 'needs a clientId, or the handler a name, to share a store');
  }
  if (mapPrincipal !== undefined) throw option.invalid(`${OWNER}.name`, 'is needed to share a store with mapPrincipal');
}

const OWNER = 'IntrospectionHandlerOptions';
