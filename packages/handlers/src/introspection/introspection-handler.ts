import {
  bearerChallenge,
  type Challenge,
  type Clock,
  type CredentialClaim,
  type Eventually,
  type SecurityHandler,
  type SecurityRequest,
  UpstreamError,
  unavailable,
  type Verdict,
  VerdictCache,
} from '@sallyport/core';
import { extractBearerToken } from '../bearer-token.js';
import { OutboundClient } from '../outbound/outbound-client.js';
import { checkedEndpoint } from '../outbound/outbound-options.js';
import { parseStrictJson } from '../strict-json.js';
import { type AuthenticationParts, authenticationParts } from './client-authentication.js';
import { verdictOf } from './introspection-answer.js';
import {
  checkedIntrospectionCollaborators,
  checkedIntrospectionOptions,
  type IntrospectionHandlerCollaborators,
  type IntrospectionHandlerOptions,
  type IntrospectionSettings,
} from './introspection-options.js';

const MEDIA_TYPES = ['application/json'];
const MAX_ANSWER_BYTES = 256 * 1_024;

/**
 * Authenticates bearer tokens by asking an authorization server what they are worth (RFC 7662). Answers are kept
 * for a short time, one call per token is under way at once, and a server that cannot answer means 503, never 401.
 */
export class IntrospectionHandler implements SecurityHandler<string> {
  readonly name: string;
  readonly challenges: readonly Challenge[];
  readonly claim: CredentialClaim;
  readonly #settings: IntrospectionSettings;
  readonly #endpoint: URL;
  readonly #authentication: AuthenticationParts;
  readonly #client: OutboundClient;
  readonly #cache: VerdictCache;
  readonly #clock: Clock;

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
  constructor(options: IntrospectionHandlerOptions, collaborators: IntrospectionHandlerCollaborators = {}) {
    const settings = checkedIntrospectionOptions(options);
    const { clock, revocations } = checkedIntrospectionCollaborators(collaborators);
    this.#settings = settings;
    this.#clock = clock;
    this.#client = new OutboundClient(settings.outbound, { clock });
    this.#endpoint = checkedEndpoint(settings.endpoint, 'IntrospectionHandlerOptions.endpoint', this.#client.settings);
    this.#authentication = authenticationParts(settings.clientAuthentication);
    this.#cache = new VerdictCache(
      {
        namespace: JSON.stringify([settings.name, settings.endpoint, settings.issuer, settings.audience]),
        ttlSeconds: settings.ttlSeconds,
        negativeTtlSeconds: settings.negativeTtlSeconds,
        maxEntries: settings.maxEntries,
      },
      { clock, revocations },
    );
    this.name = settings.name;
    this.challenges = Object.freeze([bearerChallenge(settings.realm)]);
    this.claim = Object.freeze({ source: 'authorization:bearer', fallback: settings.fallback });
  }

  extract(request: SecurityRequest): string | Verdict | undefined {
    return extractBearerToken(request);
  }

  verify(token: string, request: SecurityRequest): Eventually<Verdict> {
    return this.#cache.resolve(token, request, () => this.#introspect(token));
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  async #introspect(token: string): Promise<Verdict> {
    try {
      const answer = await this.#client.send({
        url: this.#endpoint,
        method: 'POST',
        headers: { ...this.#authentication.headers, 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({
          token,
          token_type_hint: 'access_token',
          ...this.#authentication.parameters,
        }).toString(),
        mediaTypes: MEDIA_TYPES,
        maxBytes: MAX_ANSWER_BYTES,
      });
      return this.#verdictOf(parseStrictJson(answer.body));
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      return unavailable(error, { retryAfterSeconds: error.retryAfterSeconds });
    }
  }

  #verdictOf(answer: Record<string, unknown> | undefined): Verdict {
    if (answer === undefined) return unavailable('introspection_answer_unusable');
    const { issuer, audience, clockToleranceSeconds } = this.#settings;
    const now = this.#clock.now() / 1_000;
    return verdictOf(answer, { issuer, audience, clockToleranceSeconds, now }, this);
  }
}
