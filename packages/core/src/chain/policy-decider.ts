import type { Clock } from '../clock/clock.js';
import type { Eventually } from '../clock/eventually.js';
import type { Decider } from '../decision/decider.js';
import { type Decision, type DeniedDecision, GrantedDecision, isDecision } from '../decision/decision.js';
import { denialOf } from '../decision/denial.js';
import type { ProblemFormatter } from '../decision/problem.js';
import type { DecisionObserver } from '../events/decision-observer.js';
import type { Explanation } from '../events/explanation.js';
import { askGuard } from '../guard/ask-guard.js';
import type { Guard, GuardVerdict } from '../guard/guard.js';
import { type Candidate, shownTo } from '../handler/candidates.js';
import { fault, type Outcome, Refusal } from '../handler/refusal.js';
import type { RequestFirewall } from '../request/firewall.js';
import { type IncomingRequest, SecurityRequest } from '../request/request.js';
import type { Run } from '../requirement/run.js';
import { forbidden } from '../verdict/verdict.js';
import { withinDeadline } from './deadline.js';
import { guardFault, guardRefusal } from './guard-refusal.js';
import { candidatesBehind, type Policies } from './policy.js';
import { atEach, type Policy } from './policy-compiler.js';
import { grantedEarlier, PolicyPairs } from './policy-pairs.js';
import { ToldWithGuard } from './told.js';

const UNDECLARED = new Refusal({ kind: 'undeclared', reason: 'operation_undeclared' });
const ALL_ABSTAINED = forbidden('all_guards_abstained');

/** How a chain decides, whichever of its policies a request has to satisfy. */
export interface DecidingSettings {
  /** The name of the chain. */
  readonly name: string;
  readonly firewall: RequestFirewall;
  readonly deadlineMs: number;
  readonly format: ProblemFormatter;
  readonly clock: Clock;
  readonly random: () => number;
  readonly observer: DecisionObserver;
}

/** Decides by policies: those of a chain, or those of a route with a requirement of its own. */
export class PolicyDecider implements Decider {
  readonly #chain: string;
  readonly #policies: Policies;
  readonly #afterEarlier = new PolicyPairs(grantedEarlier);
  readonly #firewall: RequestFirewall;
  readonly #deadlineMs: number;
  readonly #format: ProblemFormatter;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #observer: DecisionObserver;
  readonly #told = new ToldWithGuard();

  constructor(policies: Policies, settings: DecidingSettings) {
    const { name, firewall, deadlineMs, format, clock, random, observer } = settings;
    this.#chain = name;
    this.#policies = policies;
    this.#firewall = firewall;
    this.#deadlineMs = deadlineMs;
    this.#format = format;
    this.#clock = clock;
    this.#random = random;
    this.#observer = observer;
  }

  decide(request: SecurityRequest, earlier?: GrantedDecision, next?: Guard): Eventually<Decision> {
    return this.#observer.isHeard ? this.#announce(request, earlier, next) : this.#decide(request, earlier, next);
  }

  explain(request: SecurityRequest | IncomingRequest, publish: boolean | undefined): Promise<Explanation> {
    return this.#observer.explain(request, (asked) => this.#decide(asked, undefined, undefined), publish);
  }

  authorize(granted: GrantedDecision, guard: Guard, request: SecurityRequest): Eventually<Decision> {
    return this.#observer.isHeard
      ? this.#announceGuard(granted, guard, request)
      : this.#authorize(granted, guard, request);
  }

  covers(granted: GrantedDecision, request: SecurityRequest): boolean {
    try {
      const policy = GrantedDecision.policyOf(granted) as Policy;
      return (policy.asked ?? policy) === this.#policies.find(request);
    } catch {
      return false;
    }
  }

  readsBodies(method: string): boolean {
    return this.#policies.readsBodies(method);
  }

  // Closures are made in functions of their own: inside a function on the path of a remembered decision, a closure would
  // cost each decision an allocation (bench: chain).

