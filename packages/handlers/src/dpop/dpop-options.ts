import { deploymentSecretsCheck, option } from '@sallyport/core/extend';
import { PUBLIC_KEY_ALGORITHMS, type PublicKeyAlgorithm } from '../jose/algorithms.js';
import { externalUrls } from './request-url.js';

const algorithms = option.someOf<PublicKeyAlgorithm>(...PUBLIC_KEY_ALGORITHMS);

const DPOP = option.table('DpopOptions', {
  /**
   * The address by which clients know this server, such as `https://api.example.com`: proofs name it (`htu`), with the path of
   * the request behind it. If a proxy cuts a part off the path, write it here, too. Several, if clients know several. The host
   * that a request names is not looked at.
   */
  externalUrl: externalUrls,
  /** The algorithms that proofs may be signed with. Clients read them in the challenge. */
  algorithms: option.withDefault(algorithms, ['ES256', 'ES384', 'EdDSA', 'Ed25519', 'PS256', 'RS256']),
  /** How far `iat` of a proof may differ from the clock, in seconds. A proof with a nonce of this server is as old as that. */
  windowSeconds: option.withDefault(option.between(1, 600), 60),
  /**
   * Nonces of this server in proofs (RFC 9449 9): `required` in each proof; `optional` asks for one where `iat` does not fit or
   * the once store has lost its marks; `never` makes none. Default: `optional`, but `never` with an `onceStore` and no `secret`.
   */
  nonce: option.optional(option.oneOf('required', 'optional', 'never')),
  /** How long a nonce is good, in seconds. A client that uses one older than a half of that gets the next one. */
  nonceSeconds: option.withDefault(option.between(10, 3_600), 300),
  /**
   * Makes nonces that all instances know: the same on each, at least 32 characters. Two while one is replaced. Default: nonces
   * of this process.
   */
  secret: option.optional(deploymentSecretsCheck),
  /** How long the once store may take, in milliseconds, before the answer is 503. */
  storeTimeoutMs: option.withDefault(option.between(1, 5_000), 50),
});

/** How tokens are taken that are bound to a key of their client, with a proof of it in each request (RFC 9449). */
export interface DpopOptions extends option.Given<typeof DPOP> {}

export interface DpopSettings extends option.Kept<typeof DPOP> {}

export const dpopOptions: option.Table<DpopSettings, DpopOptions> = DPOP;

/** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID where instances that share marks would not know each other's nonces */
export function nonceMode({ nonce, secret }: DpopSettings, sharesMarks: boolean): 'required' | 'optional' | 'never' {
  const isOwn = sharesMarks && secret === undefined;
  if (nonce === 'required' && isOwn)
    throw option.invalid(`${DPOP.owner}.secret`, 'is needed for nonces of several instances');
  return isOwn ? 'never' : (nonce ?? 'optional');
}
