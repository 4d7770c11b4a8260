import cluster, { type Worker } from 'node:cluster';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { AuthorizationServer } from '@sallyport/core/testing';
import { OwnRedis } from './own-redis.js';

const PROCESSES = 4;

/** The processes of the gateway, their Redis, and a stand-in for your authorization server. */
export class GatewayCluster {
  readonly origin: string;
  readonly authorizationServer: AuthorizationServer;
  /** Undefined if it is one of yours. */
  readonly redis: OwnRedis | undefined;
  #isClosing = false;

  private constructor(origin: string, authorizationServer: AuthorizationServer, redis: OwnRedis | undefined) {
    this.origin = origin;
    this.authorizationServer = authorizationServer;
    this.redis = redis;
    cluster.on('exit', (worker) => {
      if (this.#isClosing) return;
      console.error(`process ${worker.process.pid} has ended; another one takes its place`);
      cluster.fork();
    });
  }

  /** Uses the Redis of `REDIS_URL`, or starts one. Port 0 takes a free one. */
  static async start(port: number): Promise<GatewayCluster> {
    const redis = process.env['REDIS_URL'] === undefined ? await OwnRedis.start() : undefined;
    const authorizationServer = await AuthorizationServer.start();
    const { introspectionEndpoint, clientId, clientSecret } = authorizationServer;
    cluster.setupPrimary({ exec: fileURLToPath(new URL('worker.js', import.meta.url)) });
    Object.assign(process.env, {
      PORT: String(port),
      REDIS_URL: redis?.url ?? process.env['REDIS_URL'],
      INTROSPECTION_ENDPOINT: introspectionEndpoint,
      CLIENT_ID: clientId,
      CLIENT_SECRET: clientSecret,
      SECURITY_SECRET: process.env['SECURITY_SECRET'] ?? randomBytes(32).toString('base64url'),
    });
    const workers = Array.from({ length: PROCESSES }, () => cluster.fork());
    try {
      const [listening] = await Promise.all(workers.map(portOf));
      return new GatewayCluster(`http://127.0.0.1:${listening}`, authorizationServer, redis);
    } catch (error) {
      for (const worker of workers) worker.process.kill('SIGKILL');
      await Promise.all([authorizationServer.close(), redis?.close()]);
      throw error;
    }
  }

  get pids(): readonly number[] {
    return workersNow().flatMap(({ process: { pid } }) => pid ?? []);
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    await Promise.all(
      workersNow().map(async (worker) => {
        const gone = once(worker, 'exit');
        worker.process.kill('SIGTERM');
        await gone;
      }),
    );
    await this.authorizationServer.close();
    await this.redis?.close();
  }
}

function workersNow(): readonly Worker[] {
  return Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);
}

/** Rejects if the process ends before it listens. */
async function portOf(worker: Worker): Promise<number> {
  const ended = once(worker, 'exit').then(() => {
    throw new Error('a process of the gateway did not start');
  });
  const [{ port }] = await Promise.race([once(worker, 'listening'), ended]);
  return port;
}
