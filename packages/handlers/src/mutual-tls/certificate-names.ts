import type { X509Certificate } from 'node:crypto';

/** What a certificate calls its holder. */
export interface CertificateNames {
  readonly dns: readonly string[];
  readonly uris: readonly string[];
  readonly emails: readonly string[];
  /** The distinguished name (RFC 4514); empty if it has none. */
  readonly subject: string;
  readonly commonNames: readonly string[];
}

/**
 * One alternative name in the text that Node makes: its kind, a colon, and its value. A value with a character that could be
 * taken for a part of the text is a JSON string (Node.js documentation, `x509.subjectAltName`; CVE-2021-44532).
 */
const ENTRY = /(DNS|URI|email|[A-Za-z][A-Za-z0-9 ]*):("(?:[^"\\]|\\.)*"|[^",]*)(?:, (?=.)|$)/y;

const KINDS: Readonly<Record<string, 'dns' | 'uris' | 'emails'>> = { DNS: 'dns', URI: 'uris', email: 'emails' };

/** The names in a certificate; undefined if they cannot be told apart. */
export function namesIn(certificate: X509Certificate): CertificateNames | undefined {
  const found = alternativeNames(certificate.subjectAltName ?? '');
  return (
    found && { ...found, subject: distinguishedName(certificate.subject), commonNames: commonNamesOf(certificate) }
  );
}

/** The names in Node's text of alternative names; undefined if any of it cannot be read. */
export function alternativeNames(text: string): Pick<CertificateNames, 'dns' | 'uris' | 'emails'> | undefined {
  const names: Record<'dns' | 'uris' | 'emails', string[]> = { dns: [], uris: [], emails: [] };
  for (let at = 0; at < text.length; at = ENTRY.lastIndex) {
    ENTRY.lastIndex = at;
    const [, kind = '', value] = ENTRY.exec(text) ?? [];
    if (value === undefined) return undefined;
    const list = KINDS[kind];
    if (list === undefined) continue;
    const name = value.startsWith('"') ? unquoted(value) : value;
    if (name === undefined) return undefined;
    names[list].push(name);
  }
  return names;
}

function unquoted(literal: string): string | undefined {
  try {
    return JSON.parse(literal);
  } catch {
    return undefined;
  }
}

/**
 * A distinguished name as RFC 4514 writes it: the last part first. Node gives a line for each part, and escapes what could
 * be taken for one: line breaks, and a plus sign within a value (CVE-2021-44533).
 */
export function distinguishedName(lines: string | undefined): string {
  const parts = (lines ?? '').split('\n').filter((line) => line !== '');
  return parts
    .reverse()
    .map((part) => part.split(' + ').reverse().join('+'))
    .join(',');
}

function commonNamesOf(certificate: X509Certificate): readonly string[] {
  const { subject } = certificate.toLegacyObject() as { subject?: { CN?: string | string[] } };
  return [subject?.CN ?? []].flat();
}
