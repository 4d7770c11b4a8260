import * as option from '../../../options/options.js';
import { type IoredisClient, ioredisChannels, ioredisCommands } from './ioredis.js';
import { type NodeRedisClient, nodeRedisChannels, nodeRedisCommands } from './node-redis.js';
import type { RedisChannels, RedisCommands } from './redis-commands.js';

/**
 * A client of node-redis (a client, a pool or a Cluster) or of ioredis (`Redis` or `Cluster`). The application connects
 * it, listens to its errors and closes it. Set `disableOfflineQueue` (ioredis: `enableOfflineQueue: false`), so that an
 * unreachable server costs no time.
 */
export type RedisClient = NodeRedisClient | IoredisClient;

/** A connection of its own for subscriptions, of either library: `client.duplicate()`. */
export type RedisSubscriber = RedisClient;

const RULE = 'must be a client of node-redis or ioredis';

/** The check of an option that is a client, which is recognised by its methods. Keeps what the stores need of it. */
export const redisClient: option.Check<RedisCommands, RedisClient> = recognised(nodeRedisCommands, ioredisCommands, []);

/** As `redisClient`, for a connection that subscribes. */
export const redisSubscriber: option.Check<RedisChannels, RedisSubscriber> = recognised(
  nodeRedisChannels,
  ioredisChannels,
  ['subscribe', 'unsubscribe'],
);

function recognised<Bound>(
  ofNodeRedis: (client: NodeRedisClient) => Bound,
  ofIoredis: (client: IoredisClient) => Bound,
  methods: readonly string[],
): option.Check<Bound, RedisClient> {
  return option.withSchema(undefined, (value, name) => {
    const has = (method: string) => typeof (value as Record<string, unknown> | undefined)?.[method] === 'function';
    if (typeof value !== 'object' || value === null) throw option.invalid(name, RULE);
    const missing = methods.filter((method) => !has(method));
    if (missing.length > 0) throw option.invalid(name, `${RULE} that can subscribe`);
    // ioredis has a `sendCommand` as well, which takes something else.
    if (has('call')) return ofIoredis(value as IoredisClient);
    if (has('getSentinelNode')) throw option.invalid(name, `${RULE}, and no client of Sentinel`);
    if (has('sendCommand')) return ofNodeRedis(value as NodeRedisClient);
    throw option.invalid(name, RULE);
  });
}
