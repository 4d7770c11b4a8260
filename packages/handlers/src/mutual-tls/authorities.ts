import { X509Certificate } from 'node:crypto';
import { option } from '@sallyport/core/extend';

/** How many authorities may stand between a certificate and a listed one. */
const MOST_STEPS = 8;

const PEM = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;

/** When something holds, in milliseconds since the epoch. */
export interface Validity {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** The authorities one of which must have issued a certificate. */
export class Authorities {
  readonly #listed: readonly X509Certificate[];

  constructor(listed: readonly X509Certificate[]) {
    this.#listed = listed;
  }

  /**
   * When the way from a certificate to a listed authority holds; undefined if there is none. Each step is a signature.
   * `between` are certificates that came with it, in any order: only for one that TLS or the proxy has verified, because what
   * these may issue (name constraints, path length, critical extensions; RFC 5280 6.1) is not looked at here.
   */
  wayFrom(certificate: X509Certificate, between: readonly X509Certificate[]): Validity | undefined {
    let at = certificate;
    let validity = validityOf(at);
    for (let steps = 0; steps <= MOST_STEPS; steps += 1) {
      const listed = this.#listed.find((authority) => hasIssued(authority, at));
      if (listed !== undefined) return overlap(validity, validityOf(listed));
      const next = between.find((authority) => authority.ca && hasIssued(authority, at));
      if (next === undefined) return undefined;
      validity = overlap(validity, validityOf(next));
      at = next;
    }
    return undefined;
  }
}

function hasIssued(authority: X509Certificate, certificate: X509Certificate): boolean {
  return certificate.checkIssued(authority) && certificate.verify(authority.publicKey);
}

export function validityOf({ validFrom, validTo }: X509Certificate): Validity {
  return { fromMs: Date.parse(validFrom), untilMs: Date.parse(validTo) };
}

function overlap(one: Validity, other: Validity): Validity {
  return { fromMs: Math.max(one.fromMs, other.fromMs), untilMs: Math.min(one.untilMs, other.untilMs) };
}

/** The check of an option: certificates of authorities in PEM, one or several in each text. */
export const authoritiesCheck: option.Check<Authorities, string | readonly string[]> = option.withSchema(
  option.textOrTexts.schema,
  (value, name) => {
    const texts = option.textOrTexts(value, name);
    return new Authorities(
      texts.flatMap((text, index) => certificatesIn(text, texts.length > 1 ? `${name}[${index}]` : name)),
    );
  },
);

function certificatesIn(text: string, name: string): readonly X509Certificate[] {
  const blocks = text.match(PEM) ?? [];
  try {
    const certificates = blocks.map((block) => new X509Certificate(block));
    if (certificates.length > 0 && certificates.every(({ ca }) => ca)) return certificates;
  } catch {
    // The message may quote the text.
  }
  throw option.invalid(name, 'must be certificates of authorities in PEM');
}
