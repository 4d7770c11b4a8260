/**
 * How OpenAPI describes a credential (OpenAPI 3.2.0 4.27): what a handler knows of it. An application's own definition says
 * the rest, such as the flows of OAuth and what each scope is for.
 */
export type SecurityScheme =
  | ApiKeyScheme
  | HttpScheme
  | OAuth2Scheme
  | OpenIdConnectScheme
  | { readonly type: 'mutualTLS' };

export interface ApiKeyScheme {
  readonly type: 'apiKey';
  readonly in: 'header' | 'query' | 'cookie';
  readonly name: string;
}

export interface HttpScheme {
  readonly type: 'http';
  /** The Authorization scheme, such as `basic`. */
  readonly scheme: string;
  /** For `bearer`: what the tokens are, such as `JWT`. */
  readonly bearerFormat?: string;
}

/** The endpoints of an authorization server, which the flows of a definition name. */
export interface OAuth2Scheme {
  readonly type: 'oauth2';
  readonly authorizationUrl?: string;
  readonly tokenUrl?: string;
  readonly deviceAuthorizationUrl?: string;
  /** Where the metadata of the authorization server are (RFC 8414 3). */
  readonly oauth2MetadataUrl?: string;
}

export interface OpenIdConnectScheme {
  readonly type: 'openIdConnect';
  /** Where the metadata of the provider are (OpenID Connect Discovery 4). */
  readonly openIdConnectUrl: string;
}
