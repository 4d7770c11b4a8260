import { mark } from '../brand/brand.js';
import type { Principal } from '../principal/principal.js';
import type { HeaderLine } from './verdict-members.js';

/**
 * The verdict that grants. Only `authenticated()` makes one, and the cache, which keeps a copy that knows more. It has a brand
 * of its own: a class above all verdicts would see too many shapes to be fast (bench: jwt).
 */
export class AuthenticatedVerdict {
  /** Of the copy in a cache. Is the brand as well: a field of its own would cost 8 bytes (bench: cache). */
  readonly #freshUntilMs: number;
  readonly principal: Principal;
  /** A verdict without any has no room for them, which would cost it 8 bytes (bench: cache). */
  declare readonly headers: readonly HeaderLine[];

  static {
    mark(this, 'verdict');
    Object.assign(this.prototype, { headers: Object.freeze([]) });
  }

  get kind(): 'authenticated' {
    return 'authenticated';
  }

  static made(value: unknown): boolean {
    return typeof value === 'object' && value !== null && #freshUntilMs in value;
  }

  static freshUntilMs(verdict: AuthenticatedVerdict): number {
    return verdict.#freshUntilMs;
  }

  constructor(principal: Principal, headers: readonly HeaderLine[], freshUntilMs = 0) {
    this.#freshUntilMs = freshUntilMs;
    this.principal = principal;
    if (headers.length > 0) this.headers = headers;
    Object.freeze(this);
  }
}
