import type { DeniedDecision, HeaderLine } from '@sallyport/core';
import type { NodeResponse } from './node-request-source.js';

/** Writes a refusal as it is. Does nothing when the answer has begun already or nobody is left to read it. */
export function writeDenial(response: NodeResponse, denied: DeniedDecision): void {
  if (response.headersSent || response.writableEnded || response.destroyed) return;
  response.statusCode = denied.status;
  setHeaderLines(response, denied.headers);
  response.setHeader('Content-Length', Buffer.byteLength(denied.body));
  response.end(denied.body);
}

/** Lines of one name stay apart: each challenge is a line of its own. */
export function setHeaderLines(response: NodeResponse, lines: readonly HeaderLine[]): void {
  const byName = new Map<string, string[]>();
  for (const [name, value] of lines) byName.set(name, [...(byName.get(name) ?? []), value]);
  for (const [name, values] of byName) response.setHeader(name, values.length === 1 ? (values[0] as string) : values);
}
