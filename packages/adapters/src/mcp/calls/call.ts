/** What a JSON-RPC message of MCP asks for: a method and, where it names something by which it is routed, that name. */
export interface Call {
  readonly method: string;
  /** Undefined where the method names nothing, or the message does not say it. */
  readonly name: string | undefined;
}

export const TOOL_CALL = 'tools/call';
export const TOOL_LIST = 'tools/list';

/** The member of `params` that `Mcp-Name` repeats (MCP 2026-07-28, Streamable HTTP, standard headers). */
const NAMED_BY: ReadonlyMap<string, string> = new Map([
  [TOOL_CALL, 'name'],
  ['prompts/get', 'name'],
  ['resources/read', 'uri'],
  ['tasks/get', 'taskId'],
  ['tasks/update', 'taskId'],
  ['tasks/cancel', 'taskId'],
]);

/** Undefined for methods that name nothing. */
export function namingMember(method: string): string | undefined {
  return NAMED_BY.get(method);
}
