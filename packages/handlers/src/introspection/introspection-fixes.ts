import { CONFIRMATION_FIXES } from '../confirmation/confirmation-fixes.js';
import { DPOP_FIXES } from '../dpop/dpop-fixes.js';
import { TOKEN_FIXES } from '../token/token-fixes.js';

/** What to change, by reason: see `SecurityHandler.fixes`. */
export const INTROSPECTION_FIXES: Readonly<Record<string, string>> = Object.freeze({
  ...TOKEN_FIXES,
  ...CONFIRMATION_FIXES,
  ...DPOP_FIXES,
  token_inactive: 'Get a new token; check that client and API use the same authorization server and tenant.',
  token_type_unsupported:
    'Send the token that was issued for this API. If the server also issues JWTs, put a JwtHandler beside this one.',
  token_type_refused: 'Send the access token: the server says that this one is of another kind.',
  audience_mismatch:
    'Ask for a token for this API, or correct audience. If the server never names an audience, set audienceOptional.',
  issuer_mismatch: 'Get a token of the issuer that is configured, or correct issuer.',
  issuer_missing: 'Let the server send iss, or leave out requireIssuer.',
  introspection_answer_unusable:
    'Correct endpoint, or repair the server: the line says what it answers (RFC 7662 2.2).',
  introspection_answer_unverified: 'Check keys, algorithms and audience of signedAnswers, and issuer.',
  introspection_credentials_refused:
    'Correct clientAuthentication: client, secret and method. If the server lists who may introspect, add the client.',
  err_sallyport_upstream_unreachable:
    'Start the server, or correct endpoint, issuer or metadataUrl. Check DNS, firewall and proxy. If a certificate is not trusted, name its authority in certificateAuthorities or NODE_EXTRA_CA_CERTS. staleIfUnavailableSeconds bridges short outages.',
});
