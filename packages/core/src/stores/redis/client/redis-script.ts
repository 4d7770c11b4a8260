import { hash } from 'node:crypto';
import type { RedisCommands } from './redis-commands.js';

/** A Lua script, which Redis runs as one step. It is sent as a whole only to a server that does not know it. */
export class RedisScript {
  readonly #source: string;
  readonly #sha: string;

  constructor(source: string) {
    this.#source = source;
    this.#sha = hash('sha1', source, 'hex');
  }

  /** The keys stand in one hash slot. */
  async run(
    commands: RedisCommands,
    keys: readonly [string, ...string[]],
    given: readonly (string | number)[],
  ): Promise<unknown> {
    const rest = [String(keys.length), ...keys, ...given.map(String)];
    try {
      return await commands.send(keys[0], ['EVALSHA', this.#sha, ...rest]);
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
      return commands.send(keys[0], ['EVAL', this.#source, ...rest]);
    }
  }
}
