import type { IncomingHttpHeaders } from 'node:http';
import { UpstreamError } from '@sallyport/core';

/** A complete, usable answer: nothing but status 200 with an accepted media type gets here. */
export interface OutboundAnswer {
  readonly headers: Readonly<IncomingHttpHeaders>;
  readonly body: Buffer;
}

const MAX_RETRY_AFTER_SECONDS = 60;

/**
 * What is wrong with the head of an answer. Redirects, other statuses, media types and encodings are failures: an answer
 * that was not asked for is nobody's word about a token.
 */
export function headFault(
  status: number,
  headers: IncomingHttpHeaders,
  mediaTypes: readonly string[],
): Unanswered | undefined {
  if (status !== 200) return new UnexpectedStatus(status, askedSeconds(headers['retry-after']));
  const isIdentity = (headers['content-encoding'] ?? 'identity') === 'identity';
  if (isIdentity && mediaTypes.includes(mediaTypeOf(headers['content-type']))) return undefined;
  return unusable('the answer has another media type or encoding than was asked for');
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

  constructor(status: number, retryAfterSeconds: number | undefined) {
    super(
      'ERR_SALLYPORT_UPSTREAM_STATUS',
      `the answer has status ${status}`,
      retryAfterSeconds === undefined ? {} : { retryAfterSeconds },
    );
    this.status = status;
  }

  /** The other server is well and finds fault with this one request: some say 400 to whatever looks like a JWT. */
  get isAboutRequest(): boolean {
    return STATUSES_OF_A_REQUEST.includes(this.status);
  }

  /** Who asked may not ask, or what was asked displeased somebody on the way: only other calls tell which. */
  get isRefusal(): boolean {
    return this.status === 401 || this.status === 403;
  }
}

export function unusable(message: string): Unanswered {
  return new Unanswered('ERR_SALLYPORT_UPSTREAM_BODY', message);
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
