import { option } from '@sallyport/core/extend';
import type { TrustedIssuer } from '../jwt/trusted-issuer.js';
import { callerBy } from './caller.js';

export const GOOGLE = option.table('GoogleOptions', {
  /** Who is meant by `aud`: the client id of your application, or the URL of your service for its callers in the cloud. */
  audience: option.textOrTexts,
  /** The Google Workspace whose members are accepted (`hd`). Default: everybody who has a Google account. */
  hostedDomain: option.optional(option.text),
});

/** What `google` needs to know. */
export interface GoogleOptions extends option.Given<typeof GOOGLE> {}

export const FIREBASE = option.table('FirebaseOptions', {
  /** The id of the project. */
  project: option.text,
});

/** What `firebase` needs to know. */
export interface FirebaseOptions extends option.Given<typeof FIREBASE> {}

/**
 * A service account is its own client: `azp` is its number, or its address where it signs by a key of its own. The client
 * of a person is an application.
 */
const googlePrincipal = callerBy({ isWorkload: ({ azp, sub, email }) => azp === sub || azp === email });

/**
 * Google as an issuer of ID tokens: of people who signed in with Google, and of service accounts that call your service.
 * Google's access tokens are for Google's own APIs and no JWTs. A service account is a client, everybody else a user. There
 * are no scopes and no roles.
 * @param name stands in front of an option in errors, such as the place in a file
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 * @example
 * const issuer = google({ audience: '1234567890-shop.apps.googleusercontent.com', hostedDomain: 'example.com' });
 * const tokens = new JwtHandler({ realm: 'orders', issuers: [issuer] });
 */
export function google(options: GoogleOptions, name: string = GOOGLE.owner): TrustedIssuer {
  const { audience, hostedDomain } = GOOGLE(options, name);
  return {
    issuer: 'https://accounts.google.com',
    audience,
    algorithms: ['RS256'],
    keys: { jwksUri: 'https://www.googleapis.com/oauth2/v3/certs' },
    acceptTyp: ['JWT'],
    accessTokenClaims: ['azp'],
    ...(hostedDomain !== undefined && { claimRules: { hd: hostedDomain } }),
    mapPrincipal: googlePrincipal,
  };
}

/**
 * A project of Firebase Authentication as an issuer of ID tokens, which is what its users send. Keys: the map of
 * certificates that Firebase publishes. All callers are users. Roles: `roles`, where you set custom claims.
 * @param name stands in front of an option in errors, such as the place in a file
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 * @example
 * const tokens = new JwtHandler({ realm: 'orders', issuers: [firebase({ project: 'shop-12345' })] });
 */
export function firebase(options: FirebaseOptions, name: string = FIREBASE.owner): TrustedIssuer {
  const { project } = FIREBASE(options, name);
  return {
    issuer: `https://securetoken.google.com/${project}`,
    audience: project,
    algorithms: ['RS256'],
    keys: { jwksUri: 'https://www.googleapis.com/robot/v1/metadata/x509/securetoken@system.gserviceaccount.com' },
    acceptTyp: ['JWT'],
    accessTokenClaims: ['firebase'],
  };
}
