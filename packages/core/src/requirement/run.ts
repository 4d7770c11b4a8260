import { keepSpecimen } from '../brand/specimen.js';
import type { Eventually } from '../clock/eventually.js';
import { type Outcome, Refusal } from '../handler/refusal.js';
import type { Principal } from '../principal/principal.js';
import { SecurityRequest } from '../request/request.js';

/** The node that extracted a credential. Only the owner of a credential may verify it. */
export interface CredentialOwner {
  /** Returns a refusal if `principal` rests on this outcome and the outcome no longer holds. */
  recheck(
    credential: unknown,
    outcome: Eventually<Outcome> | undefined,
    principal: Principal,
    request: SecurityRequest,
  ): Refusal | undefined;
}

interface OwnedCredential {
  readonly owner: CredentialOwner;
  readonly credential: unknown;
  outcome: Eventually<Outcome> | undefined;
}

/**
 * The state of one decision: the extracted credentials and their outcomes. Never outlives the decision. The first
 * credential is kept in fields of the run. Most requests have only one, and this saves an object (bench: chain).
 */
export class Run {
  static {
    keepSpecimen(new this(new SecurityRequest({ method: '', target: '', rawHeaders: [] })));
  }

  readonly request: SecurityRequest;
  /**
   * The refusal that an `attempt` ignored. When `anyOf` gives up an alternative, it restores the value from before that
   * alternative, unless it ended with `NOBODY`.
   */
  attempted: Refusal | undefined;
  #owner: CredentialOwner | undefined;
  #credential: unknown;
  #outcome: Eventually<Outcome> | undefined;
  #others: OwnedCredential[] | undefined;

  constructor(request: SecurityRequest) {
    this.request = request;
    this.attempted = undefined;
    this.#owner = undefined;
    this.#credential = undefined;
    this.#outcome = undefined;
    this.#others = undefined;
  }

  get hasSeveralCredentials(): boolean {
    return this.#others !== undefined;
  }

  keep(owner: CredentialOwner, credential: unknown): void {
    if (this.#owner === undefined) {
      this.#owner = owner;
      this.#credential = credential;
    } else {
      this.#others ??= [];
      this.#others.push({ owner, credential, outcome: undefined });
    }
  }

  /** Who extracted this credential, in the order of extraction from 0 on. */
  ownerAt(index: number): CredentialOwner | undefined {
    return index === 0 ? this.#owner : this.#others?.[index - 1]?.owner;
  }

  holdsOneOf(owner: CredentialOwner): boolean {
    return this.#owner === owner || otherOf(owner, this.#others) !== undefined;
  }

  credentialOf(owner: CredentialOwner): unknown {
    return this.#owner === owner ? this.#credential : otherOf(owner, this.#others)?.credential;
  }

  outcomeOf(owner: CredentialOwner): Eventually<Outcome> | undefined {
    return this.#owner === owner ? this.#outcome : otherOf(owner, this.#others)?.outcome;
  }

  conclude(owner: CredentialOwner, outcome: Eventually<Outcome>): void {
    if (this.#owner === owner) {
      this.#outcome = outcome;
    } else {
      const other = otherOf(owner, this.#others);
      if (other !== undefined) other.outcome = outcome;
    }
  }

  /**
   * Checks every proof of a principal again, the last extracted first. Returns a refusal if a proof no longer holds.
   */
  recheck(principal: Principal): Refusal | undefined {
    for (const { owner, credential, outcome } of this.#others?.toReversed() ?? []) {
      const refusal = owner.recheck(credential, outcome, principal, this.request);
      if (refusal !== undefined) return refusal;
    }
    return this.#owner?.recheck(this.#credential, this.#outcome, principal, this.request);
  }

  /** With several credentials, one may have been revoked while another was verified. A single one was verified just now. */
  stillStanding(outcome: Outcome): Outcome {
    if (outcome instanceof Refusal || !this.hasSeveralCredentials) return outcome;
    return this.recheck(outcome.principal) ?? outcome;
  }
}

/** A function and not a private method, which would cost each run a field (bench: chain). */
function otherOf(owner: CredentialOwner, others: readonly OwnedCredential[] | undefined): OwnedCredential | undefined {
  return others?.find((other) => other.owner === owner);
}
