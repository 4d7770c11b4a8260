import type { RedisChannels, RedisCommands } from './redis-commands.js';

/** What is used of a `Redis` or `Cluster` of ioredis 5 and 6. */
export interface IoredisClient {
  readonly status: string;
  call(...given: never[]): Promise<unknown>;
}

/** What is used of it for subscriptions. */
interface IoredisSubscriber {
  on(event: 'message', listener: (channel: string, message: string) => void): unknown;
  off(event: 'message', listener: (channel: string, message: string) => void): unknown;
  subscribe(channel: string): Promise<unknown>;
  unsubscribe(channel: string): Promise<unknown>;
}

type Receiver = (channel: string, message: string) => void;

export function ioredisCommands(client: IoredisClient): RedisCommands {
  const call = client.call.bind(client) as (...command: readonly string[]) => Promise<unknown>;
  return {
    get isReady() {
      return client.status === 'ready';
    },
    // A Cluster of ioredis finds the keys of a command by itself.
    send: (_key, command) => call(...command),
  };
}

export function ioredisChannels(client: IoredisClient): RedisChannels {
  const subscriber = client as unknown as IoredisSubscriber;
  const receivers = new Map<(message: string) => void, Receiver>();
  return {
    subscribe(channel, listener) {
      const receive: Receiver = (from, message) => {
        if (from === channel) listener(message);
      };
      receivers.set(listener, receive);
      subscriber.on('message', receive);
      return subscriber.subscribe(channel);
    },
    unsubscribe(channel, listener) {
      const receive = receivers.get(listener);
      if (receive !== undefined) subscriber.off('message', receive);
      receivers.delete(listener);
      return subscriber.unsubscribe(channel);
    },
  };
}
