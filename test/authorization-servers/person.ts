import { Agent, type Dispatcher, request } from 'undici';

/** Where clients have their users sent back. */
export const CALLBACK = 'https://orders.example/callback';

/** A person with a browser of her own, in front of the server of oidc-logins.js. */
export class Person {
  readonly #origin: string;
  readonly #name: string;
  readonly #agent: Agent;
  readonly #cookies = new Map<string, string>();
  #idToken = '';

  constructor(origin: string, name: string, agent: Agent) {
    this.#origin = origin;
    this.#name = name;
    this.#agent = agent;
  }

  /** Logs in at a client, and gives the token that it gets. */
  async logIn(clientId: string, resource: string): Promise<string> {
    const query = new URLSearchParams({
      client_id: clientId,
      response_type: 'code',
      redirect_uri: CALLBACK,
      scope: 'openid orders:read',
      resource,
      login_hint: this.#name,
    });
    const answered = await this.authorize(`${this.#origin}/auth?${query}`);
    const code = answered.searchParams.get('code') ?? '';
    const form = { grant_type: 'authorization_code', code, redirect_uri: CALLBACK };
    const headers = { authorization: `Basic ${btoa(`${clientId}:${encodeURIComponent('a secret of the client')}`)}` };
    const answer = await this.#send(`${this.#origin}/token`, { headers, form });
    const { access_token: token, id_token: idToken } = JSON.parse(await answer.body.text());
    this.#idToken = idToken;
    return token;
  }

  /** Goes where a client sends her, and gives the address at which she comes back to it. */
  async authorize(address: string): Promise<URL> {
    let url = address;
    while (!url.startsWith(CALLBACK)) url = await this.#redirected(url);
    return new URL(url);
  }

  /** Logs out, of all clients, and is there when they were told. */
  async logOut(): Promise<void> {
    const page = await this.#send(`${this.#origin}/session/end?id_token_hint=${this.#idToken}`);
    const [, xsrf = ''] = /name="xsrf" value="(.*?)"/.exec(await page.body.text()) ?? [];
    const { body } = await this.#send(`${this.#origin}/session/end/confirm`, { form: { xsrf, logout: 'yes' } });
    await body.dump();
  }

  async #redirected(url: string): Promise<string> {
    const { headers, body, statusCode } = await this.#send(url);
    const text = await body.text();
    const { location } = headers;
    if (typeof location !== 'string') throw new Error(`${url}: ${statusCode} ${text}`);
    return new URL(location, url).href;
  }

  async #send(
    url: string,
    { headers = {}, form }: { headers?: Record<string, string>; form?: Record<string, string> } = {},
  ): Promise<Dispatcher.ResponseData> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await request(url, {
      dispatcher: this.#agent,
      method: form === undefined ? 'GET' : 'POST',
      headers: {
        cookie,
        ...(form && { 'content-type': 'application/x-www-form-urlencoded' }),
        ...headers,
      },
      body: form === undefined ? null : new URLSearchParams(form).toString(),
    });
    for (const line of [answer.headers['set-cookie'] ?? []].flat()) {
      const [, name = '', value = ''] = /^(.*?)=(.*?)(?:;|$)/.exec(line) ?? [];
      this.#cookies.set(name, value);
    }
    return answer;
  }
}
