import type { Authenticated } from '../verdict/verdict.js';

/** A verdict, its principal with empty lists, its key and its place in the cache. */
const FIXED_BYTES = 400;

/** About how much memory a remembered verdict takes: for limits, not for accounting. */
export function footprintBytes({ principal, headers }: Authenticated): number {
  return FIXED_BYTES + sizeOf(principal.claims) + sizeOf(principal.scopes) + sizeOf(principal.roles) + sizeOf(headers);
}

/** Claims are acyclic and at most 32 levels deep: `freezeClaims` saw to it. */
function sizeOf(value: unknown): number {
  if (typeof value === 'string') return 16 + value.length;
  if (typeof value !== 'object' || value === null) return 8;
  let bytes = 56;
  for (const [name, member] of Object.entries(value)) bytes += 8 + name.length + sizeOf(member);
  return bytes;
}
