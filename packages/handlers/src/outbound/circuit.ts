import { randomBytes } from 'node:crypto';
import { UpstreamError } from '@sallyport/core';
import { type CircuitState, type Clock, KeyedHash, networkOf, networksOf, type Standing } from '@sallyport/core/extend';
import { LRUCache } from 'lru-cache';
import { FailureSample } from './failure-sample.js';
import { Unanswered, Unconnected, UnexpectedStatus } from './outbound-answer.js';
import { ProbeLane } from './probe-lane.js';

/** The members of a call by which the circuit judges the server. */
export interface CircuitCall {
  readonly credential: string;
  readonly address: string | undefined;
  readonly standing: Standing;
  /** The lane in which this call is a probe; undefined when it is none. */
  probe: ProbeLane | undefined;
}

/**
 * Calls are suspended. `areCredentialsRefused` is true when the server refused the credentials of the handler itself.
 * @example
 * const answer = await client.send(call).catch((error) => {
 *   if (error instanceof CallsSuspended && error.areCredentialsRefused) log.error('the secret of the client is wrong');
 *   return unavailable(error);
 * });
 */
export class CallsSuspended extends UpstreamError {
  readonly areCredentialsRefused: boolean;

  constructor(areCredentialsRefused: boolean, retryAfterSeconds: number, last: string) {
    const message = `calls are suspended after repeated failures, the last: ${last}`;
    super('ERR_SALLYPORT_UPSTREAM_CIRCUIT_OPEN', message, { retryAfterSeconds });
    this.areCredentialsRefused = areCredentialsRefused;
  }
}

const HALF = 0.5;
const ALL = 1;
/** The server counts as down when this many different credentials, all good before, fail in a row. */
const KNOWN_FAILURES = 5;
const KNOWN_FAILURES_WITHIN_MS = 10_000;
/**
 * These credentials must come from this many networks if several networks call: one party can easily have several
 * tokens.
 */
const KNOWN_FAILURES_NETWORKS = 2;
const FIRST_OPEN_MS = 1_000;
const LAST_OPEN_MS = 30_000;
const MAX_LANES = 10_000;
const KNOWN_LANE = { freeFailures: 0, lastPauseMs: LAST_OPEN_MS };
const NETWORK_LANE = { freeFailures: 3, lastPauseMs: 5_000 };

/**
 * Suspends the calls to a server that is down, and judges that by what no single caller can bring about:
 * - **Open**, nobody calls: connections fail (at least half of at least 20 calls in 10 seconds), or five different
 *   credentials that were good before got no answer in a row, and nobody else got one meanwhile; one network alone counts
 *   only where no other one calls. For 1 s, then twice as long each time that a probe cannot connect, 30 s at most;
 *   longer where the server asks for it.
 * - **Half-open**, after that: one known credential at a time, and one caller at a time from each network, find out.
 * - **Doubted**: only strangers got no answer, but nobody else got one either (20 calls in 10 seconds; the first refusal,
 *   where the server never took our own credentials yet). Known credentials go on, and so do networks that had no part
 *   in it; the others have one caller at a time.
 * Any usable answer closes it. What a stranger's token alone brings about (a status, a timeout, an answer that makes no
 * sense) never stops anybody from another network.
 */
