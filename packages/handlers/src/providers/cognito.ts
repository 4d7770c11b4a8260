import { option } from '@sallyport/core/extend';
import type { TrustedIssuer } from '../jwt/trusted-issuer.js';
import { callerBy } from './caller.js';

const userPool = option.refined(option.text, (value, name) => {
  if (!/^[a-z]{2,}(?:-[a-z]+)+-\d+_\w+$/.test(value))
    throw option.invalid(name, 'must be the id of a user pool, with its region');
  return value;
});

export const COGNITO = option.table('CognitoOptions', {
  /** The id of the user pool, which begins with its region: `eu-west-1_Shop12345`. */
  userPool,
  /** The app clients whose tokens are accepted (`client_id`). Access tokens of Cognito have no `aud`. */
  clients: option.textOrTexts,
});

/** What `cognito` needs to know. */
export interface CognitoOptions extends option.Given<typeof COGNITO> {}

/** A client that acts for itself is its own subject. */
const mapPrincipal = callerBy({ isWorkload: ({ sub }, clientId) => sub === clientId });

/**
 * A user pool of Amazon Cognito as an issuer of JWTs. Keys: its `jwks.json`. Scopes: `scope`. Roles: `cognito:groups`. The
 * client is checked, because access tokens have no `aud`. A client that acts for itself is a client, everybody else a
 * user. ID tokens are refused.
 * @param name stands in front of an option in errors, such as the place in a file
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 * @example
 * const issuer = cognito({ userPool: 'eu-west-1_Shop12345', clients: '5bsjexample' });
 * const tokens = new JwtHandler({ realm: 'orders', issuers: [issuer] });
 */
export function cognito(options: CognitoOptions, name: string = COGNITO.owner): TrustedIssuer {
  const { userPool: id, clients } = COGNITO(options, name);
  const issuer = `https://cognito-idp.${id.slice(0, id.indexOf('_'))}.amazonaws.com/${id}`;
  return {
    issuer,
    clients,
    algorithms: ['RS256'],
    keys: { jwksUri: `${issuer}/.well-known/jwks.json` },
    acceptTyp: ['JWT'],
    allowMissingTyp: true,
    accessTokenClaims: ['client_id'],
    claimRules: { token_use: 'access' },
    rolesClaims: ['cognito:groups'],
    mapPrincipal,
  };
}
