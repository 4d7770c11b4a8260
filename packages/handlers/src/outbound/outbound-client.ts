import { clockOption, Deadlines, type Eventually, option, outlive, Shares } from '@sallyport/core/extend';
import { Circuit } from './circuit.js';
import { checkConnections } from './connections/connection-options.js';
import type { Connections } from './connections/connections.js';
import { openConnections } from './connections/open-connections.js';
import type { OutboundAnswer } from './outbound-answer.js';
import { type CallServices, OutboundCall } from './outbound-call.js';
import { type OutboundOptions, type OutboundSettings, outboundOptions } from './outbound-options.js';
import type { Caller, PendingRequest } from './outbound-request.js';
import { OutboundCounters, type OutboundStatistics } from './outbound-statistics.js';
import { OwnHeaders } from './own-headers.js';

export const COLLABORATORS = option.table('OutboundCollaborators', { clock: clockOption });

/** Services of outbound calls. */
export interface OutboundCollaborators extends option.Given<typeof COLLABORATORS> {}

/**
 * Calls authorization and key servers: one deadline for all of a call, a limit on the body, no redirects, TLS verified, places shared by network, a circuit breaker in front. Whatever is not a usable answer
 * rejects with an `UpstreamError`, which becomes 503 and never 401.
 * @example
 * const client = new OutboundClient({ timeoutMs: 1_000 });
 * const url = checkedEndpoint('https://keys.example/check', 'endpoint', client.settings);
 * const { body } = await client.send({ url, method: 'GET', mediaTypes: ['application/json'], maxBytes: 10_000 });
 * await client.close();
 */
export class OutboundClient {
  readonly settings: OutboundSettings;
  readonly circuit: Circuit;
  readonly #counters = new OutboundCounters();
  readonly #services: CallServices;
  readonly #headers: OwnHeaders | undefined;
  #connections: Connections | undefined;
  #loading: Promise<Connections> | undefined;

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
  constructor(options: OutboundOptions, collaborators: OutboundCollaborators = {}) {
    this.settings = outboundOptions(options);
    checkConnections(this.settings);
    const { clock } = COLLABORATORS(collaborators);
    const { timeoutMs, maxConcurrent, maxQueued, headers } = this.settings;
    this.#headers = headers && new OwnHeaders(headers, clock);
    this.circuit = new Circuit(clock);
    this.#services = {
      timeoutMs,
      clock,
      circuit: this.circuit,
      shares: new Shares({ running: maxConcurrent, waiting: maxQueued }),
      deadlines: new Deadlines(timeoutMs, clock),
      counters: this.#counters,
      connections: () => this.#connect(),
    };
    warnOfWeakness(this.settings);
  }

  get statistics(): OutboundStatistics {
    return Object.freeze({ ...this.#counters, circuit: this.circuit.state });
  }

  /** Loads the HTTP client, so that the first call does not wait for it. */
  async warmUp(): Promise<void> {
    await this.#connect();
  }

  /**
   * Sends a request. A function makes it anew for each attempt, within the deadline: for what must not be sent twice.
   * Without a caller it is the handler's own, which carries nothing that a caller chose. Rejects with an `UpstreamError`
   * when there is no usable answer within the deadline.
   */
  send(source: PendingRequest, caller?: Caller): Promise<OutboundAnswer> {
    const request = this.#headers?.addTo(source) ?? source;
    return new Promise((resolve, reject) => {
      new OutboundCall(request, caller, this.#services, { resolve, reject }).begin();
    });
  }

  /** Closes all connections; calls under way fail. */
  async close(): Promise<void> {
    const connections = this.#connections ?? (await this.#loading);
    this.#connections = undefined;
    this.#loading = undefined;
    this.#services.deadlines.clear((call) => call.abandon());
    await connections?.close();
  }

  #connect(): Eventually<Connections> {
    if (this.#connections !== undefined) return this.#connections;
    if (this.#loading !== undefined) return this.#loading;
    const opened = openConnections(this.settings);
    if (!(opened instanceof Promise)) return this.#keep(opened);
    this.#loading = opened.then((connections) => this.#keep(connections));
    outlive(this.#loading);
    return this.#loading;
  }

  #keep(connections: Connections): Connections {
    this.#connections = connections;
    return connections;
  }
}

function warnOfWeakness(settings: OutboundSettings): void {
  const { dangerouslyAcceptAnyCertificate, allowInsecureHosts, allowInsecureLoopback, proxy } = settings;
  if (allowInsecureLoopback && proxy !== undefined) {
    process.emitWarning(
      'a proxy may be asked for loopback hosts without TLS (allowInsecureLoopback)',
      'SallyportWarning',
    );
  }
  if (dangerouslyAcceptAnyCertificate) {
    process.emitWarning('TLS certificates are not verified (dangerouslyAcceptAnyCertificate)', 'SallyportWarning');
  }
  if (allowInsecureHosts.length > 0) {
    const hosts = allowInsecureHosts.join(', ');
    process.emitWarning(`${hosts} may be called without TLS (allowInsecureHosts)`, 'SallyportWarning');
  }
}
