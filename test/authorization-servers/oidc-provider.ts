import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { ManualClock } from '@sallyport/core/testing';
import { Agent, request } from 'undici';
import type { Certificate } from './company.js';

/** The one who asks for tokens. */
export const SHOP = { clientId: 'web-shop', clientSecret: 'a secret of the shop' };

export interface ServerOptions {
  /** The name of the server; `{port}` in it is the port on which it listens. */
  readonly issuer: string;
  /** Its certificate, and the authority whose client certificates it believes. Without TLS it has none. */
  readonly tls?: Certificate & { readonly ca: string };
  /** Clients as registration has them (RFC 7591 2), besides the shop. */
  readonly clients: readonly object[];
  /** Whether DPoP proofs for tokens need a nonce of the server (RFC 9449 8). */
  readonly asksForNonces?: boolean;
}

interface Opened {
  readonly index: number;
  readonly issuer: string;
  readonly port: number;
  readonly mutualTlsPort?: number;
}

/** Authorization servers that run in a process of their own. */
export class OidcProviders {
  readonly #child: ChildProcess;
  readonly #clock: ManualClock;
  readonly #agents: Agent[] = [];

  /** Their time is that of `clock`. */
  static async start(clock: ManualClock): Promise<OidcProviders> {
    const child = fork(join(__dirname, 'oidc-providers.js'), { silent: true, execArgv: [] });
    const errors: string[] = [];
    child.stderr?.on('data', (chunk) => errors.push(String(chunk)));
    const ended = once(child, 'exit').then(() => 'ended');
    if ((await Promise.race([once(child, 'message'), ended])) === 'ended') throw new Error(errors.join(''));
    const providers = new OidcProviders(child, clock);
    await providers.pass(0);
    return providers;
  }

  private constructor(child: ChildProcess, clock: ManualClock) {
    this.#child = child;
    this.#clock = clock;
  }

  async open(options: ServerOptions): Promise<OidcProvider> {
    const shop = {
      client_id: SHOP.clientId,
      client_secret: SHOP.clientSecret,
      grant_types: ['password', 'client_credentials'],
      response_types: [],
      redirect_uris: [],
    };
    const opened = await this.order('open', { ...options, clients: [shop, ...options.clients] });
    return new OidcProvider(this, opened as Opened);
  }

  /** Time passes, here and there. */
  async pass(seconds: number): Promise<void> {
    this.#clock.pass(seconds);
    await this.order('time', { nowMs: this.#clock.now() });
  }

  async order(order: string, details: object): Promise<unknown> {
    const answered = once(this.#child, 'message');
    this.#child.send({ order, ...details });
    const [answer] = await answered;
    return answer;
  }

  /** Calls on a server itself are not what the tests are about: any certificate is good. */
  agent(certificate?: Certificate): Agent {
    const agent = new Agent({ connect: { ...certificate, rejectUnauthorized: false } });
    this.#agents.push(agent);
    return agent;
  }

  async close(): Promise<void> {
    await Promise.all(this.#agents.map((agent) => agent.destroy()));
    const ended = once(this.#child, 'exit');
    this.#child.kill();
    await ended;
  }
}

/** One authorization server. */
export class OidcProvider {
  readonly issuer: string;
  readonly port: number;
  readonly #providers: OidcProviders;
  readonly #opened: Opened;
  readonly #agent: Agent;

  constructor(providers: OidcProviders, opened: Opened) {
    this.issuer = opened.issuer;
    this.port = opened.port;
    this.#providers = providers;
    this.#opened = opened;
    this.#agent = providers.agent();
  }

  /** A token of a user who uses the shop. */
  token(form: { readonly username: string; readonly scope: string; readonly resource: string }): Promise<string> {
    return this.#issue(this.#origin(this.port), { grant_type: 'password', ...form }, this.#agent);
  }

  /** A token of a client that shows a certificate; the token is bound to it (RFC 8705 3). */
  boundToken(clientId: string, form: Record<string, string>, certificate: Certificate): Promise<string> {
    const origin = this.#origin(this.#opened.mutualTlsPort);
    const agent = this.#providers.agent(certificate);
    return this.#issue(origin, { grant_type: 'client_credentials', client_id: clientId, ...form }, agent);
  }

  async revoke(token: string): Promise<void> {
    await this.#post(`${this.#origin(this.port)}/token/revocation`, { token }, this.#agent);
  }

  /** From now on it hangs up on everybody. What it has issued stays. */
  async stop(): Promise<void> {
    await this.#providers.order('stop', this.#opened);
  }

  async resume(): Promise<void> {
    await this.#providers.order('resume', this.#opened);
  }

  #origin(port: number | undefined): string {
    return `${this.#opened.mutualTlsPort === undefined ? 'http' : 'https'}://localhost:${port}`;
  }

  async #issue(origin: string, form: Record<string, string>, agent: Agent): Promise<string> {
    const { access_token: token } = JSON.parse(await this.#post(`${origin}/token`, form, agent));
    return token;
  }

  async #post(url: string, form: Record<string, string>, dispatcher: Agent): Promise<string> {
    const { clientId, clientSecret } = SHOP;
    const basic = [clientId, clientSecret].map((half) => encodeURIComponent(half)).join(':');
    const authorization = 'client_id' in form ? {} : { authorization: `Basic ${btoa(basic)}` };
    const headers = { 'content-type': 'application/x-www-form-urlencoded', ...authorization };
    const { statusCode, body } = await request(url, {
      dispatcher,
      method: 'POST',
      headers,
      body: new URLSearchParams(form).toString(),
    });
    const text = await body.text();
    if (statusCode !== 200) throw new Error(`${url}: ${statusCode} ${text}`);
    return text;
  }
}
