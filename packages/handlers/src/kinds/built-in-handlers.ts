import type { HandlerKind } from '@sallyport/core/extend';
import { type ConfiguredBasicOptions, withUserStore } from '../basic/configured-users.js';
import { BasicHandler } from '../basic/index.js';
import { IntrospectionHandler, type IntrospectionHandlerOptions } from '../introspection/index.js';
import { JwtHandler, type JwtHandlerOptions } from '../jwt/index.js';

// A type, because an interface does not fit `Kinds`.
type BuiltInHandlers = {
  /** Opaque tokens, introspected (RFC 7662). */
  readonly introspection: HandlerKind<IntrospectionHandlerOptions>;
  /** JWT access tokens (RFC 9068). */
  readonly jwt: HandlerKind<JwtHandlerOptions>;
  /** User names and passwords (RFC 7617). */
  readonly basic: HandlerKind<ConfiguredBasicOptions>;
};

/**
 * The handlers of this package by the names that configurations use. Add kinds of your own beside them.
 *
 * @example
 * const chain = await chainFrom('security.yaml', { kinds: { ...builtInHandlers, badge } });
 */
export const builtInHandlers: BuiltInHandlers = Object.freeze({
  introspection: {
    options: { owner: 'IntrospectionHandlerOptions' },
    handler(options, { name, clock, cacheStore: store, revocations }) {
      return new IntrospectionHandler({ name, ...options }, { clock, store, revocations });
    },
  },
  jwt: {
    options: { owner: 'JwtHandlerOptions' },
    handler(options, { name, clock, revocations }) {
      return new JwtHandler({ name, ...options }, { clock, revocations });
    },
  },
  basic: {
    options: { owner: 'BasicHandlerOptions' },
    handler(options, { name, clock, directory, counterStore, revocations }) {
      const users = withUserStore({ name, ...options }, { clock, directory });
      return new BasicHandler(users, { clock, counterStore, revocations });
    },
  },
} satisfies BuiltInHandlers);
