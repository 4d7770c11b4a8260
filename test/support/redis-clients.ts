import { once } from 'node:events';
import type { RedisClient, RedisSubscriber } from '@sallyport/core/redis';
import { Redis as Ioredis } from 'ioredis';
import { Redis as Ioredis5 } from 'ioredis5';
import { createClient, createClientPool } from 'redis';
import { createClient as createClient4 } from 'redis4';
import { createClient as createClient5 } from 'redis5';

/** Two connections of one library: one for commands, and one that subscribes. */
export interface Connections {
  readonly client: RedisClient;
  readonly subscriber: RedisSubscriber;
  close(): unknown;
}

const HOST = '127.0.0.1';

interface NodeRedis {
  on(event: 'error', listener: () => void): unknown;
  connect(): Promise<unknown>;
}

async function nodeRedis<Client extends NodeRedis & RedisClient>(
  create: (options: { socket: { port: number; host: string; reconnectStrategy: () => number } }) => Client,
  port: number,
  end: (client: Client) => unknown,
): Promise<Connections> {
  const options = { socket: { port, host: HOST, reconnectStrategy: () => 20 }, disableOfflineQueue: true };
  const [client, subscriber] = [create(options), create(options)];
  for (const each of [client, subscriber]) {
    each.on('error', () => {});
    await each.connect();
  }
  return { client, subscriber, close: () => [client, subscriber].map(end) };
}

async function ioredis(Client: typeof Ioredis, port: number): Promise<Connections> {
  const options = { enableOfflineQueue: false, retryStrategy: () => 20 };
  const [client, subscriber] = [new Client(port, HOST, options), new Client(port, HOST, options)];
  for (const each of [client, subscriber]) each.on('error', () => {});
  await Promise.all([client, subscriber].map((each) => once(each, 'ready')));
  return { client, subscriber, close: () => [client, subscriber].map((each) => each.disconnect()) };
}

/** The clients that the stores take, each in the newest version of its major. */
export const CLIENTS: readonly (readonly [name: string, connect: (port: number) => Promise<Connections>])[] = [
  ['redis 6', (port) => nodeRedis(createClient, port, (client) => client.destroy())],
  ['ioredis 6', (port) => ioredis(Ioredis, port)],
  ['redis 5', (port) => nodeRedis(createClient5, port, (client) => client.destroy())],
  ['redis 4', (port) => nodeRedis(createClient4, port, (client) => client.disconnect())],
  ['ioredis 5', (port) => ioredis(Ioredis5 as unknown as typeof Ioredis, port)],
];

/** A pool of node-redis, which cannot subscribe. */
export async function poolOn(port: number): Promise<{ client: RedisClient; close(): unknown }> {
  const pool = createClientPool({ socket: { port, host: HOST } }, { minimum: 1, maximum: 4 });
  pool.on('error', () => {});
  await pool.connect();
  return { client: pool, close: () => pool.close() };
}
