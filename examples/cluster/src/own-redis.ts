import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createClient } from 'redis';

const MISSING = `There is no Redis: the program redis-server was not found.
Install it (apt-get install redis-server, brew install redis), or name a Redis of yours in REDIS_URL.`;

/** A Redis of this example's own, on a free port and in a folder that goes with it. */
export class OwnRedis {
  readonly url: string;
  readonly #port: number;
  readonly #folder: string;
  #process: ChildProcess | undefined;

  private constructor(port: number, folder: string) {
    this.#port = port;
    this.#folder = folder;
    this.url = `redis://127.0.0.1:${port}`;
  }

  /** @throws {Error} with advice, where the program is missing */
  static async start(): Promise<OwnRedis> {
    const redis = new OwnRedis(await freePort(), await mkdtemp(join(tmpdir(), 'sallyport-redis-')));
    try {
      await redis.start();
    } catch (error) {
      await redis.close();
      throw error;
    }
    return redis;
  }

  /** Starts it again with what it had written, and waits until it answers. */
  async start(): Promise<void> {
    const where = ['--port', String(this.#port), '--bind', '127.0.0.1', '--dir', this.#folder];
    // Once what Redis has taken is on the disk, a restart loses nothing. What it cannot keep, it must not drop silently.
    const safe = ['--appendonly', 'yes', '--save', '', '--maxmemory-policy', 'noeviction'];
    this.#process = spawn('redis-server', [...where, ...safe], { stdio: 'ignore' });
    const failed = once(this.#process, 'error').then(([error]) => {
      throw (error as NodeJS.ErrnoException).code === 'ENOENT' ? new Error(MISSING) : error;
    });
    await Promise.race([failed, this.#answers()]);
  }

  /** Ends it as a crash does. */
  async kill(): Promise<void> {
    const running = this.#process;
    this.#process = undefined;
    if (running?.pid === undefined || running.exitCode !== null || running.signalCode !== null) return;
    const gone = once(running, 'exit');
    running.kill('SIGKILL');
    await gone;
  }

  async close(): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #answers(): Promise<void> {
    while (this.#process !== undefined) {
      const client = createClient({ url: this.url, socket: { reconnectStrategy: false } }).on('error', () => {});
      try {
        await client.connect();
        await client.ping();
        return;
      } catch {
        await pause(20);
      } finally {
        if (client.isOpen) client.destroy();
      }
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}
