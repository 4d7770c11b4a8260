import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { Agent, request } from 'undici';

export const GATEWAY_MAIN = join(__dirname, '../../examples/gateway/dist/main.js');
const READY = /^Gateway is ready: https:\/\/localhost:(\d+)\S*, tokens at https:\/\/localhost:(\d+)\//;

/** Documents of many shapes, into which tests look without a cast. */
// biome-ignore lint/suspicious/noExplicitAny: every member may be anything, and the assertions say what it is.
export type Json = Record<string, any>;

/** An answer, read to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  readonly json: Json;
}

export interface Call {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'HEAD';
  readonly headers?: Record<string, string>;
  /** Sent as a form. */
  readonly form?: Record<string, string>;
  /** Sent as JSON; a string is sent as it is. */
  readonly body?: unknown;
  /** The address that it comes from, of the 127.0.0.0/8 that every machine has. */
  readonly from?: string;
  /** The certificate that its connection shows. */
  readonly certificate?: KeyedCertificate;
}

/** In PEM. */
export interface KeyedCertificate {
  readonly cert: string;
  readonly key: string;
}

/** The gateway example as its users run it: a process of its own, on free ports. */
export class GatewayProcess {
  readonly origin: string;
  readonly tokenOrigin: string;
  /** Everything that it has printed. */
  readonly output: readonly string[];
  /** The operator's lines: everything that it has written to stderr. */
  readonly log: readonly string[];
  readonly #child: ChildProcess;
  readonly #operator: Interface;
  /** A thousand requests at once share a hundred connections: handshakes are not what the tests are about. */
  readonly #agent = new Agent({ connect: { rejectUnauthorized: false }, connections: 100, pipelining: 10 });
  /** By the address that they call from, and the certificate that they show. */
  readonly #agents = new Map<string, Agent>();

  static async start(args: readonly string[] = []): Promise<GatewayProcess> {
    const child = spawn(process.execPath, [GATEWAY_MAIN, '--port', '0', '--token-port', '0', ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output: string[] = [];
    const log: string[] = [];
    const operator = createInterface({ input: child.stderr as NodeJS.ReadableStream });
    operator.on('line', (line) => log.push(line));
    for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
      output.push(line);
      const ready = READY.exec(line);
      if (ready !== null)
        return new GatewayProcess(child, { output, log, operator }, Number(ready[1]), Number(ready[2]));
    }
    throw new Error(`the gateway ended before it was ready: ${log.join(' ')}`);
  }

  private constructor(
    child: ChildProcess,
    { output, log, operator }: { output: readonly string[]; log: readonly string[]; operator: Interface },
    port: number,
    tokenPort: number,
  ) {
    this.#child = child;
    this.output = output;
    this.log = log;
    this.#operator = operator;
    this.origin = `https://localhost:${port}`;
    this.tokenOrigin = `https://localhost:${tokenPort}`;
  }

  /** The exit code, and the signal if it took one to end it. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<readonly [code: number | null, signal: string | null]> {
    await Promise.all([this.#agent, ...this.#agents.values()].map((agent) => agent.destroy()));
    const exited = once(this.#child, 'exit');
    this.#child.kill(signal);
    return (await exited) as [number | null, string | null];
  }

  /** The first of the operator's lines from the `from`th on that matches, as soon as it is there. */
  async logged(pattern: RegExp, from = 0): Promise<string> {
    for (;;) {
      const line = this.log.slice(from).find((one) => pattern.test(one));
      if (line !== undefined) return line;
      await once(this.#operator, 'line');
    }
  }

  /** Calls any address with the development certificate accepted. */
  async call(url: string, { method, headers = {}, form, body, from, certificate }: Call = {}): Promise<Answer> {
    const content = form ? new URLSearchParams(form).toString() : encoded(body);
    const type = form ? 'application/x-www-form-urlencoded' : 'application/json';
    const response = await request(url, {
      dispatcher: from === undefined && certificate === undefined ? this.#agent : this.#agentOf(from, certificate),
      method: method ?? (content === undefined ? 'GET' : 'POST'),
      headers: content === undefined ? headers : { 'content-type': type, ...headers },
      body: content ?? null,
    });
    const text = await response.body.text();
    return { status: response.statusCode, headers: response.headers, text, json: parsed(text) };
  }

  #agentOf(localAddress?: string, certificate?: KeyedCertificate): Agent {
    const name = `${localAddress} ${certificate?.cert}`;
    const connect = { rejectUnauthorized: false, ...certificate };
    const agent = this.#agents.get(name) ?? new Agent({ connect, ...(localAddress && { localAddress }) });
    this.#agents.set(name, agent);
    return agent;
  }

  /** The certificate of a machine, which stands in the folder of the run. */
  machine(): KeyedCertificate {
    const [, folder = ''] = /^FOLDER=([^;]+);/m.exec(this.output.join('\n')) ?? [];
    const read = (file: string) => readFileSync(join(folder, file), 'utf8');
    return { cert: read('machine.pem'), key: read('machine-key.pem') };
  }

  /** An operation of the Gateway API on the API that is in storage. */
  api(
    path: string,
    headers: Record<string, string> = {},
    query = 'apiName=PizzaShackAPI&version=1.0.0',
    certificate?: KeyedCertificate,
  ): Promise<Answer> {
    const method = path === '/redeploy-api' || path === '/undeploy-api' ? 'POST' : 'GET';
    return this.call(`${this.origin}/api/am/gateway/v1${path}${query === '' ? '' : `?${query}`}`, {
      method,
      headers,
      ...(certificate && { certificate }),
    });
  }

  register(payload: unknown, user = 'admin', password: string = user): Promise<Answer> {
    const url = `${this.origin}/client-registration/v0.17/register`;
    return this.call(url, { body: payload, headers: { authorization: basic(user, password) } });
  }

  token(client: Client, form: Record<string, string>, call: Call = {}): Promise<Answer> {
    return this.call(`${this.tokenOrigin}/token`, {
      ...call,
      form,
      headers: { authorization: basic(client.clientId, client.clientSecret) },
    });
  }

  revoke(client: Client, token: string): Promise<Answer> {
    return this.call(`${this.tokenOrigin}/revoke`, {
      form: { token },
      headers: { authorization: basic(client.clientId, client.clientSecret) },
    });
  }
}

export interface Client {
  readonly clientId: string;
  readonly clientSecret: string;
}

export function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

export function bearer(token: string): { authorization: string } {
  return { authorization: `Bearer ${token}` };
}

function encoded(body: unknown): string | undefined {
  return body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
