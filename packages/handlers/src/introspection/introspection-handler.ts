import {
  bearerChallenge,
  type CacheStatistics,
  type Challenge,
  type Clock,
  type CredentialClaim,
  denied,
  type Eventually,
  FoundedVerdict,
  isVerdict,
  type SecurityHandler,
  type SecurityRequest,
  UpstreamError,
  unavailable,
  type Verdict,
  VerdictCache,
} from '@sallyport/core';
import { answerWithin } from '../answer-within.js';
import { bearerText, malformedToken } from '../bearer-token.js';
import { OutboundClient } from '../outbound/outbound-client.js';
import type { OutboundStatistics } from '../outbound/outbound-statistics.js';
import type { TokenClaims } from '../token-claims.js';
import { answerNamespace, checkSharing } from './answer-namespace.js';
import { isConfirmed } from './confirmation.js';
import { ANSWER_UNUSABLE, ANSWER_UNVERIFIED, type AnswerRules, verdictOf } from './introspection-answer.js';
import { publishIntrospectionEvent } from './introspection-events.js';
import {
  checkedIntrospectionCollaborators,
  checkedIntrospectionOptions,
  type IntrospectionHandlerCollaborators,
  type IntrospectionHandlerOptions,
} from './introspection-options.js';
import { TokenIntrospection } from './token-introspection.js';

/** What an introspection handler has done so far. */
export interface IntrospectionStatistics {
  readonly cache: CacheStatistics;
  /** Calls to the authorization server. */
  readonly outbound: OutboundStatistics;
}

const UNUSABLE_REASONS = [ANSWER_UNUSABLE, ANSWER_UNVERIFIED];
const UNCONFIRMED = denied('confirmation_unproved');

/**
 * Authenticates bearer tokens by asking an authorization server what they are worth (RFC 7662). Answers are kept
 * for a short time, one call per token is under way at once, and a server that cannot answer means 503, never 401.
 */
export class IntrospectionHandler implements SecurityHandler<string> {
  readonly name: string;
  readonly challenges: readonly Challenge[];
  readonly claim: CredentialClaim;
  readonly #rules: AnswerRules;
  readonly #client: OutboundClient;
  readonly #server: TokenIntrospection;
  readonly #cache: VerdictCache;
  readonly #clock: Clock;

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
  constructor(options: IntrospectionHandlerOptions, collaborators: IntrospectionHandlerCollaborators = {}) {
    const settings = checkedIntrospectionOptions(options);
    const services = checkedIntrospectionCollaborators(collaborators);
    const { clock, store } = services;
    if (store !== undefined) checkSharing(settings);
    this.name = settings.name;
    this.challenges = Object.freeze([bearerChallenge(settings.realm)]);
    this.claim = Object.freeze({ source: 'authorization:bearer', fallback: settings.fallback });
    const via = Object.freeze([Object.freeze({ handler: settings.name, scheme: 'bearer' })]);
    this.#rules = { ...settings, via };
    this.#clock = clock;
    this.#client = new OutboundClient(settings.outbound, { clock });
    const onKeyChange = () => this.#cache.forgetRefusals();
    this.#server = new TokenIntrospection(settings, { client: this.#client, clock, onKeyChange });
    const { basisNamed } = this.#server;
    this.#cache = new VerdictCache(
      { ...settings.cache, namespace: answerNamespace(settings) },
      { ...services, basisNamed },
    );
  }

  get statistics(): IntrospectionStatistics {
    return Object.freeze({ cache: this.#cache.statistics, outbound: this.#client.statistics });
  }

  extract(request: SecurityRequest): string | undefined {
    return bearerText(request);
  }

  /** What is remembered is well-formed, so only other texts are looked through for what no token has. */
  verify(token: string, request: SecurityRequest): Eventually<Verdict> {
    const known = this.#cache.find(token, request);
    return known === undefined ? (malformedToken(token) ?? this.#resolve(token, request)) : confirmed(known, request);
  }

  /** A server that cannot be found yet is looked for again when a token comes. */
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
    const verdict = this.#cache.resolve(token, request, () => this.#introspect(token));
    return verdict instanceof Promise
      ? verdict.then((later) => confirmed(later, request))
      : confirmed(verdict, request);
  }

  /** One deadline for everything that has to be asked for one token. */
  async #introspect(token: string): Promise<Verdict | FoundedVerdict> {
    try {
      const answer = await answerWithin(this.#client.settings.timeoutMs, this.#server.ask(token), this.#clock);
      const [verdict, basis] = isVerdict(answer)
        ? [answer, undefined]
        : [verdictOf(withoutToken(answer.claims, token), this.#rules, this.#clock.now() / 1_000), answer.basis];
      if (verdict.kind === 'unavailable' && UNUSABLE_REASONS.includes(verdict.reason)) {
        publishIntrospectionEvent({ kind: 'answer_unusable', handler: this.name, reason: verdict.reason });
      }
      return basis === undefined ? verdict : new FoundedVerdict(verdict, basis);
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      return unavailable(error, { retryAfterSeconds: error.retryAfterSeconds });
    }
  }
}

/** Some servers repeat the token in their answer. It belongs into no principal, and so into no store, log or trace. */
function withoutToken(answer: TokenClaims, token: string): TokenClaims {
  const members = Object.entries(answer);
  const kept = members.filter(([, value]) => value !== token);
  return kept.length === members.length ? answer : Object.assign(Object.create(null), Object.fromEntries(kept));
}

/** Possession is a matter of each request, also where the answer is remembered (RFC 8705 3). */
function confirmed(verdict: Verdict, request: SecurityRequest): Verdict {
  if (verdict.kind !== 'authenticated') return verdict;
  const { confirmation } = verdict.principal;
  return confirmation === undefined || isConfirmed(confirmation, request) ? verdict : UNCONFIRMED;
}
