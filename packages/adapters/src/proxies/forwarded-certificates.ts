import type { X509Certificate } from 'node:crypto';
import { type Malformed, malformed } from '@sallyport/core';
import { type ClientCertificate, Expiring, fieldNameCheck, option, systemClock } from '@sallyport/core/extend';
import { publishCertificateEvent } from './certificate-events.js';
import { chainFrom, FORMATS } from './certificate-formats.js';
import { ProxyNetworks } from './proxy-networks.js';

/** The names of headers are case-insensitive; the lines are compared in lower case. */
const fieldName: option.Check<string> = option.withSchema(fieldNameCheck.schema, (value, name) =>
  fieldNameCheck(value, name).toLowerCase(),
);

const networks: option.Check<ProxyNetworks, string | readonly string[]> = option.withSchema(
  option.textOrTexts.schema,
  (value, name) => new ProxyNetworks(option.textOrTexts(value, name), name),
);

export const CLIENT_CERTIFICATES = option.table('ClientCertificatesOptions', {
  /**
   * The proxies that end TLS, and alone may write the header: addresses, networks such as `10.0.0.0/8`, or `unix` for peers
   * over a Unix domain socket. They have to replace what a client sends in it.
   */
  proxies: networks,
  /** The header in which the proxies write the certificate. An empty one is none. */
  header: option.withDefault(fieldName, 'client-cert'),
  /**
   * How they write it: `rfc9440` as a byte sequence, as RFC 9440 says; `pem` percent-encoded, as nginx and AWS do; `der` in
   * base64, as HAProxy does.
   */
  format: option.withDefault(option.oneOf('rfc9440', 'pem', 'der'), 'rfc9440'),
  /** The header in which they write the certificates of authorities: `client-cert-chain` (RFC 9440 2.3). Default: none is read. */
  chainHeader: option.optional(fieldName),
  /**
   * The header that says whether the proxy has verified the certificate: `SUCCESS` (nginx) or `0` (HAProxy). Anything else
   * says that it has not. Default: none is read, and no certificate counts as verified, unless `allVerified` is set.
   */
  verifyHeader: option.optional(fieldName),
  /** Whether the proxies let no connection pass with a certificate that they have not verified. */
  allVerified: option.withDefault(option.flag, false),
});

export interface ClientCertificatesOptions extends option.Given<typeof CLIENT_CERTIFICATES> {}

/** What proxies write where a certificate was verified: nginx a word, HAProxy the code of the error. */
const VERIFIED: ReadonlySet<string> = new Set(['SUCCESS', '0']);

/** Certificates that were read before; they are public, so the text may be kept. */
const REMEMBERED = 1_000;
const REMEMBERED_MS = 600_000;

/**
 * Reads the certificates that trusted proxies write into a header (RFC 9440). From anybody else the header counts for
 * nothing. The certificate of the connection itself is that of the proxy, and never the client's.
 */
export class ForwardedCertificates {
  readonly #options: option.Kept<typeof CLIENT_CERTIFICATES>;
  readonly #read = new Expiring<X509Certificate>({ maxEntries: REMEMBERED }, systemClock);
  readonly #readChains = new Expiring<readonly X509Certificate[]>({ maxEntries: REMEMBERED }, systemClock);

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID */
  constructor(options: option.Kept<typeof CLIENT_CERTIFICATES>) {
    if (options.allVerified && options.verifyHeader !== undefined)
      throw option.invalid('clientCertificates', 'has allVerified and verifyHeader: one of them says what is verified');
    this.#options = options;
  }

  /** The certificate that `peer` forwards in these header lines. */
  find(peer: string | undefined, rawHeaders: readonly string[]): ClientCertificate | Malformed | undefined {
    const { proxies, header, format, chainHeader } = this.#options;
    const lines = linesOf(rawHeaders, header);
    const [value = ''] = lines;
    if (value === '' && lines.length <= 1) return undefined;
    if (!proxies.has(peer)) {
      publishCertificateEvent({ kind: 'forwarded_certificate_ignored', header, peer });
      return undefined;
    }
    if (lines.length > 1) return doubled(header);
    const x509 = remembered(this.#read, value, FORMATS[format]);
    if (x509 === undefined) return unreadable(header, format);
    const verified = this.#isVerified(rawHeaders);
    if (typeof verified !== 'boolean') return verified;
    // A list may stand on several lines (RFC 9651 4.2).
    const others = chainHeader === undefined ? '' : linesOf(rawHeaders, chainHeader).join(', ');
    const chain = others === '' ? NO_CHAIN : remembered(this.#readChains, others, chainFrom);
    return chain === undefined ? unreadable(chainHeader as string, 'rfc9440') : { x509, isVerified: verified, chain };
  }

  #isVerified(rawHeaders: readonly string[]): boolean | Malformed {
    const { verifyHeader, allVerified } = this.#options;
    if (verifyHeader === undefined) return allVerified;
    const lines = linesOf(rawHeaders, verifyHeader);
    return lines.length > 1 ? doubled(verifyHeader) : VERIFIED.has(lines[0] ?? '');
  }
}

const NO_CHAIN: readonly X509Certificate[] = Object.freeze([]);

function doubled(header: string): Malformed {
  return malformed('client_certificate_doubled', {
    detail: `${header} came more than once: the proxy has to replace what a client sends`,
  });
}

function unreadable(header: string, format: string): Malformed {
  return malformed('client_certificate_malformed', {
    detail: `${header} holds no certificate in the format ${format}`,
  });
}

/** What was made of this text before, or is made of it now; undefined where that throws. */
function remembered<Read>(known: Expiring<Read>, text: string, read: (text: string) => Read): Read | undefined {
  const before = known.get(text);
  if (before !== undefined) return before;
  try {
    const made = read(text);
    known.set(text, made, REMEMBERED_MS);
    return made;
  } catch {
    return undefined;
  }
}

function linesOf(rawHeaders: readonly string[], name: string): readonly string[] {
  return rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name);
}
