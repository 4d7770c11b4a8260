import { type HandlerKind, option, ownMember } from '@sallyport/core/extend';
import type { RedisClient } from '@sallyport/core/redis';
import { ApiKeyHandler } from '../api-key/api-key-handler.js';
import type { ApiKeyHandlerOptions } from '../api-key/api-key-options.js';
import { RedisApiKeyStore, type RedisApiKeyStoreOptions } from './redis-api-key-store.js';

/** The options of a handler whose keys are in Redis: `store` is `{ redis: {} }`, where `secret` is by default that of the keys. */
export interface RedisApiKeyKindOptions extends Omit<ApiKeyHandlerOptions, 'store'> {
  readonly store: ApiKeyHandlerOptions['store'] | { readonly redis: Partial<RedisApiKeyStoreOptions> };
}

/**
 * The kind `api-key` of configuration files, over a client of the application: `store` may also be `{ redis: {} }`.
 * @example
 * const client = createClient();
 * await client.connect();
 * const chain = await chainFrom('security.yaml', { kinds: { ...builtInHandlers, ...redisApiKeys({ client }) } });
 */
export function redisApiKeys({ client }: { readonly client: RedisClient }): {
  readonly 'api-key': HandlerKind<RedisApiKeyKindOptions>;
} {
  return Object.freeze({
    'api-key': {
      options: { owner: 'ApiKeyHandlerOptions' },
      handler(options, { name, clock, directory, revocations }) {
        const given = ownMember(options, 'store') as { readonly redis?: Partial<RedisApiKeyStoreOptions> } | undefined;
        const redis = given === undefined ? undefined : ownMember(Object(given) as typeof given, 'redis');
        const store =
          redis === undefined
            ? given
            : new RedisApiKeyStore(
                {
                  secret: options.secret,
                  ...(option.plainObject(redis, 'ApiKeyHandlerOptions.store.redis') as object),
                },
                { client, clock },
              );
        const settings = { name, ...options, store } as ApiKeyHandlerOptions;
        return new ApiKeyHandler(settings, { clock, directory, revocations });
      },
    } satisfies HandlerKind<RedisApiKeyKindOptions>,
  });
}
