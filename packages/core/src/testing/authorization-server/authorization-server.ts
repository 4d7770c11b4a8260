import { randomBytes, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Clock, clockOption } from '../../clock/clock.js';
import * as option from '../../options/options.js';
import { ownMember } from '../../options/own-members.js';
import type { Principal, PrincipalInit } from '../../principal/principal.js';
import type { RequestParts } from '../build-request.js';
import { answerWithFault, checkedFault, type Fault } from './faults.js';
import { type SigningAlgorithm, SigningKey } from './signing-key.js';
import { claimsOf, type TokenClaims } from './token-claims.js';

export const AUTHORIZATION_SERVER = option.table('AuthorizationServerOptions', {
  /** The `aud` of tokens whose principal has no audience. */
  audience: option.withDefault(option.text, 'https://api.example'),
  algorithm: option.withDefault(option.oneOf<SigningAlgorithm>('ES256', 'RS256', 'EdDSA'), 'ES256'),
  /** Decides whether a token has expired. Use the clock of the chain. Default: the system's. */
  clock: clockOption,
});

export interface AuthorizationServerOptions extends option.Given<typeof AUTHORIZATION_SERVER> {}

/** The part of a request that carries a token. */
export interface BearerParts extends RequestParts {
  readonly bearer: string;
}

/** The endpoints; each can be made to fail. */
export type Endpoint = 'metadata' | 'jwks' | 'introspection';

const PATHS: Readonly<Record<string, Endpoint>> = {
  '/.well-known/oauth-authorization-server': 'metadata',
  '/.well-known/openid-configuration': 'metadata',
  '/jwks': 'jwks',
  '/introspect': 'introspection',
};

const knownEndpoint = option.oneOf<Endpoint>('metadata', 'jwks', 'introspection');

/**
 * An authorization server for tests, in this process on a free port of 127.0.0.1. It serves metadata (RFC 8414), keys
 * (RFC 7517) and introspection (RFC 7662) over real HTTP. To talk to it, handlers need
 * `outbound: { allowInsecureLoopback: true }`; for JWTs that is an option of `keys`.
 * @example
 * const server = await AuthorizationServer.start();
 * const { issuer, audience, jwksUri } = server;
 * const keys = { jwksUri, outbound: { allowInsecureLoopback: true } };
 * const jwt = new JwtHandler({ realm: 'test', issuers: [{ issuer, audience, algorithms: 'ES256', keys }] });
 * const parts = await server.as({ subject: 'alice', scopes: ['orders:read'] });
 * const { status } = await ask(new SecurityChain({ requirement: jwt }), 'GET /orders', parts);
 * await server.close();
 */
export class AuthorizationServer {
  /** The client that a handler uses for introspection, by HTTP Basic or by form (RFC 6749 2.3.1). */
  readonly clientId = 'resource-server';
  readonly clientSecret: string = randomBytes(24).toString('base64url');
  readonly audience: string;
  readonly #algorithm: SigningAlgorithm;
  readonly #clock: Clock;
  readonly #server: Server;
  readonly #keys: SigningKey[];
  readonly #tokens = new Map<string, TokenClaims>();
  readonly #faults = new Map<Endpoint, Fault>();
  readonly #tokenFaults = new Map<string, Fault>();
  readonly #calls = new Map<Endpoint, number>();

