import { endsInTarget, targetOf } from '../node/same-request.js';

/**
 * The target by which a framework routes a Request, where that is not the one of its URL, as with Hono's `getPath`.
 * Hono tells the path decoded, and without a slash at the end where it is told to ignore one.
 */
export function routedTarget(url: string, path: string | undefined): string | undefined {
  if (path === undefined || isWholeTarget(url, path)) return undefined;
  const target = targetOf(url);
  if (isPathOf(target, path)) return undefined;
  const encoded = path.replace(/[^\w\-.~!$&'()*+,;=:@%/]/gu, encodeURIComponent);
  const query = target.indexOf('?');
  return isPathOf(target, encoded) ? undefined : encoded + (query === -1 ? '' : target.slice(query));
}

/** Of most requests, which have no query: cuts nothing out of the URL. */
function isWholeTarget(url: string, path: string): boolean {
  return endsInTarget(url, path) && !path.includes('#');
}

/** Whether a target is this path, perhaps with a slash at its end and a query. */
function isPathOf(target: string, path: string): boolean {
  if (!target.startsWith(path)) return false;
  const end = target.startsWith('/', path.length) ? path.length + 1 : path.length;
  return end === target.length || target.startsWith('?', end);
}
