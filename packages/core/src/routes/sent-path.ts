import { withoutSlash } from '../request/path-template.js';
import { folded, type TemplateSegment } from '../request/template-segment.js';

/** Upper case, a percent sign, a trailing slash: only such paths can be read differently by another router. */
const SPELT_ODDLY = /[A-Z%]|.\/$/;

/** The segments of a requested path, as routers read them. */
export class SentPath {
  readonly sent: readonly string[];
  /** Decoded but for reserved characters (RFC 3986 2.2). */
  readonly decoded: readonly string[];
  /** Decoded completely, without regard to case and to a slash at the end. */
  readonly folded: readonly string[];
  /** Folded, but not decoded. */
  readonly encoded: readonly string[];
  /** Whether these differ. */
  readonly isSpeltOddly: boolean;

  /** Throws if the percent-encoding cannot be read. */
  constructor(path: string) {
    const segments = path.slice(1).split('/');
    this.sent = segments;
    this.isSpeltOddly = SPELT_ODDLY.test(path);
    if (path.includes('%')) {
      this.decoded = segments.map(decodeURI);
      this.folded = withoutSlash(segments.map(folded));
      this.encoded = segments.map((segment) => segment.toLowerCase());
    } else {
      this.decoded = segments;
      this.folded = withoutSlash(this.isSpeltOddly ? folded(path).slice(1).split('/') : segments);
      this.encoded = this.folded;
    }
  }

  /** Undefined for what is no path, and for one that cannot be decoded: it belongs to no operation. */
  static of(path: string): SentPath | undefined {
    if (!path.startsWith('/')) return undefined;
    try {
      return new this(path);
    } catch {
      return undefined;
    }
  }

  /** Whether a segment of a template matches this one, whatever a router ignores. */
  fits(segment: TemplateSegment, index: number): boolean {
    return (
      segment.matchesFolded(this.folded[index] as string) ||
      (this.encoded !== this.folded && segment.matchesFolded(this.encoded[index] as string))
    );
  }
}
