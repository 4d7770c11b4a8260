import { type SecurityScheme, type Unavailable, UpstreamError, unavailable } from '@sallyport/core';
import {
  type BasisFinder,
  type CircuitFigure,
  type Clock,
  type Eventually,
  isVerdict,
  parseStrictJson,
  SentJson,
  within,
} from '@sallyport/core/extend';
import { isAbandoned } from '../outbound/abandoned.js';
import { CallsSuspended } from '../outbound/circuit.js';
import { type OutboundAnswer, placeOf, problemAt, Unanswered, UnexpectedStatus } from '../outbound/outbound-answer.js';
import type { OutboundClient } from '../outbound/outbound-client.js';
import { checkedEndpoint } from '../outbound/outbound-options.js';
import type { Caller, OutboundRequest } from '../outbound/outbound-request.js';
import { type ClientProof, type ClientProver, clientProver, formOf } from './client-proof.js';
import { ConfiguredEndpoint, DiscoveredEndpoint, type IntrospectionEndpoint } from './introspection-endpoint.js';
import { publishIntrospectionEvent } from './introspection-events.js';
import type { IntrospectionSettings } from './introspection-options.js';
import { answerUnusable, isUnsupported } from './introspection-verdict.js';
import { OutageReports } from './outage-reports.js';
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

/** An answer, and the address that it came from. */
export interface PlacedAnswer extends FoundedAnswer {
  readonly url: URL;
}

/** Asks an authorization server about tokens (RFC 7662 2.1). */
export class TokenIntrospection {
  /** How often the server refused the credentials of the handler itself. */
  credentialsRefused = 0;
  readonly #settings: IntrospectionSettings;
  readonly #client: OutboundClient;
  readonly #endpoint: IntrospectionEndpoint;
  readonly #prove: ClientProver;
  readonly #clock: Clock;
  readonly #suspend: TokenIntrospectionCollaborators['suspend'];
  readonly #signed: SignedAnswers | undefined;
  readonly #hint: string;
  readonly #outages: OutageReports;

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
    this.#outages = new OutageReports(settings.name);
    const onFailure = (error: UpstreamError) => this.#outages.note(error);
    this.#endpoint =
      endpoint === undefined
        ? new DiscoveredEndpoint({ issuer, metadataUrl, usesMutualTls }, { client, clock, onFailure })
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

  /** What discovered metadata tell the clients of the server. */
  get securitySchemes(): readonly SecurityScheme[] {
    return this.#endpoint.securitySchemes;
  }

