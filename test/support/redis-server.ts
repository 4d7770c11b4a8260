import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from 'redis';

/** Whether this machine can start a Redis server; tests that need one say so in their titles when it cannot. */
export const HAS_REDIS: boolean = (() => {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

export type Client = ReturnType<typeof connectionTo>;

function connectionTo(port: number) {
  const socket = { port, host: '127.0.0.1', reconnectStrategy: () => 20 };
  return createClient({ socket, disableOfflineQueue: true }).on('error', () => {});
}

/** A Redis server of this test's own, on a free port, that keeps nothing. */
export class RedisServer {
  readonly port: number;
  readonly #folder: string;
  readonly #clients: Client[] = [];
  readonly #options: readonly string[];
  #process: ChildProcess;

  private constructor(port: number, options: readonly string[]) {
    this.port = port;
    this.#options = options;
    this.#folder = mkdtempSync(join(tmpdir(), 'redis-'));
    this.#process = this.#spawn();
  }

  /** `options` are those of redis-server. */
  static start(...options: readonly string[]): Promise<RedisServer> {
    return RedisServer.startWith(async () => options);
  }

  /** Asks for options again where another process has taken a port before the server could. */
  static async startWith(optionsOf: () => Promise<readonly string[]>): Promise<RedisServer> {
    for (let attempts = 0; attempts < 5; attempts += 1) {
      const server = new RedisServer(await freePort(), await optionsOf());
      if (await server.#isUp()) return server;
      await server.stop();
    }
    throw new Error('redis-server does not start');
  }

  /** False when the process ends instead. Somebody else may answer at its port. */
  async #isUp(): Promise<boolean> {
    const ended = once(this.#process, 'exit').then(() => false);
    const client = connectionTo(this.port);
    const isOurs = async () => {
      await client.connect();
      return new RegExp(`^process_id:${this.#process.pid}\\r?$`, 'm').test(await client.info('server')) || ended;
    };
    try {
      return await Promise.race([isOurs(), ended]);
    } finally {
      client.destroy();
    }
  }

  /** Connects; waits until the server is up. */
  async client(): Promise<Client> {
    const client = connectionTo(this.port);
    this.#clients.push(client);
    await client.connect();
    return client;
  }

  /** Everything that the server knows, as it would lie on a disk. */
  async dump(client: Client): Promise<string> {
    await client.sendCommand(['SAVE']);
    return readFileSync(join(this.#folder, 'dump.rdb'), 'latin1');
  }

  freeze(): void {
    this.#process.kill('SIGSTOP');
  }

  thaw(): void {
    this.#process.kill('SIGCONT');
  }

  async kill(): Promise<void> {
    const gone = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await gone;
  }

  /** Begins with what was saved last, or with nothing. */
  restart(): void {
    this.#process = this.#spawn();
  }

  /** Kills the server, starts it again and waits until these clients have found it. */
  async fail(...clients: readonly Client[]): Promise<void> {
    await this.kill();
    await until(() => clients.every(({ isReady }) => !isReady));
    this.restart();
    await until(() => clients.every(({ isReady }) => isReady));
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.destroy();
    if (this.#process.exitCode === null && this.#process.signalCode === null) await this.kill();
    rmSync(this.#folder, { recursive: true });
  }

  #spawn(): ChildProcess {
    const options = ['--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--rdbcompression', 'no'];
    const where = ['--port', String(this.port), '--dir', this.#folder];
    return spawn('redis-server', [...where, ...options, ...this.#options], { stdio: 'ignore' });
  }
}

/** A port of this machine that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** Lets time pass for what is in Redis: takes it off every lifetime. */
export async function age(client: Client, milliseconds: number): Promise<void> {
  for (const key of await client.keys('*')) {
    const leftMs = await client.pTTL(key);
    if (leftMs >= 0) await (leftMs <= milliseconds ? client.del(key) : client.pExpire(key, leftMs - milliseconds));
  }
}

/** Waits until something is so that happens elsewhere. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error('it did not happen within 5 s');
    await new Promise((resolve) => setImmediate(resolve));
  }
}
