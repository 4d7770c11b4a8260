import { andThen, type Eventually } from '../clock/eventually.js';
import type { Decider } from '../decision/decider.js';
import { type Decision, type DeniedDecision, GrantedDecision, isDecision } from '../decision/decision.js';
import { denialOf } from '../decision/denial.js';
import type { DecisionObserver } from '../events/decision-observer.js';
import type { Explanation } from '../events/explanation.js';
import { askGuard } from '../guard/ask-guard.js';
import { every } from '../guard/every.js';
import type { Guard, GuardVerdict } from '../guard/guard.js';
import { type Candidate, shownTo } from '../handler/candidates.js';
import { fault, type Outcome, Refusal } from '../handler/refusal.js';
import type { Principal } from '../principal/principal.js';
import type { RequestFirewall } from '../request/firewall.js';
import { type IncomingRequest, SecurityRequest } from '../request/request.js';
import type { Run } from '../requirement/run.js';
import { forbidden } from '../verdict/verdict.js';
import type { DecidingSettings } from './chain-options.js';
import { type Answer, DecisionDeadline, Undecided } from './deadline.js';
import { earlyRefusal, guardFault, guardRefusal, toldOfLimits } from './guard-refusal.js';
import { candidatesBehind, type Policies } from './policy.js';
import { atEach, type Policy } from './policy-compiler.js';
import { grantedEarlier, isNewEnough, PolicyPairs } from './policy-pairs.js';
import { ToldWithGuard } from './told.js';

const UNDECLARED = new Refusal({ kind: 'undeclared', reason: 'operation_undeclared' });
const ALL_ABSTAINED = forbidden('all_guards_abstained');

/** Decides by policies: those of a chain, or those of a route with a requirement of its own. */
export class PolicyDecider implements Decider {
  readonly #policies: Policies;
  readonly #settings: DecidingSettings;
  readonly #afterEarlier = new PolicyPairs(grantedEarlier);
  readonly #firewall: RequestFirewall;
  readonly #observer: DecisionObserver;
  readonly #limits: Guard | undefined;
  readonly #told = new ToldWithGuard();
  readonly #deadline: DecisionDeadline;

  constructor(policies: Policies, settings: DecidingSettings) {
    const { firewall, observer, limits } = settings;
    this.#policies = policies;
    this.#settings = settings;
    this.#firewall = firewall;
    this.#observer = observer;
    this.#limits = limits.length === 0 ? undefined : every(...limits);
    this.#deadline = new DecisionDeadline(settings.deadlineMs, settings.clock, {
      concluded: (outcome, { policy, run, next }) => this.#conclude(run.stillStanding(outcome), policy, run, next),
      gaveUp: (refusal, request) => this.#deny(refusal, [], request),
      failed: (error, request) => this.#failed(error, request),
    });
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
      const answer = this.#answer(request, earlier, next);
      if (answer instanceof Promise || answer instanceof Undecided) return this.#deadline.wait(answer, request);
      return answer;
    } catch (error) {
      return this.#failed(error, request);
    }
  }

  #authorize(granted: GrantedDecision, guard: Guard, request: SecurityRequest): Eventually<Decision> {
    const asked = atEach((GrantedDecision.policyOf(granted) as Policy).operations, guard);
    const decision = this.#guard(granted, asked, request, guard);
    return decision instanceof Promise ? this.#deadline.wait(decision, request) : decision;
  }

  /** An error outside of handlers and guards is a bug of this library: 500. */
  #failed(error: unknown, request: SecurityRequest): DeniedDecision {
    return this.#deny(fault('chain_failed', { culprit: this.#settings.name, error }), [], request);
  }

  #answer(request: SecurityRequest, earlier: GrantedDecision | undefined, next: Guard | undefined): Eventually<Answer> {
    const oddity = this.#firewall(request);
    if (oddity !== undefined) return this.#deny(new Refusal({ kind: 'unroutable', reason: oddity }), [], request);
    const { loading } = this.#policies;
    if (loading !== undefined) return this.#answerOnce(loading, request, earlier, next);
    const found = this.#policies.find(request);
    if (found === undefined) return this.#deny(UNDECLARED, [], request);
    const before = earlier && this.#policyBehind(earlier);
    const policy = before === undefined ? found : this.#afterEarlier.of(before, found);
    request.trace?.noteOperation(policy.operations[0]);
    SecurityRequest.limitVerdictAge(request, policy.maxVerdictAgeSeconds);
    const proved = isNewEnough(before, found) ? earlier?.principal : undefined;
    if (this.#limits === undefined) return this.#evaluate(policy, request, proved, next);
    return this.#evaluateWithin(this.#limits, policy, request, proved, next);
  }

  /** Limits go first: who is above one costs no verification. */
  #evaluateWithin(
    limits: Guard,
    policy: Policy,
    request: SecurityRequest,
    proved: Principal | undefined,
    next: Guard | undefined,
  ): Eventually<Answer> {
    return andThen(earlyRefusal(limits, policy.operations[0], request), (refusal) =>
      refusal === undefined ? this.#evaluate(policy, request, proved, next) : this.#deny(refusal, [], request),
    );
  }

  #evaluate(
    policy: Policy,
    request: SecurityRequest,
    proved: Principal | undefined,
    next: Guard | undefined,
  ): Eventually<Answer> {
    const run = policy.plan.begin(request);
    const outcome = policy.plan.evaluate(run, proved);
    return outcome instanceof Promise
      ? new Undecided(outcome, policy, run, next)
      : this.#conclude(outcome, policy, run, next);
  }

  #answerOnce(
    loaded: Promise<unknown>,
    request: SecurityRequest,
    earlier: GrantedDecision | undefined,
    next: Guard | undefined,
  ): Promise<Answer> {
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

  #conclude(outcome: Outcome, policy: Policy, run: Run, next: Guard | undefined): Eventually<Decision> {
    const { guard, candidates } = policy;
    if (outcome instanceof Refusal) return this.#deny(outcome, this.#told.of(candidates, next), run.request);
    const granted = new GrantedDecision(policy, outcome.principal, outcome.headers, run.attempted?.summary);
    return guard === undefined
      ? toldOfLimits(granted, run.request)
      : this.#guard(granted, guard, run.request, next, run);
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
      SecurityRequest.locate(request, (GrantedDecision.policyOf(granted) as Policy).operations[0]);
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
    if (verdict.kind === 'permitted') return toldOfLimits(granted, request);
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
    SecurityRequest.leaveConnection(request);
    const limits = SecurityRequest.countedLimits(request);
    const { format, random } = this.#settings;
    return denialOf(refusal, { candidates: shownTo(request, candidates), format, request, random, limits });
  }
}
