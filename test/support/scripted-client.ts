import type { NodeRedisClient } from '@sallyport/core/redis';

type Answer = (...given: readonly string[]) => unknown;

/** A client in the shape of node-redis whose commands a test answers, by their names. */
export class ScriptedClient implements NodeRedisClient {
  isReady = true;
  readonly answers: Record<string, Answer>;

  constructor(answers: Readonly<Record<string, Answer>> = {}) {
    this.answers = { ...answers };
  }

  async sendCommand(...given: never[]): Promise<unknown> {
    const [[name, ...others]] = given as unknown as [[string, ...string[]]];
    return this.answers[name]?.(...others);
  }
}
