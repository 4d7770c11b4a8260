import type { RedisClient, RedisSubscriber } from '@sallyport/core/redis';
import { Cluster as IoredisCluster } from 'ioredis';
import { createCluster } from 'redis';
import type { Connections } from './redis-clients.js';
import { type Client, freePort, RedisServer, until } from './redis-server.js';

const HOST = '127.0.0.1';
const SLOTS = 16_384;
const MASTERS = 3;

interface Node {
  readonly server: RedisServer;
  readonly admin: Client;
  readonly busPort: number;
}

/** A Redis Cluster of three masters on this machine, each with as many replicas as a test asks for. */
export class RedisCluster {
  readonly #nodes: readonly Node[];

  private constructor(nodes: readonly Node[]) {
    this.#nodes = nodes;
  }

  static async start({ replicas = 0 } = {}): Promise<RedisCluster> {
    const nodes = await Promise.all(Array.from({ length: MASTERS * (1 + replicas) }, startedNode));
    const cluster = new RedisCluster(nodes);
    try {
      await cluster.#meet();
      await Promise.all(nodes.slice(MASTERS).map(({ admin }, index) => cluster.#replicate(admin, index % MASTERS)));
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  get masters(): readonly RedisServer[] {
    return this.#nodes.slice(0, MASTERS).map(({ server }) => server);
  }

  /** Of all nodes, so that a client finds the Cluster whichever fails. */
  get ports(): readonly number[] {
    return this.#nodes.map(({ server }) => server.port);
  }

  /** Runs a command on every master. */
  async everywhere(command: (admin: Client) => Promise<unknown>): Promise<void> {
    await Promise.all(this.#nodes.slice(0, MASTERS).map(({ admin }) => command(admin)));
  }

  async nodeRedis(): Promise<Connections> {
    const rootNodes = this.masters.map(({ port }) => ({ socket: { host: HOST, port } }));
    const open = () =>
      createCluster({ rootNodes, defaults: { disableOfflineQueue: true, socket: { reconnectStrategy: () => 20 } } });
    const [client, subscriber] = [open(), open()];
    for (const each of [client, subscriber]) await each.on('error', () => {}).connect();
    const [commands, channels]: [RedisClient, RedisSubscriber] = [client, subscriber];
    return { client: commands, subscriber: channels, close: () => [client, subscriber].map((each) => each.destroy()) };
  }

  async ioredis(): Promise<Connections> {
    const nodes = this.masters.map(({ port }) => ({ host: HOST, port }));
    const open = () => new IoredisCluster(nodes, { clusterRetryStrategy: () => 20, slotsRefreshTimeout: 5_000 });
    const [client, subscriber] = [open(), open()];
    for (const each of [client, subscriber]) each.on('error', () => {});
    await until(() => client.status === 'ready' && subscriber.status === 'ready');
    return { client, subscriber, close: () => [client, subscriber].map((each) => each.disconnect()) };
  }

  /** Waits until every node that lives agrees that all slots are served. */
  async settled(): Promise<void> {
    for (const { admin } of this.#nodes) {
      await until(async () => !admin.isReady || /cluster_state:ok/.test(String(await info(admin))));
    }
  }

  /** Waits until the replicas have all that was written so far. `WAIT` would wait for what its own connection wrote. */
  async replicated(): Promise<void> {
    await this.everywhere(async (admin) => {
      const written = /master_repl_offset:(\d+)/.exec(await admin.info('replication'))?.[1];
      await until(async () => {
        const told = /^slave\d+:.*offset=(\d+)/m.exec(await admin.info('replication'))?.[1];
        return Number(told) >= Number(written);
      });
    });
  }

  async stop(): Promise<void> {
    await Promise.all(this.#nodes.map(({ server }) => server.stop()));
  }

  async #meet(): Promise<void> {
    const [first, ...others] = this.#nodes as [Node, ...Node[]];
    const share = Math.ceil(SLOTS / MASTERS);
    for (const [index, { admin }] of this.#nodes.slice(0, MASTERS).entries()) {
      const slots = [String(index * share), String(Math.min(SLOTS, (index + 1) * share) - 1)];
      await admin.sendCommand(['CLUSTER', 'ADDSLOTSRANGE', ...slots]);
    }
    for (const { admin } of others) {
      await admin.sendCommand(['CLUSTER', 'MEET', HOST, String(first.server.port), String(first.busPort)]);
    }
    await this.settled();
    const known = new RegExp(`cluster_known_nodes:${this.#nodes.length}\\b`);
    for (const { admin } of this.#nodes) await until(async () => known.test(String(await info(admin))));
  }

  async #replicate(admin: Client, master: number): Promise<void> {
    const id = String(await this.#nodes[master]?.admin.sendCommand(['CLUSTER', 'MYID']));
    await until(() => admin.sendCommand(['CLUSTER', 'REPLICATE', id]).then(Boolean, () => false));
    await until(async () => /master_link_status:up/.test(String(await admin.sendCommand(['INFO', 'replication']))));
  }
}

async function startedNode(): Promise<Node> {
  let busPort = 0;
  const server = await RedisServer.startWith(async () => {
    busPort = await freePort();
    const cluster = ['--cluster-enabled', 'yes', '--cluster-port', String(busPort), '--cluster-node-timeout', '1000'];
    return [...cluster, '--repl-diskless-sync-delay', '0'];
  });
  return { server, busPort, admin: await server.client() };
}

function info(admin: Client): Promise<unknown> {
  return admin.sendCommand(['CLUSTER', 'INFO']);
}
