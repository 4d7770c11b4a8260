import {
  type Principal,
  type SecurityHandler,
  type SecurityScheme,
  type Unavailable,
  UpstreamError,
  type Verdict,
} from '@sallyport/core';
import {
  type CacheStatistics,
  type Challenge,
  type CircuitFigure,
  type Clock,
  type CredentialSource,
  type Eventually,
  FoundedVerdict,
  isVerdict,
  keepOnConnection,
  type LastingProof,
  type SecurityRequest,
  VerdictCache,
  type Waiters,
} from '@sallyport/core/extend';
import type { Possession } from '../confirmation/possession.js';
import { boundTokens } from '../dpop/bound-tokens.js';
import { OutboundClient } from '../outbound/outbound-client.js';
import type { Caller } from '../outbound/outbound-request.js';
import type { OutboundStatistics } from '../outbound/outbound-statistics.js';
import { provedBy } from '../token/claimed-principal.js';
import type { MappingFailure } from '../token/mapping-failure.js';
import { warnOfEarlyTokens } from '../token/token-claims.js';
import type { TokenSource } from '../token/token-source.js';
import { answerNamespace, checkSharing } from './answer-namespace.js';
import { publishIntrospectionEvent, tellMappingFailure } from './introspection-events.js';
import { INTROSPECTION_FIXES } from './introspection-fixes.js';
import {
  type IntrospectionHandlerCollaborators,
  type IntrospectionHandlerOptions,
  type IntrospectionSettings,
  introspectionCollaborators,
  introspectionOptions,
  introspectionSettings,
} from './introspection-options.js';
import { type AnswerRules, EXPIRED, verdictOf, withoutToken } from './introspection-verdict.js';
import { type PlacedAnswer, placed, TokenIntrospection } from './token-introspection.js';

/** What an introspection handler has done so far. */
export interface IntrospectionStatistics {
  readonly cache: CacheStatistics;
  /** Calls to the authorization server. */
  readonly outbound: OutboundStatistics;
  /** Whether tokens, the metadata and the keys of signed answers are asked for, or not for a while after failures. */
  readonly circuits: readonly CircuitFigure[];
  /** How often the authorization server refused the handler's own credentials. */
  readonly credentialsRefused: number;
}

/**
 * Authenticates bearer tokens by asking an authorization server what they are worth (RFC 7662). Answers are kept
 * for a short time, one call per token is under way at once, and a server that cannot answer means 503, never 401.
 * @example
 * const tokens = new IntrospectionHandler({
 *   realm: 'orders',
 *   endpoint: 'https://as.example/introspect',
 *   clientAuthentication: { method: 'client_secret_basic', clientId: 'orders', clientSecret },
 *   audience: 'https://orders.example',
 * });
 */
