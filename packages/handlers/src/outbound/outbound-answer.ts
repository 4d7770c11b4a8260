import type { IncomingHttpHeaders } from 'node:http';
import { UpstreamError } from '@sallyport/core';
import { keepSpecimen } from '@sallyport/core/extend';
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
 * Media types that some servers give to JSON. They are accepted where JSON is asked for, and the content alone decides.
 * Any other type, such as a signed answer (RFC 9701 4), must have its exact name.
 */
const OTHER_JSON_TYPES: readonly string[] = [
  '',
  'text/plain',
  'text/json',
  'application/octet-stream',
  'binary/octet-stream',
];

/**
 * An answer that is still coming in. Redirects, other statuses and other media types are failures: only an answer that
 * was asked for says something about a token. A compressed body is read although nobody asked for it (RFC 9110 8.4).
 * The limit holds before and after that.
 */
export class IncomingAnswer {
  static {
    keepSpecimen(new this({} as OutboundRequest, false));
  }

  readonly #request: OutboundRequest;
  readonly #isDecoded: boolean;
  readonly #chunks: Buffer[] = [];
  #headers: IncomingHttpHeaders | undefined;
  #size = 0;
  /** A refusal whose body may be a usable answer. If the body is none, the call fails with this refusal. */
  #refusal: UnexpectedStatus | undefined;

  /** @param isDecoded whether the codings of the body are undone on the way; the limit holds behind that */
  constructor(request: OutboundRequest, isDecoded: boolean) {
    this.#request = request;
    this.#isDecoded = isDecoded;
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
    const coding = this.#isDecoded ? '' : codingOf(headers['content-encoding']);
    const body = decoded(bytes, coding, this.#request.maxBytes);
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

/** Tells an operator where a problem is. */
export function problemAt(url: URL, problem: string): string {
  return `${placeOf(url)}: ${problem}`;
}

/** An address for operators. The query is left out: it may hold a secret. */
export function placeOf(url: URL): string {
  return `${url.origin}${url.pathname}`.slice(0, MAX_SHOWN);
}

/** Bad Request, Content Too Large, Unprocessable Content (RFC 9110 15.5). */
const STATUSES_OF_A_REQUEST: readonly number[] = [400, 413, 422];

/** No connection was made. Nothing that a caller sends can cause that. */
export class Unconnected extends UpstreamError {}

/**
 * The request was sent and no usable answer came. The sent content may be the cause.
 * @example
 * const answer = await client.send(call).catch((error) => {
 *   if (error instanceof Unanswered) log.warn('it was sent, and may have been done');
 *   return unavailable(error);
 * });
 */
export class Unanswered extends UpstreamError {}

/**
 * A status that is not 200.
 * @example
 * const answer = await client.send(call).catch((error) => {
 *   return error instanceof UnexpectedStatus && error.status === 404 ? denied('key_unknown') : unavailable(error);
 * });
 */
export class UnexpectedStatus extends Unanswered {
  readonly status: number;

  constructor(status: number, { url, retryAfterSeconds }: { url: URL; retryAfterSeconds: number | undefined }) {
    const message = problemAt(url, `the answer has status ${status}`);
    super('ERR_SALLYPORT_UPSTREAM_STATUS', message, retryAfterSeconds === undefined ? {} : { retryAfterSeconds });
    this.status = status;
  }

  /** The server works and rejects this one request. Some servers answer 400 to every token that looks like a JWT. */
  get isAboutRequest(): boolean {
    return STATUSES_OF_A_REQUEST.includes(this.status);
  }

  /** The server refused the handler, or something in between refused the content. Only other calls show which. */
  get isRefusal(): boolean {
    return REFUSALS.includes(this.status);
  }
}

/** Without parameters, in lower case; "" where there is none. */
function mediaTypeOf(contentType: unknown): string {
  if (contentType === JSON_TYPE) return JSON_TYPE;
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

/** Shows a text of the other server only if it looks like a name. */
function shownToken(text: string): string {
  return TOKENS.test(text) ? text : '(not shown)';
}

/** Removes a byte order mark. JSON must not begin with one, but parsers may ignore it (RFC 8259 8.1). */
function withoutByteOrderMark(body: Buffer): Buffer {
  return body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf ? body.subarray(3) : body;
}
