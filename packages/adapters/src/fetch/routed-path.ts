import { targetOf } from '../node/same-request.js';

/**
 * The target by which a framework routes a Request, where that is not the one of its URL, as with Hono's `getPath`.
 * Hono tells the path decoded, and without a slash at the end where it is told to ignore one.
 */
export function routedTarget(url: string, path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  const target = targetOf(url);
  if (isPathOf(target, path)) return undefined;
  const encoded = path.replace(/[^\w\-.~!$&'()*+,;=:@%/]/gu, encodeURIComponent);
  const query = target.indexOf('?');
  return isPathOf(target, encoded) ? undefined : encoded + (query === -1 ? '' : target.slice(query));
}

function isPathOf(target: string, path: string): boolean {
  return target.startsWith(path) && /^\/?(?:\?|$)/.test(target.slice(path.length));
}
