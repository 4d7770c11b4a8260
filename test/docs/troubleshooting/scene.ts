import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { jest } from '@jest/globals';
import { httpSecurity } from '@sallyport/adapters/http';
import {
  type DecisionEvent,
  onDecision,
  type Requirement,
  SecurityChain,
  type SecurityChainOptions,
} from '@sallyport/core';
import { ask, type RawAnswer, requestText } from '../../adapters/raw-client.js';
import { PromptClock } from '../../support/prompt-clock.js';

/** One row of docs/troubleshooting.md, and how it comes about. */
export interface Cause {
  /** The first cell of its row. */
  readonly cause: string;
  /** What the client is told: the status and the code in the body. */
  readonly client: string;
  /** The reason in the operator's line; undefined where there is no line. */
  readonly reason?: string;
  /** What else the line says. `…` stands for anything. */
  readonly words?: string;
  /** What to change, where it has a name: an option, a function or a claim. */
  readonly change?: string;
  readonly provoke: (scene: Scene) => unknown;
}

/** What is sent; a GET of `/orders` unless told otherwise. */
export interface Sent {
  readonly bearer?: string;
  readonly lines?: readonly string[];
  readonly method?: string;
  readonly target?: string;
  readonly body?: string;
}

/** A server on a loopback port. Each cause mounts what it needs, asks over a socket, and leaves nothing behind. */
export class Scene {
  /** The clock of the cause. */
  clock = new PromptClock();
  answer: RawAnswer | undefined;
  readonly events: DecisionEvent[] = [];
  /** What `NODE_DEBUG=sallyport` writes about each decision. */
  readonly lines: string[] = [];
  readonly warnings: string[] = [];
  readonly #sent: string[] = [];
  readonly #closing: (() => unknown)[] = [];
  readonly #server = createServer((request, response) => this.#listener(request, response));
  #listener: RequestListener = (_request, response) => response.writeHead(404).end();
  readonly #stop = onDecision((event) => this.events.push(event));

  static async open(): Promise<Scene> {
    const scene = new Scene();
    jest.spyOn(process, 'emitWarning').mockImplementation((warning) => void scene.warnings.push(String(warning)));
    scene.#server.listen(0, '127.0.0.1');
    await once(scene.#server, 'listening');
    return scene;
  }

  /** A chain on the clock of the cause, closed after it. */
  chain(options: SecurityChainOptions): SecurityChain {
    const debug = (line: string) => void this.lines.push(line);
    const chain = new SecurityChain({ name: 'shop', ...options }, { clock: this.clock, random: () => 0, debug });
    return this.closing(chain);
  }

  /** Closes something after the cause. */
  closing<Closable extends { close(): unknown }>(closable: Closable): Closable {
    this.#closing.push(() => closable.close());
    return closable;
  }

  /** What handlers and guards told the operator. */
  get details(): string {
    const { detail, steps = [], unclaimed = [] } = this.events.at(-1) ?? {};
    return [detail, ...[...steps, ...unclaimed].map((each) => each.detail)].join('\n');
  }

  /** Every text that must not be told to anybody. */
  get secrets(): readonly string[] {
    return this.#sent;
  }

  keepSecret(secret: string): string {
    this.#sent.push(secret);
    return secret;
  }

  /** Lets a listener answer, such as an application. */
  mount(listener: RequestListener): void {
    this.#listener = listener;
  }

  /** Secures a server of node:http that answers 200. */
  secure(options: SecurityChainOptions): void {
    this.mount(httpSecurity(this.chain(options))((_request, response) => response.end('let in')));
  }

  async send({ bearer, lines = [], method = 'GET', target = '/orders', body }: Sent = {}): Promise<RawAnswer> {
    const all = bearer === undefined ? lines : [`Authorization: Bearer ${bearer}`, ...lines];
    for (const line of all) this.#noteSecrets(line);
    const { port } = this.#server.address() as AddressInfo;
    this.answer = await ask(port, 'http', requestText(method, target, all, body));
    return this.answer;
  }

  /** Secures a server by a requirement, and asks it. */
  async ask(requirement: Requirement, sent: Sent = {}): Promise<void> {
    this.secure({ requirement });
    await this.send(sent);
  }

  /** Ends a cause. */
  async clear(): Promise<void> {
    for (const close of this.#closing.splice(0).reverse()) await close();
    this.events.length = 0;
    this.lines.length = 0;
    this.warnings.length = 0;
    this.#sent.length = 0;
    this.clock = new PromptClock();
    this.answer = undefined;
  }

  async close(): Promise<void> {
    this.#stop();
    jest.restoreAllMocks();
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  #noteSecrets(line: string): void {
    const [, name = '', value = ''] = /^([^:]+): ?(.*)$/.exec(line) ?? [];
    if (/^authorization$/i.test(name)) {
      const credential = value.replace(/^\S+\s+/, '');
      this.keepSecret(credential);
      const [, password] = /^[^:]*:(.*)$/s.exec(Buffer.from(credential, 'base64').toString()) ?? [];
      if (/^basic /i.test(value) && password !== undefined) this.keepSecret(password);
    }
    if (/^(?:cookie|x-api-key|.*-signature.*)$/i.test(name)) this.keepSecret(value.replace(/^[^=]*=/, ''));
  }
}
