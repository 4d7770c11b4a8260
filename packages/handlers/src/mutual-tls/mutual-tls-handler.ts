import { authenticated, denied, type Principal, type SecurityHandler, type Verdict } from '@sallyport/core';
import {
  type CacheStatistics,
  type Challenge,
  type Clock,
  challenge,
  type Eventually,
  isVerdict,
  type SecurityRequest,
  VerdictCache,
  type Waiters,
} from '@sallyport/core/extend';
import { mappedPrincipal } from '../token/principal-mapping.js';
import { MutualTlsCredential } from './mutual-tls-credential.js';
import { tellMappingFailure } from './mutual-tls-events.js';
import { MUTUAL_TLS_FIXES } from './mutual-tls-fixes.js';
import {
  type MutualTlsHandlerCollaborators,
  type MutualTlsHandlerOptions,
  type MutualTlsSettings,
  mutualTlsCollaborators,
  mutualTlsSettings,
} from './mutual-tls-options.js';
import { claimsOf, UNVERIFIED } from './mutual-tls-verdict.js';

/** What a mutual TLS handler has seen so far. */
export interface MutualTlsStatistics {
  readonly cache: CacheStatistics;
}

/**
 * Authenticates clients by the certificate that they have shown to the server (RFC 8446 4.4.3), or to a trusted proxy that
 * forwards it (RFC 9440). Browsers send certificates by themselves: a token beside one is looked at first. There is no HTTP
 * scheme for certificates, so the challenge has a name that no client knows.
 *
 * @example
 * const issuedBy = readFileSync('ca.pem', 'utf8');
 * const workloads = new MutualTlsHandler({ identity: 'spiffe', trustDomains: 'example.org', issuedBy });
 */
export class MutualTlsHandler implements SecurityHandler<MutualTlsCredential> {
  readonly name: string;
  readonly challenges: readonly Challenge[];
  readonly source = 'tls:certificate';
  readonly fixes = MUTUAL_TLS_FIXES;
  readonly #settings: MutualTlsSettings;
  readonly #clock: Clock;
  readonly #cache: VerdictCache;

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
  constructor(options: MutualTlsHandlerOptions, collaborators: MutualTlsHandlerCollaborators = {}) {
    this.#settings = mutualTlsSettings(options);
    const services = mutualTlsCollaborators(collaborators);
    const { name, realm, cache } = this.#settings;
    this.name = name;
    this.challenges = Object.freeze([challenge('ClientCertificate', realm === undefined ? {} : { realm })]);
    this.#clock = services.clock;
    this.#cache = new VerdictCache({ ...cache, namespace: name }, services);
  }

  /** Counters since the handler was made, and what is in memory now. */
  get statistics(): MutualTlsStatistics {
    return Object.freeze({ cache: this.#cache.statistics });
  }

  extract(request: SecurityRequest): MutualTlsCredential | Verdict | undefined {
    const certificate = request.clientCertificate();
    if (certificate === undefined || isVerdict(certificate)) return certificate;
    return new MutualTlsCredential(certificate);
  }

  verify(credential: MutualTlsCredential, request: SecurityRequest): Eventually<Verdict> {
    const { certificate, thumbprint } = credential;
    if (!(certificate.isVerified || this.#settings.allowUnverified)) return UNVERIFIED;
    // The way to an unverified one is shorter: it may have been remembered as verified, by other certificates between.
    const known = certificate.isVerified ? this.#cache.find(thumbprint, request) : undefined;
    return known ?? this.#check(credential, request);
  }

  /** Refuses a certificate that was revoked, or ended, while the decision waited for something else. */
  recheck({ thumbprint }: MutualTlsCredential, principal: Principal): Verdict | undefined {
    return this.#cache.recheck(thumbprint, principal);
  }

  /** What is refused by the certificate alone is not remembered: it may be good with other authorities beside it. */
  #check({ certificate, thumbprint }: MutualTlsCredential, request: SecurityRequest): Eventually<Verdict> {
    const init = claimsOf(certificate, this.#settings, this.#clock.now());
    if (isVerdict(init)) return init;
    return this.#cache.resolve(thumbprint, request, async (waiters: Waiters) => {
      const mapping = { ...this.#settings, clock: this.#clock };
      const onFailure = (failure: Parameters<typeof tellMappingFailure>[1]) => tellMappingFailure(this.name, failure);
      const caller = { waiters, credentials: [], onFailure };
      const principal = await mappedPrincipal(init, init.claims ?? {}, mapping, caller);
      if (principal === undefined) return denied('certificate_name_missing');
      return isVerdict(principal) ? principal : authenticated(principal);
    });
  }
}
