import {
  type Clock,
  checkOptions,
  having,
  SallyportError,
  systemClock,
  UpstreamError,
  withDefault,
} from '@sallyport/core';
import { readAnswer } from './outbound-answer.js';
import { checkedOutboundOptions, type OutboundOptions, type OutboundSettings } from './outbound-options.js';
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
  #transport: Promise<Transport> | undefined;

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

  /** @throws {UpstreamError} when there is no usable answer within the deadline */
  async send(request: OutboundRequest): Promise<OutboundAnswer> {
    const call = new AbortController();
    const cancel = this.#clock.schedule(this.settings.timeoutMs, () => call.abort());
    try {
      const sending = this.#open().then((transport) =>
        transport.run(() => this.#send(request, transport, call.signal)),
      );
      return await Promise.race([sending, aborted(call.signal)]);
    } catch (error) {
      throw asUpstreamError(error, call.signal);
    } finally {
      cancel();
      call.abort();
    }
  }

  /** Closes all connections; calls under way fail. */
  async close(): Promise<void> {
    const transport = await this.#transport;
    await transport?.agent.destroy();
    this.#transport = undefined;
  }

  #open(): Promise<Transport> {
    this.#transport ??= openTransport(this.settings);
    return this.#transport;
  }

  /** A connection that failed before an answer began is tried once more; keep-alive connections die unnoticed. */
  async #send(request: OutboundRequest, transport: Transport, signal: AbortSignal): Promise<OutboundAnswer> {
    try {
      return await sendOnce(request, transport, signal);
    } catch (error) {
      if (!isConnectionFailure(error) || signal.aborted) throw error;
      await new Promise<void>((resolve) => {
        this.#clock.schedule(RETRY_PAUSE_MS * (1 + Math.random()), resolve);
      });
      return sendOnce(request, transport, signal);
    }
  }
}

async function sendOnce(request: OutboundRequest, transport: Transport, signal: AbortSignal): Promise<OutboundAnswer> {
  const response = await transport.request(request.url, {
    dispatcher: transport.agent,
    method: request.method,
    headers: { ...request.headers, accept: request.mediaTypes.join(', '), 'accept-encoding': 'identity' },
    body: request.body ?? null,
    signal,
  });
  return readAnswer(response, request);
}

const CONNECTION_FAILURES = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'];

function isConnectionFailure(error: unknown): boolean {
  return !(error instanceof SallyportError) && CONNECTION_FAILURES.includes((error as { code?: string }).code ?? '');
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
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
  return new UpstreamError('ERR_SALLYPORT_UPSTREAM_UNREACHABLE', 'the connection failed');
}
