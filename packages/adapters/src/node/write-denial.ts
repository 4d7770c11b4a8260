import type { PublicAnswer } from '@sallyport/core';
import type { HeaderLine } from '@sallyport/core/extend';
import { isAnswerable, type NodeResponse } from './node-message.js';

const NO_FIELDS: ReadonlyMap<string, string | string[]> = new Map();

/** Writes a refusal, or what the decider publishes, if the response can still be written. */
export function writeDenial(response: NodeResponse, { status, headers, body }: PublicAnswer): void {
  if (!isAnswerable(response)) return;
  response.statusCode = status;
  setHeaderLines(response, headers);
  response.setHeader('content-length', Buffer.byteLength(body));
  response.end(body);
}

/** Lines of one name stay apart: each challenge is a line of its own. An answer that has begun takes no more. */
export function setHeaderLines(response: NodeResponse, lines: readonly HeaderLine[]): void {
  if (lines.length === 0 || response.headersSent) return;
  for (const [name, value] of headerFields(lines)) response.setHeader(name, value);
}

/**
 * Header lines by name, in the order of their first lines. Names are in lower case, as HTTP/2, Fastify and fetch
 * write them, so that an answer has the same bytes wherever it is written.
 */
export function headerFields(lines: readonly HeaderLine[]): ReadonlyMap<string, string | string[]> {
  // Most granted requests have no headers. A map for each would cost more than all else here (bench: adapters).
  if (lines.length === 0) return NO_FIELDS;
  const fields = new Map<string, string | string[]>();
  for (const [line, value] of lines) {
    const name = line.toLowerCase();
    const earlier = fields.get(name);
    fields.set(name, earlier === undefined ? value : [earlier, value].flat());
  }
  return fields;
}

/**
 * Runs the application's own answer to a refusal; what it throws or rejects with goes where errors go. It always goes there as
 * an error: frameworks take some other values, such as undefined or 'route', for a sign to go on.
 */
export function answerBy(hook: () => unknown, failed: (error: Error) => void): void {
  new Promise((resolve) => resolve(hook())).catch((cause: unknown) =>
    failed(cause instanceof Error ? cause : new Error('onDenied failed', { cause })),
  );
}
