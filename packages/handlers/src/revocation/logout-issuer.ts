import { option } from '@sallyport/core/extend';
import { signatureAlgorithms } from '../jose/algorithms.js';
import { ACCESS_TOKEN_TYPE, tokenType } from '../jose/token-header.js';
import { keySource } from '../keys/key-source.js';

const typ = option.refined(option.text, (value, name) => {
  const type = tokenType(value);
  if (type === undefined) throw option.invalid(name, 'must be a media type without parameters, such as JWT');
  if (type === ACCESS_TOKEN_TYPE) throw option.invalid(name, 'must not be that of access tokens');
  return type;
});

const LOGOUT_ISSUER = option.table('LogoutIssuer', {
  /** Compared with `iss` exactly. */
  issuer: option.text,
  /** The clients that this receiver is registered for: `aud` has to name them alone. */
  clientId: option.textOrTexts,
  /** The only algorithms that its logout tokens may be signed with. */
  algorithms: signatureAlgorithms,
  /** Where its keys come from; exactly one source. */
  keys: keySource,
  /** Values of `typ` that are accepted besides `logout+jwt` (Back-Channel Logout 1.0 2.4), such as `JWT`. */
  acceptTyp: option.withDefault(option.listOf(typ), []),
  /** Accepts logout tokens without `typ`, of issuers that are older than it. */
  allowMissingTyp: option.withDefault(option.flag, false),
  /** Accepts logout tokens without `exp`, of issuers that follow an earlier draft. Their `iat` limits them all the same. */
  allowMissingExpiry: option.withDefault(option.flag, false),
  /**
   * What a logout token that names a session does to tokens of its subject that name none (no `sid`). With `revoke`, they
   * are refused if they were issued up to the logout: any of them may be of that session. With `leave`, they stay good.
   */
  tokensWithoutSid: option.withDefault(option.oneOf('revoke', 'leave'), 'revoke'),
});

/** An issuer whose logout tokens are accepted. */
export interface LogoutIssuer extends option.Given<typeof LOGOUT_ISSUER> {}

export interface LogoutIssuerSettings extends option.Kept<typeof LOGOUT_ISSUER> {}

export const logoutIssuer: option.Table<LogoutIssuerSettings, LogoutIssuer> = LOGOUT_ISSUER;
