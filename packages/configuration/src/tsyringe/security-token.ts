import type { SecurityToken } from '@sallyport/core/extend';
import type { InjectionToken } from './container.js';

/** Makes a token of your own, for a service that your handlers need. */
export function securityToken<Value>(name: string): SecurityToken<Value> {
  return Symbol.for(name);
}

/** The name of a token in messages. */
export function nameOf(token: InjectionToken): string {
  if (typeof token === 'symbol') return token.description ?? 'a token without a name';
  return typeof token === 'function' ? token.name : String(token);
}