  get circuits(): readonly CircuitFigure[] {
    const { issuer, endpoint = '' } = this.#settings;
    const calls: CircuitFigure = {
      calls: 'introspection',
      server: issuer ?? placeOf(new URL(endpoint)),
      state: this.#client.circuit.state,
    };
    return [calls, ...this.#endpoint.circuits, ...(this.#signed?.circuits ?? [])];
  }

  /** Finds endpoint and keys, so that the first token does not wait. Rejects with an `UpstreamError` when that fails. */
  async start(): Promise<void> {
    await Promise.all([this.#client.warmUp(), this.#endpoint.find(), this.#signed?.start()]);
  }

  async close(): Promise<void> {
    await this.#signed?.close();
  }

  /**
   * Concludes from the server's answer, whatever it says, or from the reason why there is none. One deadline for everything
   * that has to be asked. Rejects with what `conclude` throws.
   */
  ask<Next>(caller: Caller, conclude: (answer: PlacedAnswer | Unavailable) => Eventually<Next>): Promise<Next> {
    const url = this.#endpoint.find();
    const failed = (error: unknown) => conclude(this.#outage(error, caller));
    const isOneCall = url instanceof URL && this.#signed === undefined;
    if (!isOneCall) return this.#inTime(this.#askSeveral(url, caller)).then(conclude, failed);
    // An async function would make several promises more for each token (test: first uses).
    return this.#send(url, caller).then(({ body }) => conclude(this.#plainAnswer(body, url)), failed);
  }

  #inTime<Answer>(answer: Promise<Answer>): Promise<Answer> {
    const { timeoutMs } = this.#client.settings;
    return within({ clock: this.#clock, timeoutMs }, answer, () => {
      const problem = `what the answer needs (metadata, keys and the call) took longer than ${timeoutMs} ms`;
      throw new UpstreamError('ERR_SALLYPORT_UPSTREAM_TIMEOUT', problem);
    });
  }

  /** Asks also for the endpoint, or for the keys of the answer. */
  async #askSeveral(endpoint: Eventually<URL>, caller: Caller): Promise<PlacedAnswer | Unavailable> {
    const url = await endpoint;
    const { body } = await this.#send(url, caller);
    if (this.#signed === undefined) return this.#plainAnswer(body, url);
    this.#outages.noteAnswer();
    return located(await this.#signed.read(body), url);
  }

  #plainAnswer(body: Buffer, url: URL): PlacedAnswer | Unavailable {
    this.#outages.noteAnswer();
    const { claims } = new SentJson(body);
    if (claims !== undefined) return { claims, basis: undefined, url };
    return placed(answerUnusable(`the ${body.length} bytes are no JSON object that can be read in one way only`), url);
  }

  #send(url: URL, caller: Caller): Promise<OutboundAnswer> {
    return this.#client.send(() => this.#request(url, caller.credential), caller);
  }

  #request(url: URL, token: string): Eventually<OutboundRequest> {
    const proof = this.#prove();
    return proof instanceof Promise
      ? proof.then((made) => this.#requestWith(made, url, token))
      : this.#requestWith(proof, url, token);
  }

  #requestWith({ headers, form }: ClientProof, url: URL, token: string): OutboundRequest {
    const isPlain = this.#signed === undefined;
    return {
      url,
      method: 'POST',
      headers,
      body: `token=${formEncodedToken(token)}${this.#hint}${form}`,
      mediaTypes: isPlain ? JSON_TYPES : SIGNED_TYPES,
      maxBytes: MAX_ANSWER_BYTES,
      isAnswer: isPlain ? refusesToken : undefined,
      refusals: REFUSALS,
    };
  }

  /** @throws the error itself, if it is none of the call */
  #outage(error: unknown, caller: Caller): Unavailable {
    if (!(error instanceof UpstreamError)) throw error;
    this.#endpoint.doubt();
    const { retryAfterSeconds, message: detail } = error;
    const isAboutUs = this.#isAboutUs(error, caller);
    if (!isAboutUs && !this.#isAboutCaller(error, caller)) this.#outages.note(error);
    const cause = isAboutUs ? 'introspection_credentials_refused' : error;
    const outage = unavailable(cause, { retryAfterSeconds, detail });
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
    const { status, message: detail } = error;
    this.credentialsRefused += 1;
    publishIntrospectionEvent({ kind: 'credentials_refused', handler: this.#settings.name, status, detail });
    return true;
  }

  /** Whether the caller has gone, or a server that answers others found fault with a stranger's token: no outage. */
  #isAboutCaller(error: UpstreamError, { abandoned, standing }: Caller): boolean {
    if (isAbandoned(abandoned)) return true;
    const isAboutToken = error instanceof UnexpectedStatus && (error.isRefusal || error.isAboutRequest);
    return isAboutToken && standing !== 'known' && !this.#client.circuit.answersNobody;
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

/** A b64token in a form: three of its characters need a percent sign (RFC 6750 2.1). Most tokens have none of them. */
function formEncodedToken(token: string): string {
  const isPlain = !token.includes('+') && !token.includes('/') && !token.includes('=');
  return isPlain ? token : encodeURIComponent(token);
}

function located(read: FoundedAnswer | Unavailable, url: URL): PlacedAnswer | Unavailable {
  return isVerdict(read) ? placed(read, url) : { claims: read.claims, basis: read.basis, url };
}

/** An outage that names the place of the answer. */
export function placed(outage: Unavailable, url: URL): Unavailable {
  const { reason, retryAfterSeconds, detail = '' } = outage;
  return unavailable(reason, { retryAfterSeconds, detail: problemAt(url, detail) });
}
