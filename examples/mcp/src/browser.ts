import type {
  OAuthClientInformationMixed,
  OAuthClientProvider,
  OAuthDiscoveryState,
  OAuthTokens,
} from '@modelcontextprotocol/client';

const CALLBACK = 'http://127.0.0.1:9/callback';

/** What an application keeps for the client of the SDK, with a browser that follows redirects. It knows no server and no scope. */
export class Browser implements OAuthClientProvider {
  readonly redirectUrl = CALLBACK;
  readonly clientMetadata = {
    client_name: 'assistant',
    redirect_uris: [CALLBACK],
    grant_types: ['authorization_code'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
    application_type: 'native',
  };
  /** What the client has asked for, request by request. */
  readonly asked: { readonly scope: string | null; readonly resource: string | null }[] = [];
  /** What came back last. */
  callback: URLSearchParams = new URLSearchParams();
  readonly #cookies = new Map<string, string>();
  #client: OAuthClientInformationMixed | undefined;
  #tokens: OAuthTokens | undefined;
  #verifier = '';
  #discovery: OAuthDiscoveryState | undefined;

  clientInformation(): OAuthClientInformationMixed | undefined {
    return this.#client;
  }

  saveClientInformation(client: OAuthClientInformationMixed): void {
    this.#client = client;
  }

  tokens(): OAuthTokens | undefined {
    return this.#tokens;
  }

  saveTokens(tokens: OAuthTokens): void {
    this.#tokens = tokens;
  }

  saveCodeVerifier(verifier: string): void {
    this.#verifier = verifier;
  }

  codeVerifier(): string {
    return this.#verifier;
  }

  saveDiscoveryState(state: OAuthDiscoveryState): void {
    this.#discovery = state;
  }

  discoveryState(): OAuthDiscoveryState | undefined {
    return this.#discovery;
  }

  async redirectToAuthorization(url: URL): Promise<void> {
    const { searchParams } = url;
    this.asked.push({ scope: searchParams.get('scope'), resource: searchParams.get('resource') });
    let next = url;
    while (!next.href.startsWith(CALLBACK)) next = await this.#follow(next);
    this.callback = next.searchParams;
  }

  async #follow(url: URL): Promise<URL> {
    const cookie = [...this.#cookies].map((pair) => pair.join('=')).join('; ');
    const response = await fetch(url, { redirect: 'manual', headers: { cookie } });
    for (const line of response.headers.getSetCookie()) {
      const [name = '', value = ''] = (line.split(';', 1)[0] ?? '').split('=', 2);
      this.#cookies.set(name, value);
    }
    const location = response.headers.get('location');
    if (location === null) throw new Error(`${url.pathname} got ${response.status}: ${await response.text()}`);
    return new URL(location, url);
  }
}
