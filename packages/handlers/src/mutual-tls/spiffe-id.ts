/** The greatest length of an identifier, in bytes (SPIFFE-ID 2.3). */
const MOST_BYTES = 2_048;
const MOST_DOMAIN_BYTES = 255;

const DOMAIN = '[a-z0-9._-]+';
const SEGMENT = '[A-Za-z0-9._-]+';
const SPIFFE_ID = new RegExp(`^spiffe://(${DOMAIN})((?:/${SEGMENT})+)$`);

const TRUST_DOMAIN = new RegExp(`^(?:spiffe://)?(${DOMAIN})$`);

/** The identifier of a workload, taken apart. */
export interface SpiffeId {
  /** As it was written: identifiers are compared byte by byte. */
  readonly text: string;
  readonly trustDomain: string;
}

/**
 * Reads the identifier of a workload (SPIFFE-ID 2; X509-SVID 2: a leaf has a path). Undefined for anything else: other
 * schemes and spellings of the scheme, a port or user, percent signs, empty segments and dots, a slash at the end, a
 * query or fragment.
 */
export function readSpiffeId(text: string): SpiffeId | undefined {
  // All its characters are ASCII, so a character is a byte.
  if (text.length > MOST_BYTES) return undefined;
  const [, trustDomain = '', path = ''] = SPIFFE_ID.exec(text) ?? [];
  if (trustDomain === '' || trustDomain.length > MOST_DOMAIN_BYTES) return undefined;
  return path.split('/').some((segment) => segment === '.' || segment === '..') ? undefined : { text, trustDomain };
}

/** The name of a trust domain, with or without its scheme; undefined for what is none (SPIFFE-ID 2.1). */
export function readTrustDomain(text: string): string | undefined {
  const [, name] = TRUST_DOMAIN.exec(text) ?? [];
  return name !== undefined && name.length <= MOST_DOMAIN_BYTES ? name : undefined;
}
