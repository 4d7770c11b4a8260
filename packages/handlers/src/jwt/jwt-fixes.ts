import { CONFIRMATION_FIXES } from '../confirmation/confirmation-fixes.js';
import { DPOP_FIXES } from '../dpop/dpop-fixes.js';
import { TOKEN_FIXES } from '../token/token-fixes.js';

/** What to change, by reason or cause: see `SecurityHandler.fixes`. */
export const JWT_FIXES: Readonly<Record<string, string>> = Object.freeze({
  ...TOKEN_FIXES,
  ...CONFIRMATION_FIXES,
  ...DPOP_FIXES,
  token_opaque: 'Send a JWT, or put an IntrospectionHandler beside this handler: it takes opaque tokens.',
  token_encrypted: 'Give the handler decryptionKeys, or let the issuer only sign.',
  token_unreadable: 'Send the token as it was issued: its three parts are no signed JWT.',
  issuer_unnamed: 'Let the issuer write iss, or mark its entry with allowMissingIssuer.',
  issuer_unknown:
    'Add the issuer to issuers as iss has it, or let issuerResolver find it; or send a token of one that is configured.',
  issuer_misspelt: 'Write issuer exactly as iss of the token has it.',
  audience_mismatch:
    'Ask for a token for this API, or correct audience. If tokens of this issuer have no aud, let it write one, or check clients instead.',
  token_type_refused:
    'Send the access token. If it is one, set acceptTyp to what the issuer writes into typ, or allowMissingTyp.',
  'claim_<name>_beyond_year_9999':
    'Let the issuer write seconds (RFC 7519 2). If its tokens shall never end, set allowExpiryBeyondYear9999.',
  token_malformed: 'Send the token as it was issued.',
  header_malformed: 'Let the issuer write a header that is one JSON object, with each name once.',
  header_extension_unknown: 'Let the issuer leave out crit and b64.',
  header_mixes_encryption: 'Let the issuer leave enc and zip out of signed tokens.',
  algorithm_not_allowed:
    'If the issuer signs with the algorithm that came, add it to algorithms. If it is none, let the issuer sign: such tokens are never good.',
  key_id_malformed: 'Let the issuer write a kid that is a text of at most 256 bytes.',
  key_unknown:
    'Get a new token, or wait for the next fetch of the keys. If it stays so, correct keys: they are not those of this issuer or environment.',
  key_unfit: 'Let the issuer give each key a kid of its own, and publish the right alg and use with it.',
  signature_invalid:
    'Send the token as it was issued. If all tokens are refused, compare the keys of the issuer with those that are configured.',
  claims_malformed: 'Let the issuer write claims that are one JSON object, with each name once.',
  claim_missing:
    'Let the issuer write the claim, or take it out of requiredClaims. For exp there is allowMissingExpiry, for iss allowMissingIssuer.',
  client_mismatch: 'Add the client to clients, or use a token of one of them.',
  claim_rule_broken: 'Get another token, or change claimRules.',
  access_token_shape_missing:
    'Send the access token. If it is one, name in accessTokenClaims a claim that only access tokens of this issuer have.',
  token_too_old: 'Get a new token, or raise maxTokenAgeSeconds.',
  encrypted_token_malformed: 'Send the token as it was issued.',
  encryption_not_allowed:
    'Let the issuer encrypt with algorithms and contentEncryption of one of the decryptionKeys, and with no crit, zip, p2s or p2c; or add the algorithms there.',
  encrypted_token_not_nested: 'Let the issuer sign first, then encrypt, and write JWT into cty.',
  decryption_key_unknown: 'Add the key with this kid to decryptionKeys, or give each of several keys a kid.',
  decryption_failed: 'Let the issuer encrypt for one of the decryptionKeys.',
  err_sallyport_upstream_unreachable:
    'Start the server, or correct its address: issuer, jwksUri or metadataUrl. Check DNS, firewall and proxy. If a certificate is not trusted, name its authority in certificateAuthorities or NODE_EXTRA_CA_CERTS. If the line names issuerResolver, repair what that asks.',
  err_sallyport_upstream_timeout:
    'Find out why the server, or what issuerResolver asks, is slow; or raise its timeoutMs.',
  err_sallyport_upstream_status:
    'Look at the log of the server. If the keys are not at this address, correct jwksUri, or use discovery.',
});
