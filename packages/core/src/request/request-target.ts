/** The path of a request target, still percent-encoded; also of one in absolute-form (RFC 9112 3.2.2). */
export function pathOf(target: string): string {
  const query = target.indexOf('?');
  const end = query === -1 ? target.length : query;
  const start = pathStart(target);
  return start < end || start === 0 ? target.slice(start, end) : '/';
}

/** A request target after the first `?`, not decoded; empty when there is none. */
export function queryOf(target: string): string {
  const query = target.indexOf('?');
  return query === -1 ? '' : target.slice(query + 1);
}

/** The index at which the path begins: after the authority of an absolute-form target, else 0. */
function pathStart(target: string): number {
  if (target.startsWith('/')) return 0;
  const authority = target.indexOf('://');
  if (authority === -1) return 0;
  const slash = target.indexOf('/', authority + 3);
  return slash === -1 ? target.length : slash;
}
