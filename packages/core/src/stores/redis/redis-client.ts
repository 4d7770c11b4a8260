/**
 * The commands that are used of a node-redis client, pool or cluster. The application connects it, listens to its
 * errors and closes it. Set `disableOfflineQueue`, so that an unreachable server costs no time.
 */
export interface RedisClient {
  /** False while there is no connection. Commands are then not tried. */
  readonly isReady?: boolean;
  getRange(key: string, start: number, end: number): Promise<unknown>;
  set(key: string, value: string, options: { expiration: { type: 'PX'; value: number } }): Promise<unknown>;
  del(key: string): Promise<unknown>;
}

/** The commands that a revocation bus uses. */
export interface RedisStreamClient {
  readonly isReady?: boolean;
  xAdd(
    key: string,
    id: string,
    message: Record<string, string>,
    options: { TRIM: { strategy: 'MINID'; strategyModifier: '~'; threshold: number } },
  ): Promise<unknown>;
  xRange(key: string, start: string, end: string, options: { COUNT: number }): Promise<unknown>;
  pExpire(key: string, milliseconds: number): Promise<unknown>;
  publish(channel: string, message: string): Promise<unknown>;
}

/** A separate connection for subscriptions: `client.duplicate()`. */
export interface RedisSubscriber {
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>;
  unsubscribe(channel: string, listener: (message: string) => void): Promise<unknown>;
}
