import { andThen, attemptTo, disregard, type Eventually, isThenable } from './eventually.js';
import { type CredentialClaim, claimOf, isAmbient, type SecurityHandler } from './handler.js';
import { type Principal, withProof } from './principal.js';
import { fault, type Outcome, Refusal } from './refusal.js';
import { SecurityRequest } from './request.js';
import { type Authenticated, authenticated, isVerdict, malformed, unavailable, type Verdict } from './verdict.js';

/** The state of one decision: what each leaf extracted, and what it concluded. Never outlives the decision. */
export class Run {
  readonly request: SecurityRequest;
  readonly credentials: unknown[];
  readonly outcomes: (Eventually<Outcome> | undefined)[];
  /** What an `attempt` let pass on the way taken; an alternative that is given up takes its own along. */
  attempted: Refusal | undefined;

  constructor(request: SecurityRequest, leaves: number) {
    this.request = request;
    this.credentials = new Array(leaves);
    this.outcomes = new Array(leaves);
  }
}

/** A handler's place in a compiled requirement; a handler that stands in several places is one leaf. */
export class Leaf {
  readonly index: number;
  readonly handler: SecurityHandler;
  readonly claim: CredentialClaim;
  readonly ambient: boolean;
  /** The Authorization scheme that this leaf claims, in lower case. */
  readonly scheme: string | undefined;
  /** Leaves of the same source that are asked before this one: the first that extracts owns the credential. */
  rivals: readonly Leaf[] = [];
  readonly #singleHeader: string | undefined;
  readonly #proved = new WeakMap<Principal, Authenticated>();

  constructor(index: number, handler: SecurityHandler) {
    this.index = index;
    this.handler = handler;
    this.claim = claimOf(handler);
    this.ambient = isAmbient(this.claim);
    const [place, name] = this.claim.source.split(':', 2);
    this.scheme = place === 'authorization' ? name : undefined;
    this.#singleHeader = place === 'header' ? name : undefined;
  }

  isPresent(run: Run): boolean {
    return run.credentials[this.index] !== undefined;
  }

  /** Lets the handler look for its credential; returns a refusal only for a bug. */
  extract(run: Run): Refusal | undefined {
    for (const rival of this.rivals) if (rival.isPresent(run)) return undefined;
    const { request } = run;
    try {
      const found = this.#isDoubled(request) ? DOUBLED : this.handler.extract(request);
      const mistake = mistakenFor(found);
      if (mistake !== undefined) {
        request.trace?.noteFault(this.handler.name, new TypeError(`extract() returned ${mistake}`));
        return fault('handler_extract_misbehaved', this.handler);
      }
      run.credentials[this.index] = found;
      return undefined;
    } catch (error) {
      request.trace?.noteFault(this.handler.name, error);
      return fault('handler_threw', this.handler);
    }
  }

  /** Lets the handler check what it extracted, at most once per decision. */
  verify(run: Run): Eventually<Outcome> {
    const known = run.outcomes[this.index];
    if (known !== undefined) return known;
    const outcome = this.#verify(run);
    run.outcomes[this.index] = outcome;
    return outcome;
  }

  #verify(run: Run): Eventually<Outcome> {
    const credential = run.credentials[this.index];
    const { request } = run;
    if (SecurityRequest.isAbandoned(request)) return ABANDONED;
    request.trace?.begin(this.handler.name, credential);
    if (isVerdict(credential)) return this.#conclude(credential, request);
    const failed = (error: unknown) => this.#misbehaved(error, request);
    const returned = attemptTo(() => this.handler.verify(credential, request), failed);
    return andThen(returned, (verdict) => (verdict instanceof Refusal ? verdict : this.#conclude(verdict, request)));
  }

  #conclude(verdict: unknown, request: SecurityRequest): Outcome {
    if (!isVerdict(verdict)) return this.#misbehaved(new TypeError('verify() returned no verdict'), request);
    if (verdict.kind === 'authenticated' && verdict.principal.kind === 'anonymous') {
      return this.#misbehaved(new TypeError('verify() proved nobody: who needs no proof is anonymous()'), request);
    }
    request.trace?.end(verdict.kind, reasonOf(verdict));
    return verdict.kind === 'authenticated' ? this.#withProof(verdict) : new Refusal(verdict, this.handler);
  }

  /** Every principal tells which handler proved it, also when the handler's author did not think of it. */
  #withProof(verdict: Authenticated): Authenticated {
    const { principal } = verdict;
    if (principal.via.some(({ handler }) => handler === this.handler.name)) return verdict;
    const known = this.#proved.get(principal);
    if (known !== undefined && verdict.headers.length === 0) return known;
    const scheme = this.handler.challenges[0]?.scheme.toLowerCase() as string;
    const proved = authenticated(withProof(principal, { handler: this.handler.name, scheme }), verdict);
    // Header lines belong to one answer; the principal may come from a cache and go into many.
    if (verdict.headers.length === 0) this.#proved.set(principal, proved);
    return proved;
  }

  #misbehaved(error: unknown, request: SecurityRequest): Refusal {
    request.trace?.end('fault', 'handler_threw');
    request.trace?.noteFault(this.handler.name, error);
    return fault('handler_threw', this.handler);
  }

  #isDoubled(request: SecurityRequest): boolean {
    return this.#singleHeader !== undefined && request.headerLines(this.#singleHeader).length > 1;
  }
}

const DOUBLED: Verdict = malformed('duplicate_credentials');
/** Nobody waits for the decision any more; it was given already. */
const ABANDONED: Refusal = Object.freeze(new Refusal(unavailable('abandoned')));

/** What is no credential: a promise of one, a grant without a check, a null that was meant to be undefined. */
function mistakenFor(found: unknown): string | undefined {
  if (found === null) return 'null';
  if (isThenable(found)) {
    disregard(found);
    return 'a promise';
  }
  return isVerdict(found) && found.kind === 'authenticated' ? 'a grant' : undefined;
}

function reasonOf(verdict: Verdict): string | undefined {
  return verdict.kind === 'authenticated' ? undefined : verdict.reason;
}
