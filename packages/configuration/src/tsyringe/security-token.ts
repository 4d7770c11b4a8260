import type { SecurityToken } from '@sallyport/core/extend';

/** A token of your own, for what your handlers need. */
export function securityToken<Value>(name: string): SecurityToken<Value> {
  return Symbol.for(name);
}

/** How a token is called in messages. */
export function nameOf(token: symbol): string {
  return token.description ?? 'a token without a name';
}
