import {
  clockOption,
  option,
  revocationsCheck,
  type VerdictCacheOptions,
  verdictCacheOptions,
} from '@sallyport/core/extend';
import type { MapPrincipal } from '../token/principal-mapping.js';
import { authoritiesCheck } from './authorities.js';
import type { IdentityPolicy } from './identity.js';
import { readSpiffeId, readTrustDomain } from './spiffe-id.js';

type NotForCertificates = 'namespace' | 'secret' | 'staleIfUnavailableSeconds';

/** How long the principals of certificates are remembered, and how many; never beyond the end of a certificate. */
export type RememberedCertificateOptions = Omit<VerdictCacheOptions, NotForCertificates>;

type RememberedCertificateSettings = Omit<option.Kept<typeof verdictCacheOptions>, NotForCertificates>;

const REMEMBERED = option.withDefaults(
  option.without(verdictCacheOptions, 'namespace', 'secret', 'staleIfUnavailableSeconds'),
  { ttlSeconds: 300 },
);

const MUTUAL_TLS = option.table('MutualTlsHandlerOptions', {
  /** Names this handler in requirements, traces and logs. */
  name: option.withDefault(option.text, 'mutual-tls'),
  /** What the challenge of a 401 says is protected. Default: nothing. */
  realm: option.optional(option.text),
  /**
   * Which name of the certificate identifies the client, and becomes the subject of the principal: `spiffe` (a SPIFFE ID),
   * `uri`, `dns` or `email` of the alternative names, `common-name`, `subject` (the distinguished name, RFC 4514) or
   * `thumbprint` (SHA-256 in base64url).
   */
  identity: option.oneOf('spiffe', 'uri', 'dns', 'email', 'common-name', 'subject', 'thumbprint'),
  /**
   * The names that are let in, each compared as a whole. A certificate may have others beside one of them. Thumbprints may
   * also be in hexadecimal, as OpenSSL writes them. Default: any, but exactly one.
   */
  names: option.optional(option.textOrTexts),
  /** The trust domains that are let in, for `spiffe`. Default: any. */
  trustDomains: option.optional(option.textOrTexts),
  /**
   * The authorities one of which must have issued the certificate (PEM), itself or by authorities whose certificates came with
   * it. It narrows what TLS or the proxy has verified. One that they have not verified (`allowUnverified`) must have been
   * issued by a listed authority itself. Default: any that these trust.
   */
  issuedBy: option.optional(authoritiesCheck),
  /**
   * Lets in certificates that neither TLS nor the proxy has verified, such as self-signed ones: only with `issuedBy`, of which
   * one must be the direct issuer, or with `names` of the identity `thumbprint`.
   */
  allowUnverified: option.withDefault(option.flag, false),
  /** What the client is: a principal of the kind `client` has the name as its `clientId`, too. */
  kind: option.withDefault(option.oneOf('workload', 'client', 'user'), 'workload'),
  /** Tolerance for the dates of certificates, in seconds. */
  clockToleranceSeconds: option.withDefault(option.between(0, 60), 5),
  /**
   * Adds to the principal what the application knows of the client, such as scopes and roles, or rejects. Its second
   * parameter are the claims.
   */
  mapPrincipal: option.optional(option.callable<MapPrincipal>()),
  /** How long `mapPrincipal` may take, in milliseconds, before the answer is 503. */
  mapPrincipalTimeoutMs: option.withDefault(option.between(1, 30_000), 2_000),
  /** How principals are remembered. */
  cache: option.group<RememberedCertificateSettings, RememberedCertificateOptions>(REMEMBERED),
});

export interface MutualTlsHandlerOptions extends option.Given<typeof MUTUAL_TLS> {}

export interface MutualTlsSettings extends Omit<option.Kept<typeof MUTUAL_TLS>, 'names' | 'trustDomains'> {
  readonly policy: IdentityPolicy;
}

export const mutualTlsOptions: option.Table<option.Kept<typeof MUTUAL_TLS>, MutualTlsHandlerOptions> = MUTUAL_TLS;

/** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
export function mutualTlsSettings(options: MutualTlsHandlerOptions): MutualTlsSettings {
  const { names, trustDomains, ...settings } = MUTUAL_TLS(options);
  const { identity, issuedBy, allowUnverified } = settings;
  if (names === undefined && issuedBy === undefined && settings.mapPrincipal === undefined)
    throw invalid(
      'names',
      'is needed without issuedBy and mapPrincipal: else every certificate gets in that TLS trusts',
    );
  if (allowUnverified && issuedBy === undefined && (identity !== 'thumbprint' || names === undefined))
    throw invalid(
      'allowUnverified',
      "is only for issuedBy, or for identity: 'thumbprint' with names: all else can be forged",
    );
  if (trustDomains !== undefined && identity !== 'spiffe')
    throw invalid('trustDomains', "is only for identity: 'spiffe'");
  const domains = trustDomains?.map((text, index) => {
    const domain = readTrustDomain(text);
    if (domain === undefined) throw invalid(`trustDomains[${index}]`, 'must be a trust domain such as example.org');
    return domain;
  });
  const wanted = names?.map((name, index) => READ[identity]?.(name, `names[${index}]`) ?? name);
  const policy = { identity, names: wanted && new Set(wanted), trustDomains: domains && new Set(domains) };
  return { ...settings, policy };
}

/** How names of some identities are read, so that one that no certificate can have is an error at start. */
const READ: Partial<Record<IdentityPolicy['identity'], (name: string, option: string) => string>> = {
  spiffe(name, member) {
    if (readSpiffeId(name) === undefined)
      throw invalid(member, 'must be a SPIFFE ID such as spiffe://example.org/billing');
    return name;
  },
  dns: (name) => name.toLowerCase(),
  thumbprint(name, member) {
    if (/^[\w-]{43}$/.test(name)) return name;
    const hex = name.replaceAll(':', '');
    if (!/^[0-9a-f]{64}$/i.test(hex)) throw invalid(member, 'must be a SHA-256 thumbprint in base64url or hexadecimal');
    return Buffer.from(hex, 'hex').toString('base64url');
  },
};

function invalid(member: string, rule: string) {
  return option.invalid(`${MUTUAL_TLS.owner}.${member}`, rule);
}

const COLLABORATORS = option.table('MutualTlsHandlerCollaborators', {
  clock: clockOption,
  /**
   * What has been revoked: certificates by serial number and issuer (`revokeJti`), clients and subjects. A thumbprint
   * (`revokeToken`) names one spelling of a certificate only, and its holder can make another.
   * Tell when a certificate ends, or let `keepSeconds` be as long as certificates live.
   */
  revocations: option.optional(revocationsCheck),
});

/** Services of a mutual TLS handler. */
export interface MutualTlsHandlerCollaborators extends option.Given<typeof COLLABORATORS> {}

export const mutualTlsCollaborators: option.Table<
  option.Kept<typeof COLLABORATORS>,
  MutualTlsHandlerCollaborators
> = COLLABORATORS;
