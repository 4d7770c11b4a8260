import type { LimitUses } from '../request/limit-uses.js';
import type { HeaderLine } from '../verdict/verdict.js';

const NONE: readonly HeaderLine[] = Object.freeze([]);

/**
 * The fields that tell callers of their limits (draft-ietf-httpapi-ratelimit-headers-10): one line of each, however many
 * limits there are.
 */
export function limitFields(uses: LimitUses | undefined): readonly HeaderLine[] {
  const told = uses?.told ?? [];
  if (told.length === 0) return NONE;
  return [
    ['RateLimit-Policy', told.map(({ policy }) => policy).join(', ')],
    ['RateLimit', told.map(({ standing }) => standing).join(', ')],
  ];
}
