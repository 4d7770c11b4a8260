import type { Clock } from '../clock/clock.js';
import type { Eventually } from '../clock/eventually.js';
import type { Decider } from '../decision/decider.js';
import { type Decision, type DeniedDecision, GrantedDecision, isDecision } from '../decision/decision.js';
import { denialOf } from '../decision/denial.js';
import type { ProblemFormatter } from '../decision/problem.js';
import { DecisionObserver } from '../events/decision-observer.js';
import type { Explanation } from '../events/explanation.js';
import { askGuard } from '../guard/ask-guard.js';
import type { Guard, GuardVerdict } from '../guard/guard.js';
import { type Candidate, shownTo } from '../handler/candidates.js';
import type { SecurityHandler } from '../handler/handler.js';
import { fault, type Outcome, Refusal } from '../handler/refusal.js';
import { ownMember } from '../options/own-members.js';
import { type RequestFirewall, requestFirewall, warnOfRelaxations } from '../request/firewall.js';
import { type IncomingRequest, SecurityRequest } from '../request/request.js';
import type { Run } from '../requirement/run.js';
import { forbidden } from '../verdict/verdict.js';
import {
  SECURITY_CHAIN,
  SECURITY_CHAIN_COLLABORATORS,
  type SecurityChainCollaborators,
  type SecurityChainOptions,
} from './chain-options.js';
import { withinDeadline } from './deadline.js';
import { guardFault, guardRefusal } from './guard-refusal.js';
import { closeHandlers, startHandlers } from './lifecycle.js';
import { candidatesBehind, PolicyTable } from './policy.js';
import type { Policy } from './policy-compiler.js';

const UNDECLARED = new Refusal({ kind: 'undeclared', reason: 'operation_undeclared' });
const ALL_ABSTAINED = forbidden('all_guards_abstained');

/**
 * Requirements and guards, compiled once. `decide` turns a request into a decision: it never throws, never rejects,
 * and is synchronous whenever every handler concerned answers synchronously.
 * @example
 * const chain = new SecurityChain({ requirement: anyOf(jwt, apiKey), guards: [requireScopes('orders:read')] });
 * await chain.start();
 * const { decision, event } = await chain.explain({ method: 'GET', target: '/orders', rawHeaders: ['X-Key', 'k-1'] });
 * if (decision.kind === 'denied') log.warn(decision.status, event.reason);
 * await chain.close();
 */
export class SecurityChain<Scopes extends string = string> implements Decider<Scopes> {
  readonly name: string;
  readonly #policies: PolicyTable;
  readonly #firewall: RequestFirewall;
  readonly #deadlineMs: number;
  readonly #format: ProblemFormatter;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #observer: DecisionObserver;

  /** @throws {ConfigurationError} with any of the codes for options, requirements and sources */
  constructor(options: SecurityChainOptions<Scopes>, collaborators: SecurityChainCollaborators = {}) {
    const { name, requirement, guards, operations, firewall, deadlineMs, maxBodyBytes, requestId, format } =
      SECURITY_CHAIN(options);
    const { clock, random, listeners, debug } = SECURITY_CHAIN_COLLABORATORS(collaborators);
    this.name = name;
    this.#policies = new PolicyTable(this, requirement, guards, operations, maxBodyBytes);
    this.#firewall = requestFirewall(firewall);
    warnOfRelaxations(name, firewall);
    this.#deadlineMs = deadlineMs;
    this.#format = format;
    this.#clock = clock;
    this.#random = random;
    this.#observer = new DecisionObserver({ chain: name, handlers: this.handlers, clock, requestId }, listeners, debug);
  }

  /** The chain that made a decision; undefined for what no chain of this copy of core has granted. */
  static of(granted: GrantedDecision): SecurityChain | undefined {
    if (!isDecision(granted) || granted.kind !== 'granted') return undefined;
    return (GrantedDecision.policyOf(granted) as Policy).chain as SecurityChain;
  }

  /** Every handler of every requirement, each once. */
  get handlers(): readonly SecurityHandler[] {
    return this.#policies.handlers;
  }

  /**
   * Warms every handler up. Rejects with what the first failing handler reports, or when one takes longer than
   * `timeoutMs` (default 30 000), after closing the others.
   */
  start(options: { timeoutMs?: number } = {}): Promise<void> {
    const start = () => startHandlers(this.handlers, this.#clock, ownMember(options, 'timeoutMs'));
    return this.#observer.starting(this.#policies.loading?.then(start) ?? start());
  }

  /** Closes every handler, last first, waiting at most `timeoutMs` (default 5 000) for each. */
  close(options: { timeoutMs?: number } = {}): Promise<void> {
    return closeHandlers(this.handlers, this.#clock, ownMember(options, 'timeoutMs'));
  }

  /** Decides. A decision that needs no I/O, such as a cached one, is returned as it is and not as a promise. */
  decide(request: SecurityRequest): Eventually<Decision> {
    return this.#observer.isHeard ? this.#announce(request) : this.#decide(request);
  }

  /** Decides and tells how. Takes plain data as well. Listeners hear of it only with `publish` (default false). */
  explain(request: SecurityRequest | IncomingRequest, options: { publish?: boolean } = {}): Promise<Explanation> {
    return this.#observer.explain(request, (asked) => this.#decide(asked), options.publish);
  }

  /**
   * Runs one more guard on a decision of this chain, without authenticating again: for guards that a route adds.
   * Proofs that work only once (RFC 9449 11.1) stay valid this way.
   */
  authorize(granted: GrantedDecision, guard: Guard<Scopes>, request: SecurityRequest): Eventually<Decision> {
    return this.#observer.isHeard
      ? this.#announceGuard(granted, guard, request)
      : this.#authorize(granted, guard, request);
  }

  /** False if the framework has chosen a route with another policy since: then decide again. */
  covers(granted: GrantedDecision, request: SecurityRequest): boolean {
    try {
      return GrantedDecision.policyOf(granted) === this.#policies.find(request);
    } catch {
      return false;
    }
  }

  readsBodies(method: string): boolean {
    return this.#policies.readsBodies(method);
  }

  // Closures are made in functions of their own: inside a function on the path of a remembered decision, a closure would
  // cost each decision an allocation (bench: chain).

  #announce(request: SecurityRequest): Eventually<Decision> {
    return this.#observer.announce(request, () => this.#decide(request));
  }

  #announceGuard(granted: GrantedDecision, guard: Guard, request: SecurityRequest): Eventually<Decision> {
    return this.#observer.announce(request, () => this.#authorize(granted, guard, request), guard);
  }

