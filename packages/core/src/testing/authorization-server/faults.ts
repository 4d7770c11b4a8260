import type { ServerResponse } from 'node:http';

/** What can go wrong: a status, an answer that is no answer, silence, a connection that breaks. */
export type Fault =
  | { readonly status: number; readonly retryAfterSeconds?: number | undefined }
  | { readonly body: string; readonly contentType?: string | undefined }
  | 'hang'
  | 'reset';

export function answerWithFault(fault: Fault, response: ServerResponse): void {
  // The connection stays open until either side closes it.
  if (fault === 'hang') return;
  if (fault === 'reset') {
    response.destroy();
    return;
  }
  if ('body' in fault) {
    response.writeHead(200, { 'content-type': fault.contentType ?? 'application/json' }).end(fault.body);
    return;
  }
  const { status, retryAfterSeconds } = fault;
  response.writeHead(status, retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }).end();
}