export class Circuit {
  readonly #clock: Clock;
  readonly #connections: FailureSample;
  readonly #answers: FailureSample;
  readonly #hash = new KeyedHash(() => randomBytes(32).toString('hex'), 'circuit');
  readonly #knownFailures = new Set<string>();
  readonly #knownFailureNetworks = new Set<string>();
  #lastNetwork: string | undefined;
  #severalNetworksUntilMs = Number.NEGATIVE_INFINITY;
  #lastKnownFailureMs = Number.NEGATIVE_INFINITY;
  #isProved = false;
  #isDoubted = false;
  #isOpen = false;
  #openMs = FIRST_OPEN_MS;
  #openUntilMs = Number.NEGATIVE_INFINITY;
  #areCredentialsRefused = false;
  #lastProblem = '';
  #knownLane = new ProbeLane(KNOWN_LANE);
  readonly #networkLanes = new LRUCache<string, ProbeLane>({ max: MAX_LANES });

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#connections = new FailureSample(HALF, clock);
    this.#answers = new FailureSample(ALL, clock);
  }

  get state(): CircuitState {
    if (!this.#isOpen && !this.#isDoubted) return 'closed';
    return this.isShut ? 'open' : 'half_open';
  }

  /** True while no calls are made. */
  get isShut(): boolean {
    return this.#isOpen && this.#clock.monotonic() < this.#openUntilMs;
  }

  /** True while the server has given no usable answer at all, or gives none to anybody now. */
  get answersNobody(): boolean {
    return !this.#isProved || this.#isDoubted || this.#isOpen;
  }

  /** Whether a call may be made now. If so, report its end. */
  admits(call: CircuitCall): boolean {
    this.#noteNetwork(call.address);
    if (!this.#isOpen && !this.#isDoubted) return true;
    if (this.isShut) return false;
    const nowMs = this.#clock.monotonic();
    const isKnown = call.standing === 'known';
    if (isKnown && (!this.#isOpen || this.#takeLane(call, this.#knownLane, nowMs))) return true;
    return this.#takeLane(call, this.#laneOf(call), nowMs);
  }

  /** The reason why a call may not be made. */
  suspension(): CallsSuspended {
    const leftSeconds = Math.ceil((this.#openUntilMs - this.#clock.monotonic()) / 1_000);
    return new CallsSuspended(this.#areCredentialsRefused, Math.max(1, leftSeconds), this.#lastProblem);
  }

  /** A usable answer came. */
  noteAnswer(): void {
    this.#isProved = true;
    this.#connections.noteSuccess();
    this.#answers.noteSuccess();
    this.#forgetKnownFailures();
    if (this.#isOpen || this.#isDoubted) this.#close();
  }

  /** The call ended without a usable answer. */
  noteFailure(call: CircuitCall, error: UpstreamError): void {
    call.probe?.fail(this.#clock.monotonic(), askedMs(error));
    if (error instanceof Unconnected || error instanceof Unanswered) this.#lastProblem = error.message;
    if (error instanceof Unconnected) this.#noteUnconnected(call, error);
    else if (error instanceof Unanswered) this.#noteUnanswered(call, error);
  }

  #noteUnconnected({ probe }: CircuitCall, error: Unconnected): void {
    const areTooMany = this.#connections.noteFailure();
    if (this.#isOpen ? probe !== undefined : areTooMany) this.#open(error);
  }

  #noteUnanswered(call: CircuitCall, error: Unanswered): void {
    this.#connections.noteSuccess();
    if (call.standing === 'known') this.#noteKnownFailure(call, error);
    else if (!isAboutRequest(error)) this.#noteStrangersFailure(call, error);
  }

  #noteKnownFailure({ credential, address }: CircuitCall, error: UpstreamError): void {
    const nowMs = this.#clock.monotonic();
    if (nowMs - this.#lastKnownFailureMs >= KNOWN_FAILURES_WITHIN_MS) this.#forgetKnownFailures();
    this.#lastKnownFailureMs = nowMs;
    if (this.#knownFailures.size < KNOWN_FAILURES) this.#knownFailures.add(this.#hash.of(credential));
    if (this.#knownFailureNetworks.size < KNOWN_FAILURES_NETWORKS) this.#knownFailureNetworks.add(partyOf(address));
    if (this.#knownFailures.size < KNOWN_FAILURES) return;
    const isByOneNetwork = this.#knownFailureNetworks.size < KNOWN_FAILURES_NETWORKS;
    if (isByOneNetwork && nowMs < this.#severalNetworksUntilMs) return;
    this.#forgetKnownFailures();
    this.#open(error);
  }

  #forgetKnownFailures(): void {
    // To clear a set makes a table for it anew, and most calls find it empty.
    if (this.#knownFailures.size === 0) return;
    this.#knownFailures.clear();
    this.#knownFailureNetworks.clear();
  }

  #noteNetwork(address: string | undefined): void {
    const network = partyOf(address);
    if (network === this.#lastNetwork) return;
    if (this.#lastNetwork !== undefined) {
      this.#severalNetworksUntilMs = this.#clock.monotonic() + KNOWN_FAILURES_WITHIN_MS;
    }
    this.#lastNetwork = network;
  }

  #noteStrangersFailure(call: CircuitCall, error: Unanswered): void {
    const isRefusal = isCredentialRefusal(error);
    const areAllFailing = this.#answers.noteFailure();
    if (this.#isOpen || this.#isDoubted || !(areAllFailing || (isRefusal && !this.#isProved))) return;
    this.#isDoubted = true;
    this.#areCredentialsRefused = isRefusal;
    this.#laneOf(call).fail(this.#clock.monotonic(), askedMs(error));
  }

  #open(error: UpstreamError): void {
    this.#openMs = this.#isOpen ? Math.min(2 * this.#openMs, LAST_OPEN_MS) : FIRST_OPEN_MS;
    this.#openUntilMs = this.#clock.monotonic() + Math.max(this.#openMs, askedMs(error));
    this.#isOpen = true;
    this.#areCredentialsRefused = isCredentialRefusal(error);
  }

  #close(): void {
    this.#isOpen = false;
    this.#isDoubted = false;
    this.#areCredentialsRefused = false;
    this.#openUntilMs = Number.NEGATIVE_INFINITY;
    this.#connections.clear();
    this.#answers.clear();
    this.#knownLane = new ProbeLane(KNOWN_LANE);
    this.#networkLanes.clear();
  }

  #takeLane(call: CircuitCall, lane: ProbeLane, nowMs: number): boolean {
    const isFree = lane.take(nowMs) || (!this.#isOpen && !lane.hasFailed);
    if (isFree) call.probe = lane;
    return isFree;
  }

  #laneOf({ address }: CircuitCall): ProbeLane {
    const network = networkOf(address);
    let lane = this.#networkLanes.get(network);
    if (lane === undefined) {
      lane = new ProbeLane(NETWORK_LANE);
      this.#networkLanes.set(network, lane);
    }
    return lane;
  }
}

/**
 * The network of an address that certainly belongs to one party: an IPv4 address, or the /48 around an IPv6 address.
 */
function partyOf(address: string | undefined): string {
  const [widest, narrower] = networksOf(address);
  return narrower ?? widest;
}

function isAboutRequest(error: UpstreamError): boolean {
  return error instanceof UnexpectedStatus && error.isAboutRequest;
}

function isCredentialRefusal(error: UpstreamError): boolean {
  return error instanceof UnexpectedStatus && error.isRefusal;
}

function askedMs({ retryAfterSeconds = 0 }: UpstreamError): number {
  return 1_000 * retryAfterSeconds;
}