  #decide(request: SecurityRequest): Eventually<Decision> {
    try {
      const decision = this.#answer(request);
      return decision instanceof Promise ? this.#inTime(decision, request) : decision;
    } catch (error) {
      return this.#failed(error, request);
    }
  }

  #authorize(granted: GrantedDecision, guard: Guard, request: SecurityRequest): Eventually<Decision> {
    const decision = this.#guard(granted, guard, request);
    return decision instanceof Promise ? this.#inTime(decision, request) : decision;
  }

  #inTime(decision: Promise<Decision>, request: SecurityRequest): Promise<Decision> {
    const decided = decision.catch((error) => this.#failed(error, request));
    const patience = { clock: this.#clock, timeoutMs: this.#deadlineMs };
    return withinDeadline(decided, request, patience, (refusal) => this.#deny(refusal, [], request));
  }

  /** An error outside of handlers and guards is a bug of this library: 500. */
  #failed(error: unknown, request: SecurityRequest): DeniedDecision {
    return this.#deny(fault('chain_failed', { culprit: this.name, error }), [], request);
  }

  #answer(request: SecurityRequest): Eventually<Decision> {
    const oddity = this.#firewall(request);
    if (oddity !== undefined) {
      return this.#deny(new Refusal({ kind: 'unroutable', reason: oddity }), this.#policies.candidates, request);
    }
    if (this.#policies.loading !== undefined) return this.#answerOnce(this.#policies.loading, request);
    const policy = this.#policies.find(request);
    if (policy === undefined) return this.#deny(UNDECLARED, [], request);
    request.trace?.noteOperation(policy.operation);
    const run = policy.plan.begin(request);
    const outcome = policy.plan.evaluate(run);
    return outcome instanceof Promise
      ? this.#concludeLater(outcome, policy, run)
      : this.#conclude(outcome, policy, run);
  }

  #answerOnce(loaded: Promise<void>, request: SecurityRequest): Promise<Decision> {
    return loaded.then(() => this.#answer(request));
  }

  #concludeLater(pending: Promise<Outcome>, policy: Policy, run: Run): Promise<Decision> {
    return pending.then((outcome) => this.#conclude(this.#stillStanding(outcome, run), policy, run));
  }

  /** With several credentials, one may have been revoked while another was verified. A single one was verified just now. */
  #stillStanding(outcome: Outcome, run: Run): Outcome {
    if (outcome instanceof Refusal || !run.hasSeveralCredentials) return outcome;
    return run.recheck(outcome.principal) ?? outcome;
  }

  #conclude(outcome: Outcome, policy: Policy, run: Run): Eventually<Decision> {
    const { plan, guard } = policy;
    if (outcome instanceof Refusal) return this.#deny(outcome, plan.candidates, run.request);
    const granted = new GrantedDecision(policy, outcome.principal, outcome.headers, run.attempted?.summary);
    return guard === undefined ? granted : this.#guard(granted, guard, run.request, run);
  }

  #guard(granted: GrantedDecision, guard: Guard, request: SecurityRequest, run?: Run): Eventually<Decision> {
    request.trace?.noteCaller(granted.principal);
    try {
      const verdict = askGuard(guard, granted.principal, request);
      if (verdict instanceof Promise) return this.#guardLater(verdict, guard, granted, request, run);
      return this.#weigh(verdict, granted, request);
    } catch (error) {
      return this.#deny(guardFault(error, guard, granted.principal, request), [], request);
    }
  }

  #guardLater(
    pending: Promise<GuardVerdict>,
    guard: Guard,
    granted: GrantedDecision,
    request: SecurityRequest,
    run: Run | undefined,
  ): Promise<Decision> {
    return pending.then(
      (verdict) => {
        const fallen = verdict.kind === 'permitted' ? run?.recheck(granted.principal) : undefined;
        if (fallen !== undefined) return this.#deny(fallen, candidatesBehind(granted), request);
        return this.#weigh(verdict, granted, request);
      },
      (error) => this.#deny(guardFault(error, guard, granted.principal, request), [], request),
    );
  }

  #weigh(verdict: GuardVerdict, granted: GrantedDecision, request: SecurityRequest): Decision {
    if (verdict.kind === 'permitted') return granted;
    const refusing = verdict.kind === 'abstained' ? ALL_ABSTAINED : verdict;
    const candidates = candidatesBehind(granted);
    return this.#deny(guardRefusal(refusing, granted.principal, candidates, this.handlers), candidates, request);
  }

  #deny(refusal: Refusal, candidates: readonly Candidate[], request: SecurityRequest): DeniedDecision {
    this.#observer.noteRefusal(refusal, request);
    return denialOf(refusal, { candidates: shownTo(request, candidates), format: this.#format, random: this.#random });
  }
}
