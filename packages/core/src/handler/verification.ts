import { foreignCopy } from '../brand/brand.js';
import { disregard, type Eventually, isThenable } from '../clock/eventually.js';
import { MisuseError } from '../errors/errors.js';
import { isProvedBy, type Principal, withProof } from '../principal/principal.js';
import type { MissingBody } from '../request/body.js';
import { SecurityRequest } from '../request/request.js';
import { type Authenticated, authenticated, isVerdict, unavailable, type Verdict } from '../verdict/verdict.js';
import { provesBody, type SecurityHandler } from './handler.js';
import { fault, type Outcome, Refusal } from './refusal.js';

/** The state of a decision: keeps for each owner what it extracted, and what that came to. */
export interface CredentialKeeper<Owner> {
  readonly request: SecurityRequest;
  credentialOf(owner: Owner): unknown;
  conclude(owner: Owner, outcome: Outcome): void;
}

/** Asks one handler about its credentials, and turns its answers into outcomes. */
export class Verification<Owner> {
  readonly #handler: SecurityHandler;
  readonly #maxBodyBytes: number;
  readonly #isOverBody: boolean;
  readonly #proved = new WeakMap<Principal, Authenticated>();

  constructor(handler: SecurityHandler, maxBodyBytes: number) {
    this.#handler = handler;
    this.#maxBodyBytes = maxBodyBytes;
    this.#isOverBody = provesBody(handler);
  }

  /**
   * Has the credential verified that the owner extracted, and then the body if the handler proves something over it. If
   * that takes time, the outcome is kept in the run as soon as it is there.
   */
  verify(owner: Owner, run: CredentialKeeper<Owner>): Eventually<Outcome> {
    const { request } = run;
    const credential = run.credentialOf(owner);
    if (SecurityRequest.isAbandoned(request)) return ABANDONED;
    request.trace?.begin(this.#handler.name, credential);
    if (isVerdict(credential)) return this.#conclude(credential, credential, owner, run);
    try {
      const returned: unknown = this.#handler.verify(credential, request);
      if (isVerdict(returned)) return this.#conclude(returned, credential, owner, run);
      return isThenable(returned)
        ? this.#concludeLater(returned, credential, owner, run)
        : this.#conclude(returned, credential, owner, run);
    } catch (error) {
      return this.#misbehaved(error, credential, request);
    }
  }

  /** Asks the handler whether its grant still holds. Skipped if `principal` does not rest on that grant. */
  recheck(
    credential: unknown,
    outcome: Eventually<Outcome> | undefined,
    principal: Principal,
    _request: SecurityRequest,
  ): Refusal | undefined {
    if (!isVerdict(outcome) || outcome.kind !== 'authenticated') return undefined;
    if (!isProvedBy(principal, this.#handler.name)) return undefined;
    try {
      const verdict: unknown = this.#handler.recheck?.(credential, outcome.principal);
      if (verdict === undefined) return undefined;
      if (isVerdict(verdict) && verdict.kind !== 'authenticated') return new Refusal(verdict, this.#handler);
      disregard(verdict);
      throw new MisuseError('recheck() returned no refusal');
    } catch (error) {
      return this.#broken(error, credential);
    }
  }

  /** Own method: closures inside `verify` would cost each decision an allocation (bench: chain). */
  #concludeLater(
    returned: PromiseLike<unknown>,
    credential: unknown,
    owner: Owner,
    run: CredentialKeeper<Owner>,
  ): Promise<Outcome> {
    return Promise.resolve(returned).then(
      (verdict) => {
        const outcome = this.#conclude(verdict, credential, owner, run);
        return outcome instanceof Promise ? outcome : kept(outcome, owner, run);
      },
      (error) => kept(this.#misbehaved(error, credential, run.request), owner, run),
    );
  }

  #conclude(verdict: unknown, credential: unknown, owner: Owner, run: CredentialKeeper<Owner>): Eventually<Outcome> {
    const { request } = run;
    const answer = this.#checked(verdict, 'verify()', credential, request);
    if (answer instanceof Refusal) return answer;
    if (answer.kind === 'authenticated' && this.#isOverBody) return this.#receive(answer, credential, owner, run);
    return this.#outcomeOf(answer, request);
  }

  /** A verdict that a handler may give; a refusal for anything else. */
  #checked(verdict: unknown, method: string, credential: unknown, request: SecurityRequest): Verdict | Refusal {
    if (!isVerdict(verdict)) {
      const foreign = foreignCopy(verdict, 'verdict');
      return this.#misbehaved(foreign ?? new MisuseError(`${method} returned no verdict`), credential, request);
    }
    if (verdict.kind === 'authenticated' && verdict.principal.kind === 'anonymous') {
      return this.#misbehaved(
        new MisuseError(`${method} proved nobody: who needs no proof is anonymous()`),
        credential,
        request,
      );
    }
    return verdict;
  }

  #outcomeOf(verdict: Verdict, request: SecurityRequest): Outcome {
    request.trace?.end(verdict.kind, reasonOf(verdict), detailOf(verdict));
    return verdict.kind === 'authenticated' ? this.#withProof(verdict) : new Refusal(verdict, this.#handler);
  }

  #receive(verified: Authenticated, credential: unknown, owner: Owner, run: CredentialKeeper<Owner>): Promise<Outcome> {
    const { request } = run;
    const { name } = this.#handler;
    return SecurityRequest.bodyOf(request, this.#maxBodyBytes)
      .then(
        (body) =>
          typeof body === 'string'
            ? this.#without(body, request)
            : this.#verifyBody(body, this.#withProof(verified), credential, request),
        (error) => this.#ended(fault('body_unreadable', { culprit: name, error, credential }, this.#handler), request),
      )
      .then((outcome) => kept(outcome, owner, run));
  }

  async #verifyBody(
    body: Uint8Array,
    verified: Authenticated,
    credential: unknown,
    request: SecurityRequest,
  ): Promise<Outcome> {
    if (SecurityRequest.isAbandoned(request)) return ABANDONED;
    // The body may have taken its time, and the credential may have been revoked meanwhile.
    const fallen = this.recheck(credential, verified, verified.principal, request);
    if (fallen !== undefined) return this.#ended(fallen, request);
    try {
      const returned: unknown = await this.#handler.verifyBody?.(credential, body, request);
      const answer = this.#checked(returned, 'verifyBody()', credential, request);
      if (answer instanceof Refusal) return answer;
      return this.#outcomeOf(answer.kind === 'authenticated' ? withHeadersOf(verified, answer) : answer, request);
    } catch (error) {
      return this.#misbehaved(error, credential, request);
    }
  }

