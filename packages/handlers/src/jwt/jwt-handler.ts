import {
  type Principal,
  type Revocations,
  type SecurityHandler,
  type SecurityScheme,
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
  GoodBefore,
  keepOnConnection,
  type LastingProof,
  ReadingMemory,
  readOnce,
  type SecurityRequest,
  VerdictCache,
  type Waiters,
} from '@sallyport/core/extend';
import type { Possession } from '../confirmation/possession.js';
import { boundTokens } from '../dpop/bound-tokens.js';
import { type Outline, readOutline } from '../jose/compact-jws.js';
import { decryptToken } from '../jose/decryption.js';
import { provedBy } from '../token/claimed-principal.js';
import type { MappingFailure } from '../token/mapping-failure.js';
import { warnOfEarlyTokens } from '../token/token-claims.js';
import type { TokenSource } from '../token/token-source.js';
import { Issuers, type Strangeness } from './issuers.js';
import { JwtCredential } from './jwt-credential.js';
import { tellMappingFailure, tellNearestIssuer } from './jwt-events.js';
import { JWT_FIXES } from './jwt-fixes.js';
import {
  type JwtHandlerCollaborators,
  type JwtHandlerOptions,
  type JwtSettings,
  jwtCollaborators,
  jwtOptions,
} from './jwt-options.js';
import { EXPIRED } from './jwt-verdict.js';
import { TokenVerifier } from './token-verifier.js';

/** What a JWT handler has seen so far. */
export interface JwtStatistics {
  readonly cache: CacheStatistics;
  /** Whether the keys of each issuer are fetched, or not for a while after failures. */
  readonly circuits: readonly CircuitFigure[];
  /** Tokens whose header offered a key or a place to fetch one from (`jwk`, `jku`, `x5c`, `x5u`); it was ignored. */
  readonly keyOffers: number;
}

/**
 * Authenticates JWT access tokens (RFC 7519, RFC 8725, RFC 9068) of trusted issuers, each bound to its own keys. Takes
 * the tokens that name such an issuer and leaves all others to other handlers. A token that was verified before costs
 * a lookup; a key server that cannot answer means 503, never 401.
 * @example
 * const issuer: TrustedIssuer = {
 *   issuer: 'https://as.example',
 *   audience: 'https://orders.example',
 *   algorithms: ['ES256'],
 *   keys: { discovery: true },
 * };
 * const tokens = new JwtHandler({ realm: 'orders', issuers: [issuer] });
 */
