import type { IncomingHttpHeaders } from 'node:http';
import { type SallyportErrorCode, UpstreamError } from '@sallyport/core';
import type { Applicant, Clock, Deadlines, Eventually, Shares, Standing } from '@sallyport/core/extend';
import { keepSpecimen, Timed } from '@sallyport/core/extend';
import type { Dispatcher } from 'undici';
import { type Abandoned, unwatch, watch } from './abandoned.js';
import type { Circuit, CircuitCall } from './circuit.js';
import { connectionProblem, mayPass, neverConnected, sendingProblem } from './connections/connection-failure.js';
import type { Connections } from './connections/connections.js';
import { IncomingAnswer, type OutboundAnswer, problemAt, Unanswered, Unconnected } from './outbound-answer.js';
import { type Caller, type OutboundRequest, type PendingRequest, sentRequest } from './outbound-request.js';
import type { OutboundCounters } from './outbound-statistics.js';
import type { ProbeLane } from './probe-lane.js';

/** What all calls of a client share. */
export interface CallServices {
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly circuit: Circuit;
  readonly shares: Shares;
  readonly deadlines: Deadlines<OutboundCall>;
  readonly counters: OutboundCounters;
  readonly connections: () => Eventually<Connections>;
}

const RETRY_PAUSE_MS = 25;
const UNREACHABLE = 'ERR_SALLYPORT_UPSTREAM_UNREACHABLE';

/**
 * One call. The same object handles the answer, waits in the queue, has the deadline and holds the result. It ends
 * once, whatever ends it first.
 */
export class OutboundCall extends Timed implements Dispatcher.DispatchHandler, Applicant, CircuitCall {
  static {
    const specimen = new this(() => Promise.reject(), undefined, {} as CallServices, { resolve() {}, reject() {} });
    keepSpecimen(specimen);
  }

  readonly credential: string;
  readonly address: string | undefined;
  readonly standing: Standing;
  probe: ProbeLane | undefined;
  readonly #source: PendingRequest;
  readonly #services: CallServices;
  readonly #abandoned: Abandoned | undefined;
  /** Undefined for the handler's own calls: they pause by themselves, and the circuit learns nothing from them. */
  readonly #circuit: Circuit | undefined;
  readonly #resolve: (answer: OutboundAnswer) => void;
  readonly #reject: (error: UpstreamError) => void;
  #request: OutboundRequest | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #sentMs = Number.POSITIVE_INFINITY;
  #isAdmitted = false;
  #isConnected = false;
  /** By an attempt before this one. */
  #wasConnected = false;
  /** The HTTP client holds the call without a connection. It cannot be taken back, so it keeps its place. */
  #awaitsConnection = false;
  #isRetried = false;
  #isEnded = false;
  #answer: IncomingAnswer | undefined;

  constructor(
    source: PendingRequest,
    caller: Caller | undefined,
    services: CallServices,
    settle: { resolve: (answer: OutboundAnswer) => void; reject: (error: UpstreamError) => void },
  ) {
    super();
    this.credential = caller?.credential ?? '';
    this.address = caller?.address;
    this.standing = caller?.standing ?? 'known';
    this.#source = source;
    this.#services = services;
    this.#abandoned = caller?.abandoned;
    this.#circuit = caller && services.circuit;
    this.#resolve = settle.resolve;
    this.#reject = settle.reject;
  }

