import type { Eventually, Standing } from '@sallyport/core/extend';

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
  /** Aborted when no caller waits for the answer any more. */
  readonly abandoned?: AbortSignal | undefined;
}
