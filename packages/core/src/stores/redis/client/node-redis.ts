import type { RedisChannels, RedisCommands } from './redis-commands.js';

/** What is used of a client, pool or Cluster of node-redis 4, 5 and 6 (the package `redis`). */
export interface NodeRedisClient {
  readonly isReady?: boolean;
  sendCommand(...given: never[]): Promise<unknown>;
}

type SendToServer = (command: readonly string[]) => Promise<unknown>;
type SendToCluster = (key: string, isReadonly: boolean, command: readonly string[]) => Promise<unknown>;

export function nodeRedisCommands(client: NodeRedisClient): RedisCommands {
  const send = client.sendCommand.bind(client) as SendToServer & SendToCluster;
  const isCluster = typeof (client as { nodeClient?: unknown }).nodeClient === 'function';
  return {
    get isReady() {
      return client.isReady !== false;
    },
    // Also reads go to the master: a replica may lag behind.
    send: isCluster ? (key, command) => send(key, false, command) : (_key, command) => send(command),
  };
}

export function nodeRedisChannels(client: NodeRedisClient): RedisChannels {
  return client as unknown as RedisChannels;
}
