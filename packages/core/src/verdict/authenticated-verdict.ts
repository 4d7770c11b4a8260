import { mark } from '../brand/brand.js';
import type { Principal } from '../principal/principal.js';
import type { HeaderLine } from './verdict-members.js';

/**
 * The verdict that grants. Only `authenticated()` makes one, and the cache, which keeps a copy that knows more. It has a brand
 * of its own: a class above all verdicts would see too many shapes to be fast (bench: jwt).
 */
export class AuthenticatedVerdict {
  readonly #brand = true;
  readonly kind = 'authenticated';
  readonly principal: Principal;
  readonly headers: readonly HeaderLine[];

  static {
    mark(this, 'verdict');
  }

  static made(value: unknown): boolean {
    return typeof value === 'object' && value !== null && #brand in value;
  }

  constructor(principal: Principal, headers: readonly HeaderLine[]) {
    this.principal = principal;
    this.headers = headers;
    Object.freeze(this);
  }
}