export class IntrospectionHandler implements SecurityHandler<string> {
  readonly name: string;
  readonly challenges: readonly Challenge[];
  readonly fixes = INTROSPECTION_FIXES;
  readonly source: readonly CredentialSource[];
  readonly authorizationServers: readonly string[];
  readonly boundTo: readonly string[];
  readonly #tokens: TokenSource;
  readonly #rules: AnswerRules;
  readonly #possession: Possession;
  readonly #client: OutboundClient;
  readonly #server: TokenIntrospection;
  readonly #cache: VerdictCache;
  readonly #clock: Clock;

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
  constructor(options: IntrospectionHandlerOptions, collaborators: IntrospectionHandlerCollaborators = {}) {
    const settings = introspectionSettings(options);
    const services = introspectionCollaborators(collaborators);
    const { clock, store } = services;
    if (store !== undefined) checkSharing(settings);
    this.name = settings.name;
    warnOfEarlyTokens(settings.name, settings);
    warnOfMissingAudience(settings);
    const { fallback, issuer } = settings;
    this.authorizationServers = Object.freeze(issuer === undefined ? [] : [issuer]);
    ({ tokens: this.#tokens, possession: this.#possession } = boundTokens(
      settings,
      introspectionOptions.owner,
      services,
    ));
    this.boundTo = this.#possession.required;
    this.challenges = this.#tokens.challenges;
    this.source = Object.freeze(this.#tokens.places.map((at) => Object.freeze({ at, fallback })));
    this.#rules = { ...settings, via: provedBy(settings.name), clock };
    this.#clock = clock;
    this.#client = new OutboundClient(settings.outbound, { clock });
    this.#server = new TokenIntrospection(settings, {
      client: this.#client,
      clock,
      onKeyChange: () => this.#cache.forgetRefusals(),
      suspend: (caller, outage) => this.#suspend(caller, outage),
    });
    const { basisNamed } = this.#server;
    this.#cache = new VerdictCache(
      { ...settings.cache, namespace: answerNamespace(settings) },
      { clock, store, revocations: services.revocations, basisNamed },
    );
  }

  /** Counters since the handler was made, and what is in memory now. */
  get statistics(): IntrospectionStatistics {
    const { credentialsRefused, circuits } = this.#server;
    const { statistics: cache } = this.#cache;
    return Object.freeze({ cache, outbound: this.#client.statistics, circuits, credentialsRefused });
  }

  /** What is known of the server that issues its tokens: more once the endpoint was found by discovery. */
  get securitySchemes(): readonly SecurityScheme[] {
    return this.#tokens.describedWith(undefined, this.#server.securitySchemes);
  }

  extract(request: SecurityRequest): string | Verdict | undefined {
    return this.#tokens.textIn(request);
  }

  /** Remembered tokens passed the syntax check before. Only other tokens are checked here. */
  verify(token: string, request: SecurityRequest): Eventually<Verdict> {
    const known = this.#cache.find(token, request);
    if (known === undefined)
      return this.#tokens.flawOf(token, request) ?? this.#tokens.answered(this.#resolve(token, request), request);
    keepOnConnection(token, request);
    return this.#tokens.answered(this.#possession.proved(known, token, request), request);
  }

  /** Refuses a token that expired or was revoked while the decision waited for something else. */
  recheck(token: string, principal: Principal): Verdict | undefined {
    const { expiresAt } = principal;
    const nowSeconds = this.#clock.now() / 1_000;
    if (expiresAt !== undefined && expiresAt <= nowSeconds - this.#rules.clockToleranceSeconds) return EXPIRED;
    return this.#cache.recheck(token, principal);
  }

  /** Goes on until the token is revoked here. The authorization server is not asked again, because the token is not kept. */
  follow(token: string, principal: Principal): LastingProof {
    return this.#cache.follow(token, principal);
  }

  /** Starts also when the server cannot be found yet. Each token that comes looks for it again. */
  async start(): Promise<void> {
    try {
      await this.#server.start();
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#client.close(), this.#server.close()]);
  }

  #resolve(token: string, request: SecurityRequest): Eventually<Verdict> {
    return this.#cache.resolve(token, request, this.#introspect, this.#possession);
  }

  /** One function for all callers, lest each who waits hold its own. */
  readonly #introspect = (waiters: Waiters, token: string): Promise<Verdict | FoundedVerdict> => {
    const { address, standing, abandonment: abandoned } = waiters;
    const caller = { credential: token, address, standing, abandoned };
    return this.#server.ask(caller, (answer) => this.#judge(answer, caller, waiters));
  };

  #judge(answer: PlacedAnswer | Unavailable, caller: Caller, waiters: Waiters): Eventually<Verdict | FoundedVerdict> {
    if (isVerdict(answer)) return this.#told(answer, caller);
    const { credential: token } = caller;
    const mapping = { waiters, credentials: [token], onFailure: this.#onMappingFailure };
    const judged = verdictOf(withoutToken(answer.claims, token), this.#rules, this.#clock.now() / 1_000, mapping);
    return judged instanceof Promise
      ? judged.then((verdict) => this.#founded(this.#stillGood(token, verdict), answer, caller))
      : this.#founded(judged, answer, caller);
  }

  #founded(found: Verdict, { url, basis }: PlacedAnswer, caller: Caller): Verdict | FoundedVerdict {
    const verdict = this.#told(isUnusable(found) ? placed(found, url) : found, caller);
    return basis === undefined ? verdict : new FoundedVerdict(verdict, basis);
  }

  readonly #onMappingFailure = (failure: MappingFailure): void => tellMappingFailure(this.name, failure);

  /** The token may have ended while the mapping was loading something. */
  #stillGood(token: string, verdict: Verdict): Verdict {
    return verdict.kind === 'authenticated' ? (this.recheck(token, verdict.principal) ?? verdict) : verdict;
  }

  /** Tells of an answer that cannot be used, and asks no more for a while. */
  #told(verdict: Verdict, caller: Caller): Verdict {
    if (isUnusable(verdict)) {
      const { reason, detail } = verdict;
      publishIntrospectionEvent({ kind: 'answer_unusable', handler: this.name, reason, detail });
      this.#suspend(caller, verdict);
    }
    return verdict;
  }

  /**
   * Gives this token the same 503 from memory for a while. If the token was good before, the server more likely has a
   * short problem, so it is asked again after a second.
   */
  #suspend({ credential, standing }: Caller, outage: Unavailable): void {
    const { retryAfterSeconds } = outage;
    this.#cache.suspend(credential, outage, retryAfterSeconds ?? (standing === 'known' ? 1 : undefined));
  }
}

/** The answer itself is wrong, and not what the server or the mapping is like. */
function isUnusable(verdict: Verdict): verdict is Unavailable {
  return verdict.kind === 'unavailable' && UNUSABLE.includes(verdict.reason);
}

const UNUSABLE: readonly string[] = ['introspection_answer_unusable', 'introspection_answer_unverified'];

/** Says once at start that answers need not name whom they are for. */
function warnOfMissingAudience({ name, audience, audienceOptional }: AnswerAudience): void {
  if (audience === undefined || !audienceOptional) return;
  process.emitWarning(`${name} takes answers without aud (audienceOptional)`, 'SallyportWarning');
}

type AnswerAudience = Pick<IntrospectionSettings, 'name' | 'audience' | 'audienceOptional'>;
