import { type IncomingRequest, isPreflight } from '@sallyport/core/extend';
import { grantedTo } from './grant.js';

export { isPreflight };

/**
 * Whether a preflight that was let through is still one. Letting it through took away what chains in front had granted, so
 * that these know it by the missing grant.
 */
export function staysLetThrough(
  carrier: object,
  { method, rawHeaders }: Pick<IncomingRequest, 'method' | 'rawHeaders'>,
  allowPreflight: boolean,
): boolean {
  return (allowPreflight || grantedTo(carrier) === undefined) && isPreflight(method, rawHeaders);
}
