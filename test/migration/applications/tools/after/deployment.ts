import type { CryptoKey, JWK } from 'jose';

/** What differs from one deployment to another: the keys of its authorization server. */
export interface Deployment {
  readonly keys: CryptoKey;
  readonly jwk: JWK;
}

export const resource = 'https://tools.example.com/mcp';
export const metadataUrl = 'https://tools.example.com/.well-known/oauth-protected-resource/mcp';
export const authorizationServer = {
  issuer: 'https://login.example.com',
  authorization_endpoint: 'https://login.example.com/authorize',
  token_endpoint: 'https://login.example.com/token',
  response_types_supported: ['code'],
};
