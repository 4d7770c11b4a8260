import { type BasisFinder, type Clock, isVerdict, type Unavailable, UpstreamError, unavailable } from '@sallyport/core';
import { UnexpectedStatus } from '../outbound/outbound-answer.js';
import type { OutboundAnswer, OutboundClient, OutboundRequest } from '../outbound/outbound-client.js';
import { checkedEndpoint } from '../outbound/outbound-options.js';
import { parseStrictJson } from '../strict-json.js';
import { CallPause } from './call-pause.js';
import { type ClientProver, clientProver, formOf } from './client-proof.js';
import { ANSWER_UNUSABLE, ANSWER_UNVERIFIED } from './introspection-answer.js';
import { ConfiguredEndpoint, DiscoveredEndpoint, type IntrospectionEndpoint } from './introspection-endpoint.js';
import { publishIntrospectionEvent } from './introspection-events.js';
import type { IntrospectionSettings } from './introspection-options.js';
import { type FoundedAnswer, SIGNED_ANSWER_TYPE, SignedAnswers } from './signed-answers.js';

const JSON_TYPES = ['application/json'];
const SIGNED_TYPES = [SIGNED_ANSWER_TYPE];
const MAX_ANSWER_BYTES = 256 * 1_024;
/** To ask again with the same credentials would be refused again, and may lock the client out. */
const REFUSED_PAUSE_SECONDS = 5;

/** Services of token introspection. */
export interface TokenIntrospectionCollaborators {
  readonly client: OutboundClient;
  readonly clock: Clock;
  /** Called when other keys sign answers than before. */
  readonly onKeyChange: () => void;
}

/** Asks an authorization server about tokens (RFC 7662 2.1). */
export class TokenIntrospection {
  readonly #settings: IntrospectionSettings;
  readonly #client: OutboundClient;
  readonly #endpoint: IntrospectionEndpoint;
  readonly #prove: ClientProver;
  readonly #pause: CallPause;
  readonly #signed: SignedAnswers | undefined;
  readonly #hint: string;

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
  constructor(settings: IntrospectionSettings, { client, clock, onKeyChange }: TokenIntrospectionCollaborators) {
    const { endpoint, issuer = '', clientAuthentication, signedAnswers } = settings;
    const usesMutualTls = clientAuthentication.method === 'tls_client_auth';
    this.#settings = settings;
    this.#client = client;
    this.#endpoint =
      endpoint === undefined
        ? new DiscoveredEndpoint({ issuer, usesMutualTls }, { client, clock })
        : new ConfiguredEndpoint(checkedEndpoint(endpoint, 'IntrospectionHandlerOptions.endpoint', client.settings));
    this.#prove = clientProver(clientAuthentication, settings.issuer ?? endpoint ?? '', clock);
    this.#hint = formOf(settings.tokenTypeHint === false ? {} : { token_type_hint: settings.tokenTypeHint });
    this.#pause = new CallPause(clock);
    this.#signed = signedAnswers && new SignedAnswers(signedAnswers, settings, { clock, onKeyChange });
  }

  /** Finds the keys that answers of other processes rest on; `undefined` where answers are not signed. */
  get basisNamed(): BasisFinder | undefined {
    const signed = this.#signed;
    return signed && ((name) => signed.keyNamed(name));
  }

  /** Finds endpoint and keys, so that the first token does not wait. Rejects with an `UpstreamError` when that fails. */
  async start(): Promise<void> {
    await Promise.all([this.#client.warmUp(), this.#endpoint.find(), this.#signed?.start()]);
  }

  async close(): Promise<void> {
    await this.#signed?.close();
  }

  /**
   * The server's answer, whatever it says, or that there is none to be had.
   * @throws {UpstreamError} when there is no usable answer
   */
  async ask(token: string): Promise<FoundedAnswer | Unavailable> {
    const paused = this.#pause.verdict;
    if (paused !== undefined) return paused;
    const url = await this.#endpoint.find();
    const answer = await this.#send(url, token);
    if (isVerdict(answer)) return answer;
    if (this.#signed === undefined) return plainAnswer(answer.body) ?? unavailable(ANSWER_UNUSABLE);
    return (await this.#signed.read(answer.body)) ?? unavailable(ANSWER_UNVERIFIED);
  }

  async #send(url: URL, token: string): Promise<OutboundAnswer | Unavailable> {
    try {
      return await this.#client.send(() => this.#request(url, token));
    } catch (error) {
      if (error instanceof UpstreamError) this.#endpoint.doubt();
      if (error instanceof UnexpectedStatus) return this.#refused(error);
      throw error;
    }
  }

  async #request(url: URL, token: string): Promise<OutboundRequest> {
    const { headers, form } = await this.#prove();
    return {
      url,
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
      body: `token=${encodeURIComponent(token)}${this.#hint}${form}`,
      mediaTypes: this.#signed === undefined ? JSON_TYPES : SIGNED_TYPES,
      maxBytes: MAX_ANSWER_BYTES,
    };
  }

  /** RFC 7662 2.3: 401 is about the handler's own credentials and not about the token. */
  #refused(error: UnexpectedStatus): Unavailable {
    const { status, retryAfterSeconds = 0 } = error;
    const areCredentialsRefused = status === 401 || status === 403;
    const cause = areCredentialsRefused ? 'introspection_credentials_refused' : error;
    const seconds = areCredentialsRefused ? Math.max(REFUSED_PAUSE_SECONDS, retryAfterSeconds) : retryAfterSeconds;
    if (areCredentialsRefused) {
      publishIntrospectionEvent({ kind: 'credentials_refused', handler: this.#settings.name, status });
    }
    this.#pause.begin(cause, seconds);
    return this.#pause.verdict ?? unavailable(cause);
  }
}

function plainAnswer(body: Buffer): FoundedAnswer | undefined {
  const claims = parseStrictJson(body);
  return claims && { claims, basis: undefined };
}
