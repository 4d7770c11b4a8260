import { TOKEN_FIXES } from '../token/token-fixes.js';

/** What to change, by reason: see `SecurityHandler.fixes`. */
export const INTROSPECTION_FIXES: Readonly<Record<string, string>> = Object.freeze({
  ...TOKEN_FIXES,
  token_inactive: 'Get a new token; check that client and API use the same authorization server.',
  token_type_unsupported:
    'Send the token that was issued for this API. If the server also issues JWTs, put a JwtHandler beside this one.',
  issuer_missing: 'Let the server send iss.',
  introspection_answer_unusable: 'Look at the authorization server.',
  introspection_answer_unverified: 'Check the keys, issuer and audience of the answer.',
  introspection_credentials_refused: 'Check clientAuthentication.',
});
