import { checkedDetail, checkedReason } from './verdict-members.js';

/**
 * What is wrong with a request that nobody may send, whoever it is: it can be read in more than one way (400), what it names is
 * not there (404), its body is too large (413).
 */
export type UnfitKind = 'unroutable' | 'undeclared' | 'oversized';

/**
 * Thrown by a guard that finds the request itself unfit. It is no bug of the guard, and no refusal of the caller: the answer has
 * no challenge. `reason` is a stable code in snake_case, and `detail` tells the operator more; it must hold no secret.
 * @example
 * const oneTenant = guard('one-tenant', (_principal, request) => {
 *   if (request.headerLines('x-tenant').length > 1) throw new UnfitRequestError('unroutable', 'tenant_ambiguous');
 *   return true;
 * });
 */
export class UnfitRequestError extends Error {
  readonly kind: UnfitKind;
  readonly reason: string;
  readonly detail: string | undefined;

  /** @throws {TypeError} for a reason that is no code in snake_case of at most 64 characters */
  constructor(kind: UnfitKind, reason: string, detail?: string) {
    super(`the request is unfit: ${checkedReason(reason)}`);
    this.kind = kind;
    this.reason = reason;
    this.detail = checkedDetail(detail);
  }
}
