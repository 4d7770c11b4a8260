import {
  denied,
  type Principal,
  type Revocations,
  type SecurityHandler,
  type SecurityScheme,
  UpstreamError,
  unavailable,
  type Verdict,
} from '@sallyport/core';
import {
  type CacheStatistics,
  type Challenge,
  type CircuitFigure,
  type CredentialSource,
  type Eventually,
  FoundedVerdict,
  GoodBefore,
  keepOnConnection,
  type LastingProof,
  readOnce,
  type SecurityRequest,
  VerdictCache,
  withoutCredentials,
} from '@sallyport/core/extend';
import type { Possession } from '../confirmation/possession.js';
import { boundTokens } from '../dpop/bound-tokens.js';
import { peekIssuer, readOutline } from '../jose/compact-jws.js';
import { decryptToken } from '../jose/decryption.js';
import { InnerToken } from '../jose/inner-token.js';
import { warnOfEarlyTokens } from '../token/token-claims.js';
import type { TokenSource } from '../token/token-source.js';
import { verifyWithEntries } from './issuer-entries.js';
import type { TokenSender } from './issuer-resolver.js';
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
import { EXPIRED, REVOKED, type Verification } from './jwt-verdict.js';

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
  readonly #verification: Verification;
  readonly #possession: Possession;
  readonly #cache: VerdictCache;
  /** Issuers whose tokens were good, and the networks that these came from. */
  readonly #good: GoodBefore;
  readonly #revocations: Revocations | undefined;
  #stopOpening: (() => void) | undefined;
  #keyOffers = 0;

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
    this.#good = new GoodBefore({}, clock);
    const onChange = () => this.#cache.forgetRefusals();
    this.#issuers = new Issuers(settings, { clock, good: this.#good, onChange, revocations });
    this.authorizationServers = Object.freeze([...new Set(this.#issuers.names)]);
    this.#revocations = revocations;
    this.#openForRevocations();
    this.#verification = {
      now: () => clock.now() / 1_000,
      clock,
      clockToleranceSeconds: settings.clockToleranceSeconds,
      issuedAheadToleranceSeconds: settings.issuedAheadToleranceSeconds,
      handler: settings.name,
      onKeyOffer: () => {
        this.#keyOffers += 1;
      },
      onMappingFailure: (failure) => tellMappingFailure(settings.name, failure),
    };
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

  /** A known token is found by its hash alone. For other tokens, the unverified issuer tells whether they are ours. */
  extract(request: SecurityRequest): JwtCredential | Verdict | undefined {
    const text = this.#tokens.textIn(request);
    if (typeof text !== 'string') return text;
    const known = text.includes('.') ? this.#cache.find(text, request) : undefined;
    if (known !== undefined) return new JwtCredential(text, undefined, known);
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
    const { now, clockToleranceSeconds } = this.#verification;
    const { expiresAt } = principal;
    if (expiresAt !== undefined && expiresAt <= now() - clockToleranceSeconds) return EXPIRED;
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
    const verdict = this.#cache.resolve(token, request, (waiters) =>
      this.#verify(credential, { token, address, waiters }),
    );
    return this.#possession.proved(verdict, token, request);
  }

  #openForRevocations(): void {
    if (this.#settings.decryptionKeys.length > 0) this.#stopOpening = this.#revocations?.openWith(this.#open);
  }

  readonly #open = async (token: string): Promise<string | undefined> => {
    const signed = await decryptToken(token, this.#settings.decryptionKeys);
    return typeof signed === 'string' ? signed : undefined;
  };

  /** The issuer of an encrypted token cannot be seen from outside, so a handler with decryption keys takes all of them. */
  #take(token: string, request: SecurityRequest): JwtCredential | undefined {
    const { outline, issuer } = readOnce(readOutline, token, request);
    if (outline === 'jwe' && this.#settings.decryptionKeys.length > 0) return new JwtCredential(token);
    if (issuer !== undefined && this.#issuers.trusts(issuer)) return new JwtCredential(token, issuer);
    if (issuer !== undefined) tellNearestIssuer(this.name, issuer, () => this.#issuers.names);
    if (request.trace !== undefined) {
      const { detail, cause } = outline === 'jws' ? this.#issuers.strange(issuer) : FORMS[outline ?? 'other'];
      request.trace.noteUnclaimed(this.name, detail, cause);
    }
    return undefined;
  }

  #unknown(issuer: string | undefined): Verdict {
    return denied('issuer_unknown', { detail: this.#issuers.strange(issuer).detail });
  }

  async #verify(credential: JwtCredential, sender: TokenSender): Promise<Verdict | FoundedVerdict> {
    try {
      const { token } = sender;
      if (credential.issuer !== undefined) return await this.#verifyOf(credential.issuer, token, sender);
      const signed = await decryptToken(token, this.#settings.decryptionKeys);
      return typeof signed === 'string' ? await this.#verifyInner(signed, sender) : signed;
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      const { message, retryAfterSeconds } = error;
      return unavailable(error, { retryAfterSeconds, detail: withoutCredentials(message, [sender.token]) });
    }
  }

  async #verifyInner(signed: string, sender: TokenSender): Promise<Verdict | FoundedVerdict> {
    const issuer = peekIssuer(signed);
    if (issuer === undefined || !this.#issuers.trusts(issuer)) return this.#unknown(issuer);
    const found = await this.#verifyOf(issuer, signed, sender);
    const revocations = this.#revocations;
    if (revocations === undefined || !(found instanceof FoundedVerdict)) return found;
    if (revocations.refuses(signed)) return REVOKED;
    return new FoundedVerdict(found.verdict, new InnerToken(revocations.nameOf(signed), found.basis, revocations));
  }

  async #verifyOf(issuerName: string, token: string, sender: TokenSender): Promise<Verdict | FoundedVerdict> {
    const found = this.#issuers.find(issuerName, sender);
    const entries = found instanceof Promise ? await found : found;
    if (entries.length === 0) return this.#unknown(issuerName);
    const finding = await verifyWithEntries(token, entries, this.#verification, sender);
    const verdict = finding instanceof FoundedVerdict ? finding.verdict : finding;
    if (verdict.kind === 'authenticated') this.#good.note(issuerName, sender.address);
    return finding;
  }
}

/** Why a token that is no JWS is left to other handlers. */
const FORMS = {
  jwe: { detail: 'the token is encrypted, and there are no decryptionKeys', cause: 'token_encrypted' },
  other: { detail: 'the token is no JWT', cause: 'token_opaque' },
} as const satisfies Readonly<Record<string, Strangeness>>;
