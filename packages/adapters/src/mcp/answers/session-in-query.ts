import { type SecurityRequest, UnfitRequestError } from '@sallyport/core/extend';

const SESSION_PARAMETER = 'sessionId';

/**
 * The session that a message of protocol version 2024-11-05 names (transport HTTP with SSE, of SDK 1). Parsers read one parameter by
 * several spellings (`sessionId[]`, `[sessionId]`), and take the first or the last of several. So it has to stand there once, as
 * that transport writes it. Its messages are posted: with another method, a server might read a body that nobody has looked at.
 * @throws {UnfitRequestError} for every other way to name a session
 */
export function sessionInQuery({ method, query }: Pick<SecurityRequest, 'method' | 'query'>): string | undefined {
  if (query === '') return undefined;
  const [first, ...others] = query.split(/[&;]/).filter(namesSession);
  if (first === undefined) return undefined;
  if (others.length > 0 || !first.startsWith(`${SESSION_PARAMETER}=`) || method !== 'POST')
    throw new UnfitRequestError('undeclared', 'mcp_session_unknown');
  return new URLSearchParams(first).get(SESSION_PARAMETER) ?? undefined;
}

function namesSession(parameter: string): boolean {
  const [name = ''] = new URLSearchParams(parameter).keys();
  return name.split(/[^\w-]+/).some((word) => word.toLowerCase() === SESSION_PARAMETER.toLowerCase());
}
