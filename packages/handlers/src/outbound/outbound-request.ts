import type { Eventually, Standing } from '@sallyport/core/extend';
import type { Abandoned } from './abandoned.js';
import type { SentRequest } from './connections/connections.js';

/** One call to another server. */
export interface OutboundRequest {
  readonly url: URL;
  readonly method: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | undefined;
  /** Media types that are accepted as an answer, in lower case, without parameters. */
  readonly mediaTypes: readonly string[];
  /** Limit of the body. */
  readonly maxBytes: number;
  /** Whether the body of a refusal is an answer all the same. Default: none is. */
  readonly isAnswer?: ((body: Buffer) => boolean) | undefined;
  /** The statuses of refusals whose body may be an answer. Default: 401 and 403. */
  readonly refusals?: readonly number[] | undefined;
}

/** A request, or what makes it. */
export type PendingRequest = OutboundRequest | (() => Eventually<OutboundRequest>);

/** The caller whose credential a call carries. */
export interface Caller {
  readonly credential: string;
  readonly address: string | undefined;
  readonly standing: Standing;
  /** Tells when no caller waits for the answer any more: a signal, or the `abandonment` of `Waiters`, which costs less. */
  readonly abandoned?: Abandoned | undefined;
}

/** The request as it goes over a connection. Codings of the answer that nobody undoes on the way are not asked for. */
export function sentRequest(
  { url, method, headers: given, body, mediaTypes }: OutboundRequest,
  undoCodings: boolean,
): SentRequest {
  const accept = mediaTypes.join(', ');
  // A literal that begins with the spread would take V8 ten times as long (bench: introspection).
  const headers: Record<string, string> = { accept, ...given };
  headers['accept'] = accept;
  if (!undoCodings) headers['accept-encoding'] = 'identity';
  return { path: `${url.pathname}${url.search}`, method, headers, body: body ?? null };
}
