// What an application keeps for the client of the SDK, with a browser in which the user agrees to everything.
import { fetchAlone } from './fetch-alone.js';

const CALLBACK = 'http://127.0.0.1:9/callback';
const METADATA = {
  client_name: 'referee',
  redirect_uris: [CALLBACK],
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  application_type: 'native',
};

export class Browser {
  redirectUrl = CALLBACK;
  clientMetadata = METADATA;
  clientMetadataUrl = 'https://conformance-test.local/client-metadata.json';
  /** The parameters with which the authorization server sent the user back last. */
  callback = new URLSearchParams();
  #dpop;
  #clients = new Map();
  #tokens = new Map();
  #newest;
  #verifier = '';

  /** @param dpop keeps the key of proofs; without it, tokens are bearer tokens */
  constructor({ client, dpop } = {}) {
    this.#dpop = dpop;
    if (client !== undefined) this.#clients.set(client.issuer, client);
  }

  dpop() {
    return this.#dpop;
  }

  clientInformation({ issuer } = {}) {
    return this.#clients.get(issuer);
  }

  saveClientInformation(client, { issuer } = {}) {
    this.#clients.set(issuer, client);
  }

  tokens({ issuer } = {}) {
    return issuer === undefined ? this.#newest : this.#tokens.get(issuer);
  }

  saveTokens(tokens, { issuer } = {}) {
    this.#newest = tokens;
    this.#tokens.set(issuer, tokens);
  }

  saveCodeVerifier(verifier) {
    this.#verifier = verifier;
  }

  codeVerifier() {
    return this.#verifier;
  }

  async redirectToAuthorization(url) {
    const { headers } = await fetchAlone(url, { redirect: 'manual' });
    this.callback = new URL(headers.get('location')).searchParams;
  }
}
