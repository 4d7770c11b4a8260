import type { Clock } from '@sallyport/core';
import type { Agent as UndiciAgent, request as undiciRequest } from 'undici';
import { FailureSample } from './failure-sample.js';
import { OpenPeriods } from './open-period.js';
import { UnexpectedStatus } from './outbound-answer.js';
import type { OutboundSettings } from './outbound-options.js';

/** What calls are made with: the connections, and the policy that limits them. */
export interface Transport {
  readonly request: typeof undiciRequest;
  readonly agent: UndiciAgent;
  readonly circuit: 'closed' | 'open' | 'half_open';
  /**
   * Runs a call within the limit of concurrent ones and behind the circuit breaker; `signal` takes it out of the queue.
   * @throws {CallRefused}
   */
  run<Value>(call: () => Promise<Value>, signal: AbortSignal): Promise<Value>;
}

/** Tells the reasons for which a call never left: they are overload, not an answer of the other server. */
export class CallRefused extends Error {
  readonly isCircuitOpen: boolean;

  constructor(isCircuitOpen: boolean) {
    super(isCircuitOpen ? 'the circuit is open' : 'too many calls are waiting');
    this.isCircuitOpen = isCircuitOpen;
  }
}

/** Loads the HTTP client and the breaker on first use: a server that never calls anybody never pays for them. */
export async function openTransport(settings: OutboundSettings, clock: Clock): Promise<Transport> {
  const [{ Agent, request }, breaker] = await Promise.all([import('undici'), import('cockatiel')]);
  const { bulkhead, CircuitState, circuitBreaker, handleWhen, wrap } = breaker;
  const { maxConcurrent, maxQueued, timeoutMs } = settings;
  const circuit = circuitBreaker(handleWhen(isServerFailure), {
    halfOpenAfter: new OpenPeriods(clock),
    breaker: new FailureSample(clock),
  });
  const policy = wrap(bulkhead(maxConcurrent, maxQueued), circuit);
  const agent = new Agent({
    connections: maxConcurrent,
    connect: { timeout: timeoutMs, ...(await tlsOptions(settings)) },
    // The deadline of each call ends it, but not a connection that is being made.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  return {
    request,
    agent,
    get circuit() {
      if (circuit.state === CircuitState.Closed) return 'closed';
      return circuit.state === CircuitState.HalfOpen ? 'half_open' : 'open';
    },
    async run(call, signal) {
      try {
        return await policy.execute(call, signal);
      } catch (error) {
        if (breaker.isBrokenCircuitError(error)) throw new CallRefused(true);
        if (breaker.isBulkheadRejectedError(error)) throw new CallRefused(false);
        throw error;
      }
    },
  };
}

function isServerFailure(error: Error): boolean {
  return !(error instanceof UnexpectedStatus && error.isAboutRequest);
}

async function tlsOptions(settings: OutboundSettings): Promise<{
  ca?: string[];
  cert?: string;
  key?: string;
  rejectUnauthorized: boolean;
}> {
  const { certificateAuthorities, clientCertificate, dangerouslyAcceptAnyCertificate } = settings;
  return {
    ...(certificateAuthorities && { ca: [...(await rootCertificates()), ...certificateAuthorities] }),
    ...clientCertificate,
    rejectUnauthorized: !dangerouslyAcceptAnyCertificate,
  };
}

/** Loaded on first use: to import them takes as long as all of a handler. */
async function rootCertificates(): Promise<readonly string[]> {
  return (await import('node:tls')).rootCertificates;
}
