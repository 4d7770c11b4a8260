import {
  type Clock,
  checkOptions,
  type Eventually,
  having,
  systemClock,
  UpstreamError,
  withDefault,
} from '@sallyport/core';
import type { Dispatcher } from 'undici';
import { readAnswer } from './outbound-answer.js';
import { checkedOutboundOptions, type OutboundOptions, type OutboundSettings } from './outbound-options.js';
import { OutboundCounters, type OutboundStatistics } from './outbound-statistics.js';
import { CallRefused, openTransport, type Transport } from './transport.js';

/** One call to another server. */
export interface OutboundRequest {
  readonly url: URL;
  readonly method: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | undefined;
  /** Media types that are accepted as an answer, in lower case, without parameters. */
  readonly mediaTypes: readonly string[];
  /** Limit of the body. */
  readonly maxBytes: number;
}

/** A request, or what makes it. */
export type RequestSource = OutboundRequest | (() => Eventually<OutboundRequest>);

/** A complete, usable answer: nothing but status 200 with an accepted media type gets here. */
export interface OutboundAnswer {
  readonly status: 200;
  readonly mediaType: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

const RETRY_PAUSE_MS = 25;

/**
 * Calls authorization and key servers: one deadline for all of a call, a limit on the body, no redirects, no
 * compression, TLS verified, concurrency bounded, a circuit breaker in front. Whatever is not a usable answer
 * rejects with an `UpstreamError`, which becomes 503 and never 401.
 */
export class OutboundClient {
  readonly settings: OutboundSettings;
  readonly #clock: Clock;
  readonly #counters = new OutboundCounters();
  #transport: Promise<Transport> | undefined;
  #circuit: () => Transport['circuit'] = () => 'closed';

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
  constructor(options: OutboundOptions, collaborators: { clock?: Clock | undefined } = {}) {
    this.settings = checkedOutboundOptions(options);
    const services = checkOptions('OutboundCollaborators', collaborators, {
      clock: withDefault(having<Clock>('now', 'monotonic', 'schedule'), systemClock),
    });
    this.#clock = services.clock;
    if (this.settings.dangerouslyAcceptAnyCertificate) {
      process.emitWarning('TLS certificates are not verified (dangerouslyAcceptAnyCertificate)', 'SallyportWarning');
    }
  }

  get statistics(): OutboundStatistics {
    return Object.freeze({ ...this.#counters, circuit: this.#circuit() });
  }

  /** Loads what calls are made with, so that the first of them need not wait for it. */
  async warmUp(): Promise<void> {
    await this.#open();
  }

  /**
   * Sends a request. A function makes it anew for each attempt, within the deadline: for what must not be sent twice.
   * @throws {UpstreamError} when there is no usable answer within the deadline
   */
  async send(request: RequestSource): Promise<OutboundAnswer> {
    const call = new AbortController();
    let cancel = () => {};
    // A call that ends in time is not aborted: to make the reason and to tell the listeners costs as much as the call.
    const deadline = new Promise<never>((_resolve, reject) => {
      cancel = this.#clock.schedule(this.settings.timeoutMs, () => {
        call.abort();
        reject(call.signal.reason);
      });
    });
    this.#counters.calls += 1;
    try {
      const sending = this.#open().then((transport) =>
        transport.run(() => this.#send(request, transport, call.signal), call.signal),
      );
      return await Promise.race([sending, deadline]);
    } catch (error) {
      this.#counters.failures += 1;
      if (error instanceof CallRefused) this.#counters.refused += 1;
      throw asUpstreamError(error, call.signal);
    } finally {
      cancel();
    }
  }

  /** Closes all connections; calls under way fail. */
  async close(): Promise<void> {
    const transport = await this.#transport;
    await transport?.agent.destroy();
    this.#transport = undefined;
  }

  #open(): Promise<Transport> {
    this.#transport ??= openTransport(this.settings, this.#clock).then((transport) => {
      this.#circuit = () => transport.circuit;
      return transport;
    });
    return this.#transport;
  }

  async #send(request: RequestSource, transport: Transport, signal: AbortSignal): Promise<OutboundAnswer> {
    let begun = await begin(request, transport, signal);
    if (begun === undefined) {
      await new Promise<void>((resolve) => {
        this.#clock.schedule(RETRY_PAUSE_MS * (1 + Math.random()), resolve);
      });
      signal.throwIfAborted();
      this.#counters.retries += 1;
      begun = await begin(request, transport, signal);
    }
    if (begun === undefined) throw unreachable();
    return readAnswer(begun.response, begun.request);
  }
}

interface Begun {
  readonly request: OutboundRequest;
  readonly response: Dispatcher.ResponseData;
}

const CONNECTION_FAILURES = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'];

/** The head of an answer; `undefined` when the connection failed before, as one that was kept alive may unnoticed. */
async function begin(source: RequestSource, transport: Transport, signal: AbortSignal): Promise<Begun | undefined> {
  const request = typeof source === 'function' ? await source() : source;
  const { url, method, headers, body, mediaTypes } = request;
  try {
    const response = await transport.request(url, {
      dispatcher: transport.agent,
      method,
      headers: { ...headers, accept: mediaTypes.join(', '), 'accept-encoding': 'identity' },
      body: body ?? null,
      signal,
    });
    return { request, response };
  } catch (error) {
    if (signal.aborted || !CONNECTION_FAILURES.includes((error as { code?: string }).code ?? '')) throw error;
    return undefined;
  }
}

/** The cause is left out: it may quote headers, and the code says what matters. */
function asUpstreamError(error: unknown, signal: AbortSignal): UpstreamError {
  if (error instanceof UpstreamError) return error;
  if (error instanceof CallRefused) {
    return error.isCircuitOpen
      ? new UpstreamError('ERR_SALLYPORT_UPSTREAM_CIRCUIT_OPEN', 'calls are suspended after repeated failures')
      : new UpstreamError('ERR_SALLYPORT_UPSTREAM_OVERLOADED', 'too many calls are waiting');
  }
  if (signal.aborted) return new UpstreamError('ERR_SALLYPORT_UPSTREAM_TIMEOUT', 'there was no answer in time');
  return unreachable();
}

function unreachable(): UpstreamError {
  return new UpstreamError('ERR_SALLYPORT_UPSTREAM_UNREACHABLE', 'the connection failed');
}