  #without(body: MissingBody, request: SecurityRequest): Refusal {
    return this.#ended(body === 'too_large' ? TOO_LARGE : CLIENT_GONE, request);
  }

  #ended(refusal: Refusal, request: SecurityRequest): Refusal {
    request.trace?.end(refusal.verdict.kind, refusal.verdict.reason);
    return refusal;
  }

  /** Adds the handler to the principal's `via` if the handler did not do it. */
  #withProof(verdict: Authenticated): Authenticated {
    const { principal } = verdict;
    const { name, challenges } = this.#handler;
    if (isProvedBy(principal, name)) return verdict;
    const known = this.#proved.get(principal);
    if (known !== undefined && verdict.headers.length === 0) return known;
    const scheme = challenges[0]?.scheme.toLowerCase() as string;
    const proved = authenticated(withProof(principal, { handler: name, scheme }), verdict);
    // Reuse only verdicts without headers: header lines belong to one answer, a cached principal goes into many.
    if (verdict.headers.length === 0) this.#proved.set(principal, proved);
    return proved;
  }

  #misbehaved(error: unknown, credential: unknown, request: SecurityRequest): Refusal {
    request.trace?.end('fault', 'handler_threw');
    return this.#broken(error, credential);
  }

  #broken(error: unknown, credential: unknown): Refusal {
    return fault('handler_threw', { culprit: this.#handler.name, error, credential }, this.#handler);
  }
}

/** The decision was already given; nobody waits for this outcome. */
const ABANDONED: Refusal = Object.freeze(new Refusal(unavailable('abandoned')));
/** Nobody is left to be answered. */
const CLIENT_GONE: Refusal = Object.freeze(new Refusal(unavailable('client_gone')));
const TOO_LARGE: Refusal = Object.freeze(new Refusal(Object.freeze({ kind: 'oversized', reason: 'body_too_large' })));

function kept<Owner>(outcome: Outcome, owner: Owner, run: CredentialKeeper<Owner>): Outcome {
  run.conclude(owner, outcome);
  return outcome;
}

function withHeadersOf({ headers }: Authenticated, verdict: Authenticated): Authenticated {
  if (headers.length === 0) return verdict;
  return authenticated(verdict.principal, { headers: [...headers, ...verdict.headers] });
}

function reasonOf(verdict: Verdict): string | undefined {
  return verdict.kind === 'authenticated' ? undefined : verdict.reason;
}

function detailOf(verdict: Verdict): string | undefined {
  return 'detail' in verdict ? verdict.detail : undefined;
}
