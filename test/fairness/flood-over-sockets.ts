import { once } from 'node:events';
import { Agent, createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { httpSecurity } from '@sallyport/adapters/http';
import { SecurityChain } from '@sallyport/core';
import type { BoundedResource } from './bounded-resource.js';

/** How many were asked for, and which part of them was granted. */
export interface Share {
  readonly asked: number;
  readonly share: number;
}

export interface FloodResult {
  readonly good: Share;
  readonly newcomers: Share;
  /** What the heap has grown by since a third of the flood was over. */
  readonly grownBytes: number;
}

const ATTACKER = '127.0.0.2';
const IN_FLIGHT = 75;
const CALLERS = 4;
/**
 * An attacker who was refused waits four times as long as that took, up to a second. All parties share one event loop: a
 * flood at full speed on a busy machine would measure how late that loop is, and not who gets a place.
 */
const YIELD = 4;
const MOST_YIELD_MS = 1_000;

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Floods a server from one network, with good callers in other networks of the loopback beside. */
export async function floodOverSockets(
  resource: BoundedResource,
  { seconds }: { seconds: number },
): Promise<FloodResult> {
  const secure = httpSecurity(new SecurityChain({ requirement: resource.handler }));
  const server = createServer(secure((_request, response) => void response.end('ok')));
  // A connection that the server ends while a late client writes to it would end the client, too.
  server.keepAliveTimeout = 0;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const clients = new Clients((server.address() as AddressInfo).port);
  const homeOf = (caller: number) => `127.0.0.${20 + caller}`;
  for (let caller = 0; caller < CALLERS; caller += 1) await clients.status(resource.good(caller), homeOf(caller));

  const endsAtMs = performance.now() + seconds * 1_000;
  const isOver = () => performance.now() >= endsAtMs;
  let serial = 0;
  const attacker = async () => {
    while (!isOver()) {
      serial += 1;
      const askedAtMs = performance.now();
      const status = await clients.status(resource.junk(serial), ATTACKER);
      if (status !== 401) await pause(20 + Math.min(YIELD * (performance.now() - askedAtMs), MOST_YIELD_MS));
    }
  };
  const [good, newcomers] = [new Tally(), new Tally()];
  const caller = async (index: number) => {
    for (; !isOver(); await pause(250)) good.note(await clients.status(resource.good(index), homeOf(index)));
  };
  const newcomer = async (index: number) => {
    newcomers.note(await clients.status(resource.newcomer(index), `127.${1 + (index >> 8)}.${index & 0xff}.1`));
  };
  /** They know nothing of each other: none waits for the answer of the one before. */
  const arrivals = async () => {
    const visits: Promise<void>[] = [];
    for (; !isOver(); await pause(400)) visits.push(newcomer(visits.length));
    await Promise.all(visits);
  };
  const callers = Array.from({ length: CALLERS }, (_, index) => caller(index));
  const flood = [...Array.from({ length: IN_FLIGHT }, attacker), ...callers, arrivals()];
  await pause((seconds * 1_000) / 3);
  const before = usedBytes();
  resource.disturb?.();
  await Promise.all(flood);
  const grownBytes = usedBytes() - before;
  clients.close();
  server.close();
  server.closeAllConnections();
  return { good, newcomers, grownBytes };
}

class Tally implements Share {
  asked = 0;
  #granted = 0;

  get share(): number {
    return this.#granted / this.asked;
  }

  note(status: number): void {
    this.asked += 1;
    if (status === 200) this.#granted += 1;
  }
}

/** Clients, each in the network that it is told. */
class Clients {
  readonly #agent = new Agent({ keepAlive: true });
  readonly #port: number;

  constructor(port: number) {
    this.#port = port;
  }

  async status(authorization: string, localAddress: string): Promise<number> {
    const options = { host: '127.0.0.1', port: this.#port, agent: this.#agent, localAddress };
    const request = get({ ...options, headers: { authorization } });
    const [response] = await once(request, 'response');
    response.resume();
    await once(response, 'end');
    return response.statusCode;
  }

  close(): void {
    this.#agent.destroy();
  }
}

function usedBytes(): number {
  collect();
  return process.memoryUsage().heapUsed;
}
