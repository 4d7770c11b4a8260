import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';

export type NodeRequest = IncomingMessage | Http2ServerRequest;
export type NodeResponse = ServerResponse | Http2ServerResponse;

/** False when the answer has begun already or nobody is left to read it. */
export function isAnswerable(response: NodeResponse): boolean {
  return !(response.headersSent || isOver(response));
}

/** Whether somebody else has answered, or nobody is left to be answered: the application is not run any more. */
export function isOver(response: NodeResponse): boolean {
  return response.writableEnded || (isDestroyed(response) ?? isStreamDestroyed(response as Http2ServerResponse));
}

/** Undefined for HTTP/2, whose responses have no `destroyed` of their own. Reading `stream` is slow on Express (bench: adapters). */
function isDestroyed(response: NodeResponse): boolean | undefined {
  return response.destroyed;
}

/** A mock has neither. */
function isStreamDestroyed({ stream }: Partial<Http2ServerResponse>): boolean {
  return stream?.destroyed ?? false;
}
