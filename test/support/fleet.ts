import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Agent, request } from 'undici';

const ROOT = join(__dirname, '../..');

interface Order {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** One process of a fleet. */
export class Instance {
  readonly #child: ChildProcess;
  readonly #orders = new Map<number, Order>();
  #nextId = 0;
  /** Everything that it has written to stderr. */
  stderr = '';
  origin = '';

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    child.on('exit', () => {
      for (const { reject } of this.#orders.values()) reject(new Error(`the process ended: ${this.stderr}`));
    });
    child.on('message', ({ id, result, error }: { id?: number; result?: unknown; error?: string }) => {
      const order = this.#orders.get(id ?? -1);
      this.#orders.delete(id ?? -1);
      if (error === undefined) order?.resolve(result);
      else order?.reject(new Error(error));
    });
  }

  /** Runs a script of a test: it calls `runInstance` of fleet-instance.js. */
  static async start(script: string, settings: object): Promise<Instance> {
    const child = fork(join(ROOT, script), [], {
      env: { ...process.env, FLEET_SETTINGS: JSON.stringify(settings), NODE_OPTIONS: '' },
      execArgv: [],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    const instance = new Instance(child);
    const [started] = await Promise.race([once(child, 'message'), once(child, 'exit')]);
    if (typeof started?.port !== 'number') throw new Error(`the process did not start: ${instance.stderr}`);
    instance.origin = `http://127.0.0.1:${started.port}`;
    return instance;
  }

  /** Whether it runs: it was not stopped and has not crashed. */
  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Runs a function of the process, and gives what it returned. */
  order<Result>(name: string, ...given: readonly unknown[]): Promise<Result> {
    const id = this.#nextId++;
    return new Promise<unknown>((resolve, reject) => {
      this.#orders.set(id, { resolve, reject });
      this.#child.send({ id, name, given });
    }) as Promise<Result>;
  }

  async stop(): Promise<void> {
    if (!this.isAlive) return;
    const gone = once(this.#child, 'exit');
    this.#child.disconnect();
    await gone;
  }
}

/** Several processes that run the same script, as a deployment does: each listens on a port of its own. */
export class Fleet {
  readonly instances: readonly Instance[];
  readonly #script: string;
  readonly #settings: object;
  readonly #agent = new Agent({ connections: 32, pipelining: 1 });

  private constructor(script: string, settings: object, instances: readonly Instance[]) {
    this.#script = script;
    this.#settings = settings;
    this.instances = instances;
  }

  /** `script` is a path from the root of the repository; `settings` reach it as JSON. */
  static async start(script: string, settings: object, processes = 4): Promise<Fleet> {
    const started = await Promise.allSettled(Array.from({ length: processes }, () => Instance.start(script, settings)));
    const instances = started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    const fleet = new Fleet(script, settings, instances);
    const failed = started.find((each) => each.status === 'rejected');
    if (failed === undefined) return fleet;
    await fleet.stop();
    throw failed.reason;
  }

  /** One more process, which gets no load. The caller stops it. */
  recruit(): Promise<Instance> {
    return Instance.start(this.#script, this.#settings);
  }

  /** Runs a function of every process. */
  everywhere<Result>(name: string, ...given: readonly unknown[]): Promise<readonly Result[]> {
    return Promise.all(this.instances.map((instance) => instance.order<Result>(name, ...given)));
  }

  /** The status of an answer; 0 where there was none. */
  async status(instance: Instance, { method = 'GET', path, headers = {}, body }: FleetCall): Promise<number> {
    try {
      const given = { dispatcher: this.#agent, method, headers, body: body ?? null };
      const response = await request(instance.origin + path, given);
      await response.body.dump();
      return response.statusCode;
    } catch {
      return 0;
    }
  }

  async stop(): Promise<void> {
    await this.#agent.destroy();
    await Promise.all(this.instances.map((instance) => instance.stop()));
  }
}

/** What is sent to an instance. */
export interface FleetCall {
  readonly method?: 'GET' | 'POST';
  readonly path: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}
