import { type Denied, denied } from '@sallyport/core';
import { quoted } from '@sallyport/core/extend';
import type { CertificateNames } from './certificate-names.js';
import { readSpiffeId } from './spiffe-id.js';

/** Which name of a certificate identifies its holder. */
export type Identity = 'spiffe' | 'uri' | 'dns' | 'email' | 'common-name' | 'subject' | 'thumbprint';

export interface IdentityPolicy {
  readonly identity: Identity;
  /** The names that are let in; undefined for any. */
  readonly names: ReadonlySet<string> | undefined;
  /** For SPIFFE; undefined for any. */
  readonly trustDomains: ReadonlySet<string> | undefined;
}

/** What identifies the holder of a certificate. */
export interface FoundIdentity {
  readonly subject: string;
  /** Of SPIFFE, the trust domain; otherwise undefined: the authority that issued the certificate. */
  readonly issuer: string | undefined;
}

/** IA5 without control characters: names with others could be read in two ways. */
const PLAIN = /^[!-~]+$/;
/** A distinguished or common name is UTF-8 and may have blanks. */
const PRINTABLE = /^[^\p{Cc}\p{Cs}]+$/u;

const LISTS: Readonly<Record<Identity, (names: CertificateNames, thumbprint: string) => readonly string[]>> = {
  spiffe: ({ uris }) => uris,
  uri: ({ uris }) => uris,
  // Host names are case-insensitive. One with a wildcard names many hosts, and no client.
  dns: ({ dns }) => dns.map((name) => name.toLowerCase()).filter((name) => !name.includes('*')),
  email: ({ emails }) => emails,
  'common-name': ({ commonNames }) => commonNames,
  subject: ({ subject }) => [subject].filter((name) => name !== ''),
  thumbprint: (_names, thumbprint) => [thumbprint],
};

/** The one name that identifies the holder by the policy, or why there is none. */
export function identityIn(
  names: CertificateNames,
  thumbprint: string,
  { identity, names: wanted, trustDomains }: IdentityPolicy,
): FoundIdentity | Denied {
  const all = [...new Set(LISTS[identity](names, thumbprint))];
  const form = identity === 'common-name' || identity === 'subject' ? PRINTABLE : PLAIN;
  if (!all.every((name) => form.test(name)))
    return denied('certificate_name_malformed', { detail: `a ${identity} name has characters that no such name has` });
  // X509-SVID 2: exactly one URI, whatever other names there are.
  const found = identity === 'spiffe' || wanted === undefined ? all : all.filter((name) => wanted.has(name));
  const [subject] = found;
  if (subject === undefined) return all.length === 0 ? missing(identity) : unknown(identity, all);
  if (found.length > 1) return ambiguous(identity, found);
  if (identity !== 'spiffe') return { subject, issuer: undefined };
  const id = readSpiffeId(subject);
  if (id === undefined)
    return denied('certificate_name_malformed', { detail: `${quoted(subject)} is no SPIFFE ID of a workload` });
  if (trustDomains?.has(id.trustDomain) === false)
    return denied('trust_domain_unknown', { detail: `the trust domain is ${quoted(id.trustDomain)}` });
  return wanted?.has(subject) === false ? unknown(identity, all) : { subject, issuer: `spiffe://${id.trustDomain}` };
}

function missing(identity: Identity): Denied {
  return denied('certificate_name_missing', { detail: `the certificate has no ${identity} name` });
}

function ambiguous(identity: Identity, found: readonly string[]): Denied {
  return denied('certificate_name_ambiguous', { detail: `the certificate has ${found.length} ${identity} names` });
}

function unknown(identity: Identity, found: readonly string[]): Denied {
  return denied('certificate_name_unknown', {
    detail: `no ${identity} name is listed: ${found.map(quoted).join(', ')}`,
  });
}