  #announce(
    request: SecurityRequest,
    earlier: GrantedDecision | undefined,
    next: Guard | undefined,
  ): Eventually<Decision> {
    return this.#observer.announce(request, () => this.#decide(request, earlier, next));
  }

  #announceGuard(granted: GrantedDecision, guard: Guard, request: SecurityRequest): Eventually<Decision> {
    return this.#observer.announce(request, () => this.#authorize(granted, guard, request), guard);
  }

  #decide(
    request: SecurityRequest,
    earlier: GrantedDecision | undefined,
    next: Guard | undefined,
  ): Eventually<Decision> {
    try {
      const decision = this.#answer(request, earlier, next);
      return decision instanceof Promise ? this.#inTime(decision, request) : decision;
    } catch (error) {
      return this.#failed(error, request);
    }
  }

  #authorize(granted: GrantedDecision, guard: Guard, request: SecurityRequest): Eventually<Decision> {
    const { operations } = GrantedDecision.policyOf(granted) as Policy;
    const asked = operations.length < 2 ? guard : atEach(operations, guard);
    const decision = this.#guard(granted, asked, request, guard);
    return decision instanceof Promise ? this.#inTime(decision, request) : decision;
  }

  #inTime(decision: Promise<Decision>, request: SecurityRequest): Promise<Decision> {
    const decided = decision.catch((error) => this.#failed(error, request));
    const patience = { clock: this.#clock, timeoutMs: this.#deadlineMs };
    return withinDeadline(decided, request, patience, (refusal) => this.#deny(refusal, [], request));
  }

  /** An error outside of handlers and guards is a bug of this library: 500. */
  #failed(error: unknown, request: SecurityRequest): DeniedDecision {
    return this.#deny(fault('chain_failed', { culprit: this.#chain, error }), [], request);
  }

  #answer(
    request: SecurityRequest,
    earlier: GrantedDecision | undefined,
    next: Guard | undefined,
  ): Eventually<Decision> {
    const oddity = this.#firewall(request);
    if (oddity !== undefined) return this.#deny(new Refusal({ kind: 'unroutable', reason: oddity }), [], request);
    const { loading } = this.#policies;
    if (loading !== undefined) return this.#answerOnce(loading, request, earlier, next);
    const found = this.#policies.find(request);
    if (found === undefined) return this.#deny(UNDECLARED, [], request);
    const before = earlier && this.#policyBehind(earlier);
    const policy = before === undefined ? found : this.#afterEarlier.of(before, found);
    request.trace?.noteOperation(policy.operations[0]);
    const run = policy.plan.begin(request);
    const outcome = policy.plan.evaluate(run, before && earlier?.principal);
    return outcome instanceof Promise
      ? this.#concludeLater(outcome, policy, run, next)
      : this.#conclude(outcome, policy, run, next);
  }

  #answerOnce(
    loaded: Promise<unknown>,
    request: SecurityRequest,
    earlier: GrantedDecision | undefined,
    next: Guard | undefined,
  ): Promise<Decision> {
    return loaded.then((refusal) =>
      refusal instanceof Refusal ? this.#deny(refusal, [], request) : this.#answer(request, earlier, next),
    );
  }

  /** Undefined if another chain has granted. */
  #policyBehind(earlier: GrantedDecision): Policy | undefined {
    if (!isDecision(earlier)) return undefined;
    const policy = GrantedDecision.policyOf(earlier) as Policy;
    return policy.table === this.#policies.table ? policy : undefined;
  }

  #concludeLater(pending: Promise<Outcome>, policy: Policy, run: Run, next: Guard | undefined): Promise<Decision> {
    return pending.then((outcome) => this.#conclude(this.#stillStanding(outcome, run), policy, run, next));
  }

  /** With several credentials, one may have been revoked while another was verified. A single one was verified just now. */
  #stillStanding(outcome: Outcome, run: Run): Outcome {
    if (outcome instanceof Refusal || !run.hasSeveralCredentials) return outcome;
    return run.recheck(outcome.principal) ?? outcome;
  }

  #conclude(outcome: Outcome, policy: Policy, run: Run, next: Guard | undefined): Eventually<Decision> {
    const { guard, candidates } = policy;
    if (outcome instanceof Refusal) return this.#deny(outcome, this.#told.of(candidates, next), run.request);
    const granted = new GrantedDecision(policy, outcome.principal, outcome.headers, run.attempted?.summary);
    return guard === undefined ? granted : this.#guard(granted, guard, run.request, next, run);
  }

  #guard(
    granted: GrantedDecision,
    guard: Guard,
    request: SecurityRequest,
    next: Guard | undefined,
    run?: Run,
  ): Eventually<Decision> {
    request.trace?.noteCaller(granted.principal);
    try {
      SecurityRequest.locate(request, (GrantedDecision.policyOf(granted) as Policy).operations[0]?.template);
      const verdict = askGuard(guard, granted.principal, request);
      if (verdict instanceof Promise) return this.#guardLater(verdict, guard, granted, request, next, run);
      return this.#weigh(verdict, granted, request, next);
    } catch (error) {
      return this.#deny(guardFault(error, guard, granted.principal, request), [], request);
    }
  }

  #guardLater(
    pending: Promise<GuardVerdict>,
    guard: Guard,
    granted: GrantedDecision,
    request: SecurityRequest,
    next: Guard | undefined,
    run: Run | undefined,
  ): Promise<Decision> {
    return pending.then(
      (verdict) => {
        const fallen = verdict.kind === 'permitted' ? run?.recheck(granted.principal) : undefined;
        if (fallen !== undefined) return this.#deny(fallen, candidatesBehind(granted), request);
        return this.#weigh(verdict, granted, request, next);
      },
      (error) => this.#deny(guardFault(error, guard, granted.principal, request), [], request),
    );
  }

  #weigh(verdict: GuardVerdict, granted: GrantedDecision, request: SecurityRequest, next: Guard | undefined): Decision {
    if (verdict.kind === 'permitted') return granted;
    const refusing = verdict.kind === 'abstained' ? ALL_ABSTAINED : verdict;
    const candidates = this.#told.of(candidatesBehind(granted), next);
    return this.#deny(
      guardRefusal(refusing, granted.principal, candidates, this.#policies.handlers),
      candidates,
      request,
    );
  }

  #deny(refusal: Refusal, candidates: readonly Candidate[], request: SecurityRequest): DeniedDecision {
    this.#observer.noteRefusal(refusal, request);
    const shown = shownTo(request, candidates);
    return denialOf(refusal, { candidates: shown, format: this.#format, request, random: this.#random });
  }
}
