import { option } from '@sallyport/core/extend';
import type { TrustedIssuer } from '../jwt/trusted-issuer.js';
import type { KeySource } from '../keys/key-source.js';
import { callerBy, isOneOf } from './caller.js';

export const KUBERNETES = option.table('KubernetesOptions', {
  /** The issuer of the cluster, as `--service-account-issuer` says it. */
  issuer: option.withDefault(option.text, 'https://kubernetes.default.svc.cluster.local'),
  /** Who is meant by `aud`: what the volume of the caller's token names. */
  audience: option.textOrTexts,
  /** The service accounts that are accepted, each as `namespace:name`. Default: all of the cluster. */
  serviceAccounts: option.optional(option.textOrTexts),
  /**
   * The certificate of the cluster's authority (PEM), for a server that runs in the cluster. The keys are then asked of the
   * API server. Default: they are where the metadata of the issuer say, which has to be reachable.
   */
  certificateAuthority: option.optional(option.text),
  /** The file with the token that the API server wants to see. */
  tokenFile: option.withDefault(option.text, '/var/run/secrets/kubernetes.io/serviceaccount/token'),
});

/** What `kubernetes` needs to know. */
export interface KubernetesOptions extends option.Given<typeof KUBERNETES> {}

const mapPrincipal = callerBy({ isWorkload: () => true });

/**
 * A cluster of Kubernetes as an issuer of the tokens of its service accounts. Keys: those of the API server in the cluster,
 * or of the issuer's metadata. All callers are clients; the subject is `system:serviceaccount:<namespace>:<name>`. There
 * are no scopes and no roles.
 * @param name stands in front of an option in errors, such as the place in a file
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 * @example
 * const certificateAuthority = readFileSync('/var/run/secrets/kubernetes.io/serviceaccount/ca.crt', 'utf8');
 * const issuer = kubernetes({ audience: 'orders', serviceAccounts: 'shop:web', certificateAuthority });
 * const tokens = new JwtHandler({ realm: 'orders', issuers: [issuer] });
 */
export function kubernetes(options: KubernetesOptions, name: string = KUBERNETES.owner): TrustedIssuer {
  const { issuer, audience, serviceAccounts, certificateAuthority, tokenFile } = KUBERNETES(options, name);
  const accepted = serviceAccounts?.map((account) => `system:serviceaccount:${account}`);
  return {
    issuer,
    audience,
    algorithms: ['RS256'],
    keys: certificateAuthority === undefined ? { discovery: true } : inCluster(certificateAuthority, tokenFile),
    acceptTyp: ['JWT'],
    allowMissingTyp: true,
    accessTokenClaims: ['kubernetes.io'],
    ...(accepted !== undefined && { claimRules: { sub: isOneOf(accepted) } }),
    mapPrincipal,
  };
}

function inCluster(certificateAuthorities: string, file: string): KeySource {
  return {
    jwksUri: 'https://kubernetes.default.svc/openid/v1/jwks',
    outbound: { certificateAuthorities, headers: { authorization: { file, prefix: 'Bearer ' } } },
  };
}
