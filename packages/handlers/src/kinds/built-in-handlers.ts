import type { HandlerKind } from '@sallyport/core/extend';
import { basicOptions } from '../basic/basic-options.js';
import { BasicHandler, type BasicHandlerOptions } from '../basic/index.js';
import { IntrospectionHandler, type IntrospectionHandlerOptions } from '../introspection/index.js';
import { introspectionOptions } from '../introspection/introspection-options.js';
import { JwtHandler, type JwtHandlerOptions } from '../jwt/index.js';
import { jwtOptions } from '../jwt/jwt-options.js';

// A type, because an interface does not fit `Kinds`.
type BuiltInHandlers = {
  /** Opaque tokens, introspected (RFC 7662). */
  readonly introspection: HandlerKind<IntrospectionHandlerOptions>;
  /** JWT access tokens (RFC 9068). */
  readonly jwt: HandlerKind<JwtHandlerOptions>;
  /** User names and passwords (RFC 7617). */
  readonly basic: HandlerKind<BasicHandlerOptions>;
};

/**
 * The handlers of this package by the names that configurations use. Add kinds of your own beside them.
 *
 * @example
 * const chain = await chainFrom('security.yaml', { kinds: { ...builtInHandlers, badge } });
 */
export const builtInHandlers: BuiltInHandlers = Object.freeze({
  introspection: {
    options: introspectionOptions,
    handler(options, { name, clock, cacheStore: store, revocations }) {
      return new IntrospectionHandler({ name, ...options }, { clock, store, revocations });
    },
  },
  jwt: {
    options: jwtOptions,
    handler(options, { name, clock, revocations }) {
      return new JwtHandler({ name, ...options }, { clock, revocations });
    },
  },
  basic: {
    options: basicOptions,
    handler(options, { name, clock, directory, counterStore, revocations }) {
      return new BasicHandler({ name, ...options }, { clock, directory, counterStore, revocations });
    },
  },
} satisfies BuiltInHandlers);
