import { type Unavailable, UpstreamError, unavailable } from '@sallyport/core';
import { answerWithin, type BasisFinder, type Clock, type Eventually } from '@sallyport/core/extend';
import { CallsSuspended } from '../outbound/circuit.js';
import { Unanswered, UnexpectedStatus } from '../outbound/outbound-answer.js';
import type { OutboundClient } from '../outbound/outbound-client.js';
import { checkedEndpoint } from '../outbound/outbound-options.js';
import type { Caller, OutboundRequest } from '../outbound/outbound-request.js';
import { parseStrictJson } from '../token/strict-json.js';
import { type ClientProver, clientProver, formOf } from './client-proof.js';
import { ConfiguredEndpoint, DiscoveredEndpoint, type IntrospectionEndpoint } from './introspection-endpoint.js';
import { publishIntrospectionEvent } from './introspection-events.js';
import type { IntrospectionSettings } from './introspection-options.js';
import { ANSWER_UNUSABLE, ANSWER_UNVERIFIED, isUnsupported } from './introspection-verdict.js';
import { type FoundedAnswer, SIGNED_ANSWER_TYPE, SignedAnswers } from './signed-answers.js';

const JSON_TYPES = ['application/json'];
const SIGNED_TYPES = [SIGNED_ANSWER_TYPE];
/** With these, servers refuse a token in their own way. */
const REFUSALS = [400, 401, 403];
const MAX_ANSWER_BYTES = 256 * 1_024;

/** Services of token introspection. */
export interface TokenIntrospectionCollaborators {
  readonly client: OutboundClient;
  readonly clock: Clock;
  /** Called when other keys sign answers than before. */
  readonly onKeyChange: () => void;
  /** Called when a call about a token was sent in vain: to ask again at once would be, too. */
  readonly suspend: (caller: Caller, outage: Unavailable) => void;
}

/** Asks an authorization server about tokens (RFC 7662 2.1). */
export class TokenIntrospection {
  readonly #settings: IntrospectionSettings;
  readonly #client: OutboundClient;
  readonly #endpoint: IntrospectionEndpoint;
  readonly #prove: ClientProver;
  readonly #clock: Clock;
  readonly #suspend: TokenIntrospectionCollaborators['suspend'];
  readonly #signed: SignedAnswers | undefined;
  readonly #hint: string;

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
  constructor(
    settings: IntrospectionSettings,
    { client, clock, onKeyChange, suspend }: TokenIntrospectionCollaborators,
  ) {
    const { endpoint, issuer = '', metadataUrl, clientAuthentication, signedAnswers } = settings;
    const usesMutualTls = clientAuthentication.method === 'tls_client_auth';
    this.#settings = settings;
    this.#client = client;
    this.#clock = clock;
    this.#suspend = suspend;
    this.#endpoint =
      endpoint === undefined
        ? new DiscoveredEndpoint({ issuer, metadataUrl, usesMutualTls }, { client, clock })
        : new ConfiguredEndpoint(checkedEndpoint(endpoint, 'IntrospectionHandlerOptions.endpoint', client.settings));
    this.#prove = clientProver(clientAuthentication, settings.issuer ?? endpoint ?? '', clock);
    this.#hint = formOf(settings.tokenTypeHint === false ? {} : { token_type_hint: settings.tokenTypeHint });
    this.#signed =
      signedAnswers && new SignedAnswers(signedAnswers, settings.clockToleranceSeconds, { clock, onKeyChange });
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

  /** The server's answer, whatever it says, or why there is none. One deadline for everything that has to be asked. */
  async ask(caller: Caller): Promise<FoundedAnswer | Unavailable> {
    try {
      const url = this.#endpoint.find();
      const answer = this.#answer(url, caller);
      const isOneCall = url instanceof URL && this.#signed === undefined;
      return await (isOneCall ? answer : answerWithin(this.#client.settings.timeoutMs, answer, this.#clock));
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      return this.#outage(error, caller);
    }
  }

  async #answer(endpoint: Eventually<URL>, caller: Caller): Promise<FoundedAnswer | Unavailable> {
    const url = endpoint instanceof URL ? endpoint : await endpoint;
    const { body } = await this.#client.send(() => this.#request(url, caller.credential), caller);
    if (this.#signed === undefined) return plainAnswer(body) ?? ANSWER_UNUSABLE;
    return (await this.#signed.read(body)) ?? ANSWER_UNVERIFIED;
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
      isAnswer: this.#signed === undefined ? refusesToken : undefined,
      refusals: REFUSALS,
    };
  }

  #outage(error: UpstreamError, caller: Caller): Unavailable {
    this.#endpoint.doubt();
    const { retryAfterSeconds } = error;
    const cause = this.#isAboutUs(error, caller) ? 'introspection_credentials_refused' : error;
    const outage = unavailable(cause, { retryAfterSeconds });
    if (error instanceof Unanswered) this.#suspend(caller, outage);
    return outage;
  }

  /**
   * Whether the server refused the handler's own credentials (RFC 7662 2.3) and not the token: 401 and 403 mean that as
   * long as it took them from nobody, and where a token is refused that was good before.
   */
  #isAboutUs(error: UpstreamError, { standing }: Caller): boolean {
    if (error instanceof CallsSuspended) return error.areCredentialsRefused;
    if (!(error instanceof UnexpectedStatus && error.isRefusal)) return false;
    if (standing !== 'known' && !this.#client.circuit.answersNobody) return false;
    publishIntrospectionEvent({ kind: 'credentials_refused', handler: this.#settings.name, status: error.status });
    return true;
  }
}

/**
 * Some servers refuse the call (401, 403) where RFC 7662 2.2 only wants `active: false`, or do not introspect tokens of such
 * a form (400, RFC 7009 2.2.1). Then the token was refused, not us.
 */
function refusesToken(body: Buffer): boolean {
  const claims = parseStrictJson(body);
  return claims !== undefined && (claims['active'] === false || isUnsupported(claims));
}

function plainAnswer(body: Buffer): FoundedAnswer | undefined {
  const claims = parseStrictJson(body);
  return claims && { claims, basis: undefined };
}
