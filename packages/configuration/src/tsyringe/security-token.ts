import type { InjectionToken } from './container.js';

declare const VALUE: unique symbol;

/** Names a service. Equal names make equal tokens, also across two copies of a package. */
export type SecurityToken<Value> = symbol & { readonly [VALUE]?: Value };

/**
 * Makes a token of your own, for a service that your handlers need.
 * @example
 * const directory = securityToken<Map<string, string>>('orders/directory');
 * container.register(directory, { useValue: new Map([['alice', 'acme']]) });
 */
export function securityToken<Value>(name: string): SecurityToken<Value> {
  return Symbol.for(name);
}

/** The name of a token in messages. */
export function nameOf(token: InjectionToken): string {
  if (typeof token === 'symbol') return token.description ?? 'a token without a name';
  return typeof token === 'function' ? token.name : String(token);
}

/** A token of Sallyport. */
export function ownToken<Value>(name: string): SecurityToken<Value> {
  return securityToken(`@sallyport/configuration/${name}`);
}