  private constructor(options: AuthorizationServerOptions) {
    const checked = AUTHORIZATION_SERVER(options);
    this.audience = checked.audience;
    this.#algorithm = checked.algorithm;
    this.#clock = checked.clock;
    this.#keys = [new SigningKey(checked.algorithm)];
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch(() => response.destroy());
    });
  }

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
  static async start(options: AuthorizationServerOptions = {}): Promise<AuthorizationServer> {
    const started = new this(options);
    await new Promise<void>((resolve, reject) => {
      started.#server.once('error', reject).listen(0, '127.0.0.1', resolve);
    });
    return started;
  }

  /** The `iss` of its tokens: its URL. */
  get issuer(): string {
    const address = this.#server.address() as AddressInfo | null;
    if (address === null) throw new Error('the authorization server was closed');
    return `http://127.0.0.1:${address.port}`;
  }

  /** Where its keys are. */
  get jwksUri(): string {
    return `${this.issuer}/jwks`;
  }

  /** Where it is asked about opaque tokens, as `clientId` with `clientSecret`. */
  get introspectionEndpoint(): string {
    return `${this.issuer}/introspect`;
  }

  /**
   * The parts of a request by this principal: `await ask(chain, 'GET /', await server.as({ subject: 'alice' }))`. The
   * token is real: a signed JWT (RFC 9068) that introspection knows too. With `opaque`, it is a random text that only
   * introspection knows.
   */
  async as(principal: PrincipalInit | Principal, options: { opaque?: boolean } = {}): Promise<BearerParts> {
    const opaque = ownMember(options, 'opaque') ?? false;
    option.text(principal?.subject, 'the subject of as()');
    const { issuer, audience, clientId } = this;
    const claims = claimsOf(principal, { issuer, audience, clientId, now: Math.floor(this.#clock.now() / 1_000) });
    const bearer = opaque ? randomUUID() : this.sign(claims);
    this.#tokens.set(bearer, claims);
    return { bearer };
  }

  /** Signs any claims, also wrong ones, for tests of refusals. */
  sign(claims: TokenClaims, header: object = { typ: 'at+jwt' }): string {
    return (this.#keys.at(-1) as SigningKey).sign(header, claims);
  }

  /** Revokes a token of `as`: introspection calls it inactive from now on. */
  revoke(token: string): void {
    if (!this.#tokens.delete(token)) throw new Error('revoke() knows no such token: give it the bearer of as(...)');
  }

  /**
   * Signs with a new key from now on. Tokens of old keys stay valid until a rotation with `withdraw` removes these
   * keys.
   */
  rotateKeys({ withdraw = false } = {}): void {
    if (withdraw) this.#keys.length = 0;
    this.#keys.push(new SigningKey(this.#algorithm));
  }

  /** Makes an endpoint fail until `repair`. */
  breakDown(endpoint: Endpoint, fault: Fault): void {
    this.#faults.set(knownEndpoint(endpoint, 'the endpoint of breakDown()'), checkedFault(fault));
  }

  /** Makes introspection fail for one token until `repair`. */
  breakDownFor(token: string, fault: Fault): void {
    this.#tokenFaults.set(option.text(token, 'the token of breakDownFor()'), checkedFault(fault));
  }

  /** Ends every `breakDown` and `breakDownFor`. */
  repair(): void {
    this.#faults.clear();
    this.#tokenFaults.clear();
  }

  /** How often an endpoint has been called. */
  calls(endpoint: Endpoint): number {
    return this.#calls.get(knownEndpoint(endpoint, 'the endpoint of calls()')) ?? 0;
  }

  /** Closes the server and every connection, also those that hang. */
  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const endpoint = PATHS[request.url ?? ''];
    if (endpoint === undefined) {
      response.writeHead(404).end();
      return;
    }
    this.#calls.set(endpoint, this.calls(endpoint) + 1);
    const fault = this.#faults.get(endpoint);
    if (fault !== undefined) return answerWithFault(fault, response);
    if (endpoint === 'introspection') return this.#introspect(request, response);
    send(response, endpoint === 'jwks' ? { keys: this.#keys.map(({ jwk }) => jwk) } : this.#metadata());
  }

  #metadata(): object {
    return { issuer: this.issuer, jwks_uri: this.jwksUri, introspection_endpoint: this.introspectionEndpoint };
  }

  async #introspect(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const form = new URLSearchParams(Buffer.concat(chunks).toString());
    if (!this.#isClient(request.headers.authorization, form)) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="introspection"' }).end();
      return;
    }
    const token = form.get('token') ?? '';
    const fault = this.#tokenFaults.get(token);
    if (fault !== undefined) return answerWithFault(fault, response);
    const claims = this.#tokens.get(token);
    const isActive = claims !== undefined && Number(claims['exp']) * 1_000 > this.#clock.now();
    send(response, isActive ? { active: true, token_type: 'Bearer', ...claims } : { active: false });
  }

  #isClient(authorization: string | undefined, form: URLSearchParams): boolean {
    if (authorization === undefined) {
      return form.get('client_id') === this.clientId && form.get('client_secret') === this.clientSecret;
    }
    return authorization === `Basic ${Buffer.from(`${this.clientId}:${this.clientSecret}`).toString('base64')}`;
  }
}

function send(response: ServerResponse, answer: object): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
}