  begin(): void {
    const { counters, deadlines, shares } = this.#services;
    counters.calls += 1;
    deadlines.begin(this);
    if (this.#abandoned !== undefined) watch(this.#abandoned, this);
    if (this.#isEnded) return;
    if (this.#circuit?.isShut === true) this.#refuse(this.#circuit.suspension());
    else if (!shares.enter(this)) this.displace();
  }

  /** Called when it is the turn of this call. If most of its time is over, it ends: another call has better chances. */
  start(): void {
    const { clock, timeoutMs } = this.#services;
    if (this.dueMs - clock.monotonic() < timeoutMs / 2) this.displace();
    else this.#admit();
  }

  displace(): void {
    this.#refuse(new UpstreamError('ERR_SALLYPORT_UPSTREAM_OVERLOADED', 'too many calls are waiting'));
  }

  /** Called at the deadline. The server is blamed only if it had most of the time. */
  expire(isLate: boolean): void {
    const { clock, timeoutMs } = this.#services;
    const hadTime = !isLate && clock.monotonic() - this.#sentMs >= timeoutMs / 2;
    this.#fail(this.#failure('ERR_SALLYPORT_UPSTREAM_TIMEOUT', 'there was no answer in time', hadTime));
  }

  /** Called when no caller waits any more. */
  abandon(): void {
    this.#fail(new UpstreamError(UNREACHABLE, 'the call was given up'));
  }

  /** The same, told by a signal. */
  handleEvent(): void {
    this.abandon();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // A throw takes the request back. Aborting it would end the connection, and others wait for that.
    if (this.#isEnded) throw new Error('the call has ended');
    this.#awaitsConnection = false;
    this.#isConnected = true;
    this.#controller = controller;
  }

  onResponseStart(_controller: unknown, status: number, headers: IncomingHttpHeaders): void {
    const isInformational = status < 200;
    if (this.#isEnded || isInformational) return;
    const fault = this.#answer?.begin(status, headers);
    if (fault !== undefined) this.#fail(fault);
  }

  onResponseData(_controller: unknown, chunk: Buffer): void {
    const fault = this.#isEnded ? undefined : this.#answer?.add(chunk);
    if (fault !== undefined) this.#fail(fault);
  }

  onResponseEnd(): void {
    if (this.#isEnded) return;
    const answer = (this.#answer as IncomingAnswer).end();
    if (answer instanceof Unanswered) this.#fail(answer);
    else {
      this.#circuit?.noteAnswer();
      this.#end();
      this.#resolve(answer);
    }
  }

  onResponseError(_controller: unknown, error: Error & { code?: unknown }): void {
    this.#awaitsConnection = false;
    if (this.#isEnded) {
      this.#services.shares.leave(this);
      return;
    }
    if (neverConnected(error)) this.#isConnected = this.#wasConnected;
    const mayRetry = this.#answer?.hasBegun !== true && !this.#isRetried && mayPass(error);
    if (mayRetry) this.#retry();
    else this.#fail(this.#failure(UNREACHABLE, connectionProblem(error)));
  }

  /** A caller may make a server hang up. No caller can keep a server from accepting connections. */
  #failure(code: SallyportErrorCode, problem: string, isServer = true): UpstreamError {
    const message = this.#request === undefined ? problem : problemAt(this.#request.url, problem);
    if (!isServer) return new UpstreamError(code, message);
    return this.#isConnected ? new Unanswered(code, message) : new Unconnected(code, message);
  }

  #admit(): void {
    this.#isAdmitted = this.#circuit?.admits(this) ?? true;
    if (this.#isAdmitted) this.#attempt();
    else this.#refuse((this.#circuit as Circuit).suspension());
  }

  #attempt(): void {
    try {
      const request = typeof this.#source === 'function' ? this.#source() : this.#source;
      const connections = this.#services.connections();
      if (request instanceof Promise || connections instanceof Promise) {
        void this.#dispatchLater(Promise.all([request, connections]));
      } else this.#dispatch(request, connections);
    } catch (error) {
      this.#failUnsent(error);
    }
  }

  async #dispatchLater(pending: Promise<[OutboundRequest, Connections]>): Promise<void> {
    try {
      const [request, connections] = await pending;
      this.#dispatch(request, connections);
    } catch (error) {
      this.#failUnsent(error);
    }
  }

  #dispatch(request: OutboundRequest, connections: Connections): void {
    if (this.#isEnded) return;
    this.#request = request;
    this.#answer = new IncomingAnswer(request, connections.undoCodings);
    this.#sentMs = Math.min(this.#sentMs, this.#services.clock.monotonic());
    const sent = sentRequest(request, connections.undoCodings);
    this.#awaitsConnection = true;
    connections.dispatch(request.url.origin, sent, this);
  }

  /** Once more, as a connection that was kept alive may have ended unnoticed. */
  #retry(): void {
    const { clock, counters } = this.#services;
    this.#isRetried = true;
    this.#wasConnected = this.#isConnected;
    this.#controller = undefined;
    const again = () => {
      if (this.#isEnded) return;
      counters.retries += 1;
      this.#attempt();
    };
    clock.schedule(RETRY_PAUSE_MS * (1 + Math.random()), again, true);
  }

  #refuse(error: UpstreamError): void {
    this.#services.counters.refused += 1;
    this.#fail(error);
  }

  #failUnsent(error: unknown): void {
    this.#awaitsConnection = false;
    const isOurs = error instanceof UpstreamError;
    this.#fail(isOurs ? error : this.#failure(UNREACHABLE, sendingProblem(error), false));
  }

  #fail(error: UpstreamError): void {
    if (this.#isEnded) return;
    this.#services.counters.failures += 1;
    if (this.#isAdmitted) this.#circuit?.noteFailure(this, error);
    this.#end();
    this.#controller?.abort(new Error('the call has ended'));
    this.#reject(error);
  }

  /** Ends the call and gives its place to the next one. The circuit has learned of the end before. */
  #end(): void {
    const { deadlines, shares } = this.#services;
    this.#isEnded = true;
    deadlines.end(this);
    if (this.#abandoned !== undefined) unwatch(this.#abandoned, this);
    if (!this.#awaitsConnection) shares.leave(this);
  }
}
