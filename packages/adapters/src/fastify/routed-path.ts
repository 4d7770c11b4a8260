import type { FastifyRequest } from 'fastify';

/** A route with a wildcard at its end, whose parameters are whole segments. The path tells which operation it runs. */
const WILDCARD = /^(?:\/(?::\w+|[^:*()]*))*\/?\*$/;

export function isWildcard(url: string): boolean {
  return WILDCARD.test(url);
}

/**
 * The path that Fastify has routed to a wildcard, if a hook has set another URL since. Undefined when the URL still leads
 * to the same path.
 */
export function routedPath(wildcard: string, { params, raw }: FastifyRequest): string | undefined {
  const values = params as Readonly<Record<string, string>>;
  const path = wildcard.replace(/:(\w+)|\*/g, (part, name?: string) => encoded(values[name ?? part] ?? ''));
  return isAlike(path, (raw.url ?? '').split('?', 1)[0] as string) ? undefined : path;
}

function encoded(value: string): string {
  return value.split('/').map(encodeURIComponent).join('/');
}

/** True when both paths lead to the same route: Fastify may ignore case and slashes. */
function isAlike(path: string, other: string): boolean {
  return plain(path) === plain(other);
}

function plain(path: string): string {
  try {
    return decodeURIComponent(path).toLowerCase().replace(/\/+/g, '/').replace(/\/$/, '');
  } catch {
    return path;
  }
}
