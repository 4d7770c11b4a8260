import type { IncomingHttpHeaders } from 'node:http';
import { UpstreamError } from '@sallyport/core';
import { codingOf, decoded, isKnownCoding } from './content-coding.js';
import type { OutboundRequest } from './outbound-request.js';

/**
 * A complete, usable answer: status 200 with an accepted media type, or a refusal whose body is an answer to the one who
 * asked.
 */
export interface OutboundAnswer {
  readonly headers: Readonly<IncomingHttpHeaders>;
  /** Without its content coding and without a byte order mark. */
  readonly body: Buffer;
}

const MAX_RETRY_AFTER_SECONDS = 60;

const JSON_TYPE = 'application/json';
/** Unauthorized, Forbidden (RFC 9110 15.5). */
const REFUSALS: readonly number[] = [401, 403];

/**
 * What servers call JSON that do not know what a file is, or know the old name. The content alone decides then. Whoever
 * asks for something else, such as a signed answer (RFC 9701 4), gets it by its name or not at all.
 */
const OTHER_JSON_TYPES: readonly string[] = [
  '',
  'text/plain',
  'text/json',
  'application/octet-stream',
  'binary/octet-stream',
];

/**
 * An answer while it comes in. Redirects, other statuses and media types that say that it is something else are failures:
 * an answer that was not asked for is nobody's word about a token. A body that is compressed although nobody asked for
 * that is read (RFC 9110 8.4); its limit counts before and after.
 */
export class IncomingAnswer {
  readonly #request: OutboundRequest;
  readonly #chunks: Buffer[] = [];
  #headers: IncomingHttpHeaders | undefined;
  #size = 0;
  /** A refusal whose body may be an answer all the same. If it is none, the refusal is what is wrong, and nothing else. */
  #refusal: UnexpectedStatus | undefined;

  constructor(request: OutboundRequest) {
    this.#request = request;
  }

  get hasBegun(): boolean {
    return this.#headers !== undefined;
  }

  /** Takes the head; returns what is wrong with it. */
  begin(status: number, headers: IncomingHttpHeaders): Unanswered | undefined {
    const { url, mediaTypes, isAnswer, refusals = REFUSALS } = this.#request;
    if (status !== 200) {
      const retryAfterSeconds = askedSeconds(headers['retry-after']);
      const unexpected = new UnexpectedStatus(status, { url, retryAfterSeconds });
      if (isAnswer === undefined || !refusals.includes(status)) return unexpected;
      this.#refusal = unexpected;
    }
    const mediaType = mediaTypeOf(headers['content-type']);
    if (!mediaTypes.includes(mediaType) && !(mediaTypes.includes(JSON_TYPE) && OTHER_JSON_TYPES.includes(mediaType))) {
      return this.#unusable(`the answer has the media type ${shownToken(mediaType)}`);
    }
    const coding = codingOf(headers['content-encoding']);
    if (!isKnownCoding(coding)) return this.#unusable(`the answer has the content coding ${shownToken(coding)}`);
    this.#headers = headers;
    return undefined;
  }

  /** Takes a part of the body; returns what is wrong with it. */
  add(chunk: Buffer): Unanswered | undefined {
    this.#size += chunk.length;
    if (this.#size > this.#request.maxBytes) return this.#tooLong();
    this.#chunks.push(chunk);
    return undefined;
  }

  end(): OutboundAnswer | Unanswered {
    const headers = this.#headers as IncomingHttpHeaders;
    const [first] = this.#chunks;
    const bytes = this.#chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.#chunks, this.#size);
    const body = decoded(bytes, codingOf(headers['content-encoding']), this.#request.maxBytes);
    if (body === 'too_long') return this.#tooLong();
    if (body === 'broken') return this.#unusable('the answer does not fit its content coding');
    const content = withoutByteOrderMark(body);
    if (this.#refusal !== undefined && this.#request.isAnswer?.(content) !== true) return this.#refusal;
    return { headers, body: content };
  }

  #tooLong(): Unanswered {
    return this.#unusable(`the answer is longer than ${this.#request.maxBytes} bytes`);
  }

  #unusable(problem: string): Unanswered {
    return this.#refusal ?? new Unanswered('ERR_SALLYPORT_UPSTREAM_BODY', problemAt(this.#request.url, problem));
  }
}

const MAX_SHOWN = 120;

/** Tells an operator where a problem is. The query is left out: it may hold a secret. */
export function problemAt(url: URL, problem: string): string {
  return `${`${url.origin}${url.pathname}`.slice(0, MAX_SHOWN)}: ${problem}`;
}

/** Bad Request, Content Too Large, Unprocessable Content (RFC 9110 15.5). */
const STATUSES_OF_A_REQUEST: readonly number[] = [400, 413, 422];

/** No connection came about, which nothing that a caller sends can cause. */
export class Unconnected extends UpstreamError {}

/** The request was sent and no usable answer came: what was sent may be the cause. */
export class Unanswered extends UpstreamError {}

/** A status that is not 200. */
export class UnexpectedStatus extends Unanswered {
  readonly status: number;

  constructor(status: number, { url, retryAfterSeconds }: { url: URL; retryAfterSeconds: number | undefined }) {
    const message = problemAt(url, `the answer has status ${status}`);
    super('ERR_SALLYPORT_UPSTREAM_STATUS', message, retryAfterSeconds === undefined ? {} : { retryAfterSeconds });
    this.status = status;
  }

  /** The other server is well and finds fault with this one request: some say 400 to whatever looks like a JWT. */
  get isAboutRequest(): boolean {
    return STATUSES_OF_A_REQUEST.includes(this.status);
  }

  /** Who asked may not ask, or what was asked displeased somebody on the way: only other calls tell which. */
  get isRefusal(): boolean {
    return REFUSALS.includes(this.status);
  }
}

/** Without parameters, in lower case; "" where there is none. */
function mediaTypeOf(contentType: unknown): string {
  return String(contentType ?? '')
    .split(';', 1)[0]
    ?.trim()
    .toLowerCase() as string;
}

function askedSeconds(retryAfter: unknown): number | undefined {
  const seconds = typeof retryAfter === 'string' && /^\d{1,9}$/.test(retryAfter) ? Number(retryAfter) : undefined;
  return seconds ? Math.min(seconds, MAX_RETRY_AFTER_SECONDS) : undefined;
}

const TOKENS = /^[\w!#$&^.+\-/*, ]{1,80}$/;

/** The other server wrote it, so only what looks like a name is repeated. */
function shownToken(text: string): string {
  return TOKENS.test(text) ? text : '(not shown)';
}

/** RFC 8259 8.1: no JSON text begins with it, but parsers may ignore it. */
function withoutByteOrderMark(body: Buffer): Buffer {
  return body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf ? body.subarray(3) : body;
}
