import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import { httpSecurity } from '@sallyport/adapters/http';
import { onDecision, SecurityChain } from '@sallyport/core';
import { usedBytes } from '../support/held-memory.js';
import type { BoundedResource } from './bounded-resource.js';

/** How many were asked for, and which part of them was granted. */
export interface Share {
  readonly asked: number;
  readonly share: number;
}

export interface FloodResult {
  readonly good: Share;
  readonly newcomers: Share;
  /** How often the flood was answered with which status, as it has counted itself. */
  readonly answers: ReadonlyMap<number, number>;
  /** How many requests of the flood found no place in the resource. */
  readonly turnedAway: number;
  /** What the heap has grown by since a third of the flood was over. */
  readonly grownBytes: number;
}

const FLOODER = join(__dirname, 'flooder.js');
const ATTACKER = '127.0.0.2';
/** After so many, the flood begins anew with credentials that nothing remembers any more. */
const CREDENTIALS = 100_000;
const CALLERS = 4;

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
  const { port } = server.address() as AddressInfo;
  const clients = new Clients(port);
  const homeOf = (caller: number) => `127.0.0.${20 + caller}`;
  for (let caller = 0; caller < CALLERS; caller += 1) await clients.status(resource.good(caller), homeOf(caller));

  const reasons = new Map<string, number>();
  const unsubscribe = onDecision(({ remoteAddress, reason = '' }) => {
    if (remoteAddress === ATTACKER) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  });
  const flood = await Flood.begin(resource, port);
  const endsAtMs = performance.now() + seconds * 1_000;
  const isOver = () => performance.now() >= endsAtMs;
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
  const visitors = [...Array.from({ length: CALLERS }, (_, index) => caller(index)), arrivals()];
  await pause((seconds * 1_000) / 3);
  const before = usedBytes();
  resource.disturb?.();
  await Promise.all(visitors);
  const grownBytes = usedBytes() - before;
  const answers = await flood.end();
  const turnedAway = resource.turnedAway((reason) => reasons.get(reason) ?? 0);
  unsubscribe();
  clients.close();
  server.close();
  server.closeAllConnections();
  return { good, newcomers, answers, turnedAway, grownBytes };
}

/** A flood by a process of its own, which leaves the processor to the server where there is too little for both. */
class Flood {
  readonly #process = fork(FLOODER, { serialization: 'advanced' });

  static async begin(resource: BoundedResource, port: number): Promise<Flood> {
    const flood = new Flood();
    setPriority(flood.#process.pid as number, constants.priority.PRIORITY_LOW);
    const credentials = Array.from({ length: CREDENTIALS }, (_, serial) => resource.junk(serial));
    const order = { port, address: ATTACKER, connections: resource.crowd, credentials };
    await new Promise((resolve) => flood.#process.send(order, resolve));
    return flood;
  }

  /** Ends when all that it has asked was answered. */
  async end(): Promise<ReadonlyMap<number, number>> {
    const answered = once(this.#process, 'message');
    this.#process.send('end');
    const [answers] = await answered;
    return answers;
  }
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
