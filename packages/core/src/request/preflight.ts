import { isToken } from '../verdict/http-grammar.js';

/**
 * A CORS preflight and nothing else: a plain OPTIONS request is decided like any other, and so is one with credentials,
 * which no browser sends with a preflight (Fetch Standard, CORS-preflight fetch). Header lines are read as they were
 * received: Node's `headers` keep only the first of two lines in HTTP/2.
 */
export function isPreflight(method: string | undefined, rawHeaders: readonly string[]): boolean {
  if (method !== 'OPTIONS') return false;
  const origin = linesOf('origin', rawHeaders);
  const asked = linesOf('access-control-request-method', rawHeaders);
  return (
    origin.length === 1 &&
    origin[0] !== '' &&
    asked.length === 1 &&
    isToken(asked[0] as string) &&
    linesOf('authorization', rawHeaders).length === 0
  );
}

function linesOf(name: string, rawHeaders: readonly string[]): readonly string[] {
  return rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name);
}
