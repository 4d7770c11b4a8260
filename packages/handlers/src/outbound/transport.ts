import { rootCertificates } from 'node:tls';
import type { Agent as UndiciAgent, request as undiciRequest } from 'undici';
import type { OutboundSettings } from './outbound-options.js';

/** What calls are made with: the connections, and the policy that limits them. */
export interface Transport {
  readonly request: typeof undiciRequest;
  readonly agent: UndiciAgent;
  /** Runs a call within the limit of concurrent ones and behind the circuit breaker. */
  run<Value>(call: () => Promise<Value>): Promise<Value>;
}

/** Tells the reasons for which a call never left: they are overload, not an answer of the other server. */
export class CallRefused extends Error {
  readonly isCircuitOpen: boolean;

  constructor(isCircuitOpen: boolean) {
    super(isCircuitOpen ? 'the circuit is open' : 'too many calls are waiting');
    this.isCircuitOpen = isCircuitOpen;
  }
}

const FAILURE_SHARE = 0.5;
const SAMPLE_MS = 10_000;
/** 20 calls in the sampling time: a single failure never opens the circuit. */
const MINIMUM_CALLS_PER_SECOND = 2;
const OPEN_MS = { initialDelay: 1_000, maxDelay: 30_000 };

/** Loads the HTTP client and the breaker on first use: a server that never calls anybody never pays for them. */
export async function openTransport(settings: OutboundSettings): Promise<Transport> {
  const [{ Agent, request }, breaker] = await Promise.all([import('undici'), import('cockatiel')]);
  const { bulkhead, circuitBreaker, ExponentialBackoff, handleAll, SamplingBreaker, wrap } = breaker;
  const { maxConcurrent, maxQueued, timeoutMs } = settings;
  const policy = wrap(
    bulkhead(maxConcurrent, maxQueued),
    circuitBreaker(handleAll, {
      halfOpenAfter: new ExponentialBackoff(OPEN_MS),
      breaker: new SamplingBreaker({
        threshold: FAILURE_SHARE,
        duration: SAMPLE_MS,
        minimumRps: MINIMUM_CALLS_PER_SECOND,
      }),
    }),
  );
  const agent = new Agent({
    connections: maxConcurrent,
    connect: { timeout: timeoutMs, ...tlsOptions(settings) },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
  });
  const run = async <Value>(call: () => Promise<Value>): Promise<Value> => {
    try {
      return await policy.execute(call);
    } catch (error) {
      if (breaker.isBrokenCircuitError(error)) throw new CallRefused(true);
      if (breaker.isBulkheadRejectedError(error)) throw new CallRefused(false);
      throw error;
    }
  };
  return { request, agent, run };
}

function tlsOptions({ certificateAuthorities, clientCertificate, dangerouslyAcceptAnyCertificate }: OutboundSettings): {
  ca?: string[];
  cert?: string;
  key?: string;
  rejectUnauthorized: boolean;
} {
  return {
    ...(certificateAuthorities && { ca: [...rootCertificates, ...certificateAuthorities] }),
    ...clientCertificate,
    rejectUnauthorized: !dangerouslyAcceptAnyCertificate,
  };
}
