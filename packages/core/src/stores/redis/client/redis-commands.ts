/** What the stores need of a client, whichever library it comes from. */
export interface RedisCommands {
  /** False while there is no connection: commands are then not tried. */
  readonly isReady: boolean;
  /** Sends one command. Its keys stand in one hash slot, that of `key`: so a Cluster finds the server. */
  send(key: string, command: readonly string[]): Promise<unknown>;
}

/** What is needed of a connection that subscribes. Both libraries subscribe again after a reconnection. */
export interface RedisChannels {
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>;
  unsubscribe(channel: string, listener: (message: string) => void): Promise<unknown>;
}
