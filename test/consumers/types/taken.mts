// For the compiler every class is one: an ES module takes what a CommonJS file has made.
import { expressSecurity } from '@sallyport/adapters/express';
import { anyOf, type Revocations, SecurityChain } from '@sallyport/core';
import { IntrospectionHandler, type IntrospectionHandlerOptions } from '@sallyport/handlers/introspection';
import { chain, key, revocations, store } from './made.cjs';

export const secure = expressSecurity(chain);
export const same: Revocations = revocations;
export const together = (options: IntrospectionHandlerOptions): SecurityChain =>
  new SecurityChain({ requirement: anyOf(key, new IntrospectionHandler(options, { revocations, store })) });

// @ts-expect-error a number is no requirement: types were found
export const refused = (): SecurityChain => new SecurityChain({ requirement: 1 });
