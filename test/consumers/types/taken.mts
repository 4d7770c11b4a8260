// For the compiler every class is one: an ES module takes what a CommonJS file has made.
import { expressSecurity } from '@sallyport/adapters/express';
import { anyOf, type Revocations, requireScopes, SecurityChain } from '@sallyport/core';
import { IntrospectionHandler, type IntrospectionHandlerOptions } from '@sallyport/handlers/introspection';
import type { SignatureAlgorithm } from '@sallyport/handlers/jwt';
import { chain, key, revocations, scoped, store } from './made.cjs';

export const secure = expressSecurity(chain);
export const same: Revocations = revocations;
export const together = (options: IntrospectionHandlerOptions): SecurityChain =>
  new SecurityChain({ requirement: anyOf(key, new IntrospectionHandler(options, { revocations, store })) });

// @ts-expect-error a number is no requirement: types were found
export const refused = (): SecurityChain => new SecurityChain({ requirement: 1 });

export const readers = expressSecurity(scoped)(requireScopes('orders:read'));
// @ts-expect-error the scope is `orders:read`
expressSecurity(scoped)(requireScopes('orders:raed'));
export const algorithm: SignatureAlgorithm = 'RS256';
// @ts-expect-error the algorithm is `RS256`
export const misspelt: SignatureAlgorithm = 'RS265';
