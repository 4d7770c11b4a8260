import type { DeniedDecision, PublicAnswer } from '@sallyport/core';
import { refusedIdOf } from './mcp-decider.js';

/** The codes that servers of MCP answer with, and what they say. */
const ERRORS: ReadonlyMap<string, readonly [code: number, message: string]> = new Map([
  ['mcp_header_mismatch', [-32_020, 'Bad Request: the header fields and the body name different calls']],
  ['mcp_body_unreadable', [-32_700, 'Parse error: the body is no JSON that can be read in one way only']],
  ['mcp_message_invalid', [-32_600, 'Invalid Request: the body is no JSON-RPC message']],
  ['mcp_tool_unnamed', [-32_602, 'Invalid params: the call names no tool']],
  ['mcp_body_too_large', [-32_000, 'Payload Too Large: the body is longer than this server takes']],
  ['mcp_session_unknown', [-32_001, 'Session not found']],
  ['mcp_session_foreign', [-32_001, 'Session not found']],
]);

/** What is wrong with a message is said as a server of MCP says it, and all else as the chain does. */
export function answerTo(denied: DeniedDecision): PublicAnswer {
  const error = ERRORS.get(denied.reason);
  if (error === undefined) return denied;
  const [code, message] = error;
  return {
    status: denied.status,
    headers: denied.headers.map(([name, value]) => [name, name === 'Content-Type' ? 'application/json' : value]),
    body: JSON.stringify({ jsonrpc: '2.0', id: refusedIdOf(denied), error: { code, message } }),
  };
}
