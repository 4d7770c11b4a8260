import { UpstreamError } from '@sallyport/core';
import type { Dispatcher } from 'undici';
import type { OutboundAnswer, OutboundRequest } from './outbound-client.js';

const MAX_RETRY_AFTER_SECONDS = 60;

/**
 * Reads a response up to the limit. Redirects, other statuses, other media types and encodings are failures: an
 * answer that was not asked for is nobody's word about a token.
 * @throws {UpstreamError} ERR_SALLYPORT_UPSTREAM_STATUS, ERR_SALLYPORT_UPSTREAM_BODY
 */
export async function readAnswer(response: Dispatcher.ResponseData, request: OutboundRequest): Promise<OutboundAnswer> {
  const { statusCode, headers, body } = response;
  const mediaType = mediaTypeOf(headers['content-type']);
  const encoding = headers['content-encoding'];
  if (statusCode !== 200 || !request.mediaTypes.includes(mediaType) || (encoding ?? 'identity') !== 'identity') {
    body.on('error', () => {});
    body.destroy();
    if (statusCode !== 200) throw refusedStatus(statusCode, headers['retry-after']);
    throw unusable('the answer has another media type or encoding than was asked for');
  }
  return { status: 200, mediaType, headers, body: await readBody(body, request.maxBytes) };
}

/** By events: an iterator over the body costs as much as everything else about a small answer. */
function readBody(body: Dispatcher.ResponseData['body'], maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    body.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= maxBytes) chunks.push(chunk);
      else body.destroy(unusable(`the answer is longer than ${maxBytes} bytes`));
    });
    body.on('end', () => resolve(Buffer.concat(chunks, size)));
    body.on('error', reject);
    body.on('close', () => {
      if (!body.readableEnded) reject(unusable('the connection ended within the answer'));
    });
  });
}

/** Bad Request, Content Too Large, Unprocessable Content (RFC 9110 15.5). */
const STATUSES_OF_A_REQUEST: readonly number[] = [400, 413, 422];

/** A status that is not 200; 401 and 403 mean that the other server refused the handler itself, not its caller. */
export class UnexpectedStatus extends UpstreamError {
  readonly status: number;

  constructor(status: number, retryAfterSeconds: number | undefined) {
    super(
      'ERR_SALLYPORT_UPSTREAM_STATUS',
      `the answer has status ${status}`,
      retryAfterSeconds === undefined ? {} : { retryAfterSeconds },
    );
    this.status = status;
  }

  /**
   * The other server is well and finds fault with this one request. Who sends tokens can choose such answers (some
   * servers say 400 to whatever looks like a JWT), so they must not suspend the calls for everybody.
   */
  get isAboutRequest(): boolean {
    return STATUSES_OF_A_REQUEST.includes(this.status);
  }
}

function refusedStatus(status: number, retryAfter: string | string[] | undefined): UnexpectedStatus {
  const seconds = typeof retryAfter === 'string' && /^\d{1,9}$/.test(retryAfter) ? Number(retryAfter) : undefined;
  return new UnexpectedStatus(status, seconds && Math.min(seconds, MAX_RETRY_AFTER_SECONDS));
}

function unusable(message: string): UpstreamError {
  return new UpstreamError('ERR_SALLYPORT_UPSTREAM_BODY', message);
}

function mediaTypeOf(contentType: string | string[] | undefined): string {
  return String(contentType ?? '')
    .split(';', 1)[0]
    ?.trim()
    .toLowerCase() as string;
}
