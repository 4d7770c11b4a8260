import type { IncomingMessage, ServerResponse } from 'node:http';
import type { DeniedDecision, ProblemFormatter } from '@sallyport/core';

/** The error body of WSO2's REST APIs. */
export interface Wso2Error {
  readonly code: number;
  readonly message: string;
  readonly description: string;
  readonly moreInfo: string;
  readonly error: readonly { readonly code: string; readonly message: string }[];
}

export function wso2Error(code: number, message: string, description: string, moreInfo = ''): Wso2Error {
  return { code, message, description, moreInfo, error: [] };
}

/** Writes the refusals of the chain in the same shape. The public code is the only item of the list. */
export const wso2Format: ProblemFormatter = ({ status, title, detail, code, correlationId }) => ({
  contentType: 'application/json',
  body: JSON.stringify({
    ...wso2Error(status, title, detail, correlationId),
    error: [{ code, message: detail }],
  }),
});

/** Writes a refusal as WSO2 does: a missing scope gets the same answer as missing credentials. */
export function refuseAsWso2(denied: DeniedDecision, _request: IncomingMessage, response: ServerResponse): void {
  const lacksScope = denied.status === 403;
  response.writeHead(lacksScope ? 401 : denied.status, denied.headers.flat());
  response.end(lacksScope ? JSON.stringify(wso2Error(401, '', 'Unauthenticated request')) : denied.body);
}

/** Answers with an error body. `moreInfo` is an identifier of the failure, for questions to the operator. */
export function sendWso2Error(
  response: ServerResponse,
  status: number,
  message: string,
  description: string,
  moreInfo?: string,
): void {
  response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' });
  response.end(JSON.stringify(wso2Error(status, message, description, moreInfo)));
}
