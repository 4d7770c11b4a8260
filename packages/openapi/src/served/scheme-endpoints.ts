import { option } from '@sallyport/core/extend';

/** An absolute URL without anything that is nobody's business. */
export const publicAddress: option.Check<string> = option.withSchema(
  { type: 'string', pattern: '^https?://' },
  (value, name) => {
    const text = option.text(value, name);
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url === undefined || !/^https?:$/.test(url.protocol)) throw option.invalid(name, 'must be an absolute URL');
    if (url.username !== '' || url.password !== '') throw option.invalid(name, 'must not have credentials');
    return text;
  },
);

export const SCHEME_ENDPOINTS = option.table('SchemeEndpoints', {
  /** Where users log in and agree. */
  authorizationUrl: option.optional(publicAddress),
  /** Where tokens are issued and refreshed. */
  tokenUrl: option.optional(publicAddress),
  /** Where devices without a browser ask for a code (RFC 8628). */
  deviceAuthorizationUrl: option.optional(publicAddress),
  /** Where the metadata of the authorization server are (RFC 8414). Served in definitions of OpenAPI 3.2. */
  oauth2MetadataUrl: option.optional(publicAddress),
  /** Where the metadata of the OpenID provider are. */
  openIdConnectUrl: option.optional(publicAddress),
});

/** Addresses of an authorization server for its clients, by the names of OpenAPI. */
export interface SchemeEndpoints extends option.Given<typeof SCHEME_ENDPOINTS> {}