export class JwtHandler implements SecurityHandler<JwtCredential> {
  readonly name: string;
  readonly challenges: readonly Challenge[];
  readonly fixes = JWT_FIXES;
  readonly source: readonly CredentialSource[];
  readonly authorizationServers: readonly string[];
  readonly boundTo: readonly string[];
  readonly #tokens: TokenSource;
  readonly #settings: JwtSettings;
  readonly #issuers: Issuers;
  readonly #verifier: TokenVerifier;
  readonly #possession: Possession;
  readonly #cache: VerdictCache;
  readonly #clock: Clock;
  readonly #revocations: Revocations | undefined;
  #stopOpening: (() => void) | undefined;
  #keyOffers = 0;
  /**
   * Whether the last token was unknown. It tells where to look for the next one first: among strangers after an unknown
   * token, otherwise among verdicts. The right guess saves a hash, and a wrong one changes nothing else.
   */
  #wasUnknown = false;

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
  constructor(options: JwtHandlerOptions, collaborators: JwtHandlerCollaborators = {}) {
    const settings = jwtOptions(options);
    const services = jwtCollaborators(collaborators);
    const { clock, revocations } = services;
    this.#settings = settings;
    warnOfEarlyTokens(settings.name, settings);
    this.name = settings.name;
    ({ tokens: this.#tokens, possession: this.#possession } = boundTokens(settings, jwtOptions.owner, services));
    this.boundTo = this.#possession.required;
    this.challenges = this.#tokens.challenges;
    this.source = Object.freeze(this.#tokens.places.map((at) => Object.freeze({ at, selective: true })));
    this.#cache = new VerdictCache({ ...settings.cache, namespace: settings.name }, { clock, revocations });
    this.#clock = clock;
    // Issuers whose tokens were good, and the networks that these came from.
    const good = new GoodBefore({ areSecret: false }, clock);
    const onChange = () => this.#cache.forgetRefusals();
    this.#issuers = new Issuers(settings, { clock, good, onChange, revocations });
    this.authorizationServers = Object.freeze([...new Set(this.#issuers.names)]);
    this.#revocations = revocations;
    this.#openForRevocations();
    const { name: handler, clockToleranceSeconds, issuedAheadToleranceSeconds, decryptionKeys } = settings;
    const verification = {
      now: () => clock.now() / 1_000,
      ...{ clock, via: provedBy(handler), clockToleranceSeconds, issuedAheadToleranceSeconds },
      onKeyOffer: () => {
        this.#keyOffers += 1;
      },
      onMappingFailure: (failure: MappingFailure) => tellMappingFailure(handler, failure),
    };
    this.#verifier = new TokenVerifier(this.#issuers, { verification, decryptionKeys, good, revocations });
  }

  /** Counters since the handler was made, and what is in memory now. */
  get statistics(): JwtStatistics {
    const { circuits } = this.#issuers;
    return Object.freeze({ cache: this.#cache.statistics, circuits, keyOffers: this.#keyOffers });
  }

  /** What its tokens are, and what is known of the servers that issue them: more once keys were found by discovery. */
  get securitySchemes(): readonly SecurityScheme[] {
    return this.#tokens.describedWith('JWT', this.#issuers.securitySchemes);
  }

  /**
   * A token that was left before, or is known, is found by its hash alone. For other tokens, the unverified issuer tells
   * whether they are ours.
   */
  extract(request: SecurityRequest): JwtCredential | Verdict | undefined {
    const text = this.#tokens.textIn(request);
    if (typeof text !== 'string') return text;
    const isDotted = text.includes('.');
    let stranger = isDotted && this.#wasUnknown ? this.#strangerIn(text, request) : undefined;
    if (isDotted && stranger === undefined) {
      const known = this.#cache.find(text, request);
      this.#wasUnknown = known === undefined;
      if (known !== undefined) return new JwtCredential(text, undefined, known);
      stranger = this.#strangerIn(text, request);
    }
    if (stranger !== undefined) return this.#leave('jws', stranger, request);
    return this.#tokens.flawOf(text, request) ?? this.#take(text, request);
  }

  verify(credential: JwtCredential, request: SecurityRequest): Eventually<Verdict> {
    if (credential.known === undefined) return this.#tokens.answered(this.#resolve(credential, request), request);
    request.trace?.noteCache('hit');
    keepOnConnection(credential.reveal(), request);
    return this.#tokens.answered(this.#possession.proved(credential.known, credential.reveal(), request), request);
  }

  /** Refuses a token that expired or was revoked while the decision waited for something else. */
  recheck(credential: JwtCredential, principal: Principal): Verdict | undefined {
    const { expiresAt } = principal;
    const nowSeconds = this.#clock.now() / 1_000;
    if (expiresAt !== undefined && expiresAt <= nowSeconds - this.#settings.clockToleranceSeconds) return EXPIRED;
    return this.#cache.recheck(credential.reveal(), principal);
  }

  /** Goes on until the token is revoked, or the key that signed it is withdrawn. */
  follow(credential: JwtCredential, principal: Principal): LastingProof {
    return this.#cache.follow(credential.reveal(), principal);
  }

  async start(): Promise<void> {
    // Another chain may have closed the handler.
    this.#openForRevocations();
    try {
      await this.#issuers.start();
    } catch (error) {
      if (this.#settings.requireKeysAtStart || !(error instanceof UpstreamError)) throw error;
    }
  }

  async close(): Promise<void> {
    this.#stopOpening?.();
    await this.#issuers.close();
  }

  /** Own function: a closure inside `verify` would cost every cache hit an allocation (bench: jwt). */
  #resolve(credential: JwtCredential, request: SecurityRequest): Eventually<Verdict> {
    const { remoteAddress: address } = request;
    const token = credential.reveal();
    const load = (waiters: Waiters) => this.#verifier.verify(credential, { token, address, waiters });
    const verdict = this.#cache.resolve(token, request, load, this.#possession);
    // What waits needs it no more, or reads it again: it may be as large as the token.
    credential.forgetPayload();
    return verdict;
  }

  #openForRevocations(): void {
    if (this.#settings.decryptionKeys.length > 0) this.#stopOpening = this.#revocations?.openWith(this.#open);
  }

  readonly #open = async (token: string): Promise<string | undefined> => {
    const signed = await decryptToken(token, this.#settings.decryptionKeys);
    return typeof signed === 'string' ? signed : undefined;
  };

  /** The issuer that a token names, if a handler has left the token before, and this one leaves it as well. */
  #strangerIn(token: string, request: SecurityRequest): string | undefined {
    if (this.#tokens.isTooLong(token)) return undefined;
    const issuer = strangers.recall(token, request);
    return issuer !== undefined && this.#issuers.trusts(issuer) ? undefined : issuer;
  }

  /** The issuer of an encrypted token cannot be seen from outside, so a handler with decryption keys takes all of them. */
  #take(token: string, request: SecurityRequest): JwtCredential | undefined {
    const read = readOnce(readOutline, token, request);
    const { outline, issuer } = read;
    if (outline === 'jwe' && this.#settings.decryptionKeys.length > 0) return new JwtCredential(token);
    if (issuer !== undefined && this.#issuers.trusts(issuer)) return new JwtCredential(token, read);
    if (issuer !== undefined && issuer.length <= MAX_KEPT_ISSUER) strangers.keep(token, request, issuer);
    return this.#leave(outline, issuer, request);
  }

  /** Leaves a token to other handlers. */
  #leave(outline: Outline['outline'], issuer: string | undefined, request: SecurityRequest): undefined {
    if (issuer !== undefined) tellNearestIssuer(this.name, issuer, () => this.#issuers.names);
    if (request.trace === undefined) return;
    const { detail, cause } = outline === 'jws' ? this.#issuers.strange(issuer) : FORMS[outline ?? 'other'];
    request.trace.noteUnclaimed(this.name, detail, cause);
  }
}

/**
 * The issuers that tokens name which a handler has left to others. So a token that another handler knows is not read again
 * for each request (bench: growth). An issuer is what the sender wrote: a long one is not kept.
 */
const strangers = new ReadingMemory<string>();
const MAX_KEPT_ISSUER = 256;

/** Why a token that is no JWS is left to other handlers. */
const FORMS = {
  jwe: { detail: 'the token is encrypted, and there are no decryptionKeys', cause: 'token_encrypted' },
  other: { detail: 'the token is no JWT', cause: 'token_opaque' },
} as const satisfies Readonly<Record<string, Strangeness>>;
