import type { FastifyRequest } from 'fastify';

/** A route whose parameters are whole segments, with a wildcard at its end: which operation it runs, its path tells. */
const WILDCARD = /^(?:\/(?::\w+|[^:*()]*))*\/?\*$/;

/**
 * The path that Fastify has routed to a wildcard, where a hook has set another URL since. Undefined for other routes, and
 * where the URL still says the same.
 */
export function routedPath({ routeOptions, params, raw }: FastifyRequest): string | undefined {
  const { url } = routeOptions;
  if (url === undefined || !WILDCARD.test(url)) return undefined;
  const values = params as Readonly<Record<string, string>>;
  const path = url.replace(/:(\w+)|\*/g, (part, name?: string) => encoded(values[name ?? part] ?? ''));
  return isAlike(path, (raw.url ?? '').split('?', 1)[0] as string) ? undefined : path;
}

function encoded(value: string): string {
  return value.split('/').map(encodeURIComponent).join('/');
}

/** Fastify may ignore case and slashes; whoever spells a path so asks for the same route. */
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
