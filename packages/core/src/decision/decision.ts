import { mark } from '../brand/brand.js';
import { keepSpecimen } from '../brand/specimen.js';
import type { Refusal } from '../handler/refusal.js';
import { ANONYMOUS, type Principal } from '../principal/principal.js';
import type { HeaderLine } from '../verdict/verdict.js';

/** The answer of a chain: made only by the chain, recognised by brand. */
export type Decision = GrantedDecision | DeniedDecision;

class Branded {
  readonly #brand = true;

  static {
    mark(this, 'decision');
  }

  static made(value: unknown): boolean {
    return typeof value === 'object' && value !== null && #brand in value;
  }
}

/** The refusal that an `attempt` ignored, as data for the application. It holds nothing that the client sent. */
export interface RefusedAttempt {
  readonly kind: Refusal['verdict']['kind'];
  /** A stable reason code. */
  readonly reason: string;
}

/** Not frozen: each request has its own, and freezing would cost as much as its guards (bench: chain). */
export class GrantedDecision extends Branded {
  static {
    keepSpecimen(new this({}, ANONYMOUS, []));
  }

  readonly kind = 'granted';
  readonly principal: Principal;
  /** Header lines to add to the application's answer. */
  readonly headers: readonly HeaderLine[];
  /** The refusal that an `attempt` ignored; undefined when there was none. */
  readonly attempted: RefusedAttempt | undefined;
  readonly #policy: object;

  constructor(policy: object, principal: Principal, headers: readonly HeaderLine[], attempted?: RefusedAttempt) {
    super();
    this.#policy = policy;
    this.principal = principal;
    this.headers = headers;
    this.attempted = attempted;
  }

  /** For the chain only: the policy that was satisfied. */
  static policyOf(granted: GrantedDecision): object {
    return granted.#policy;
  }

  /** For the chain only: the same with these header lines, in the place of those of their names. */
  static withLines(granted: GrantedDecision, lines: readonly HeaderLine[]): GrantedDecision {
    if (lines.length === 0) return granted;
    const others = granted.headers.filter(([name]) => !lines.some(([added]) => added === name));
    return new this(granted.#policy, granted.principal, [...others, ...lines], granted.attempted);
  }
}

/** A denial: a complete HTTP answer. Adapters write it as it is, without the body for HEAD. */
export class DeniedDecision extends Branded {
  readonly kind = 'denied';
  readonly status: number;
  /** Several lines may share a name: one `WWW-Authenticate` line per challenge. */
  readonly headers: readonly HeaderLine[];
  readonly body: string;
  /** A stable reason code, for logs and tests; never sent. */
  readonly reason: string;
  readonly correlationId: string | undefined;

  constructor(status: number, headers: readonly HeaderLine[], body: string, reason: string, correlationId?: string) {
    super();
    this.status = status;
    this.headers = Object.freeze(headers);
    this.body = body;
    this.reason = reason;
    this.correlationId = correlationId;
    Object.freeze(this);
  }
}

/** True only for decisions that a chain made; adapters check before they let a request through. */
export function isDecision(value: unknown): value is Decision {
  return Branded.made(value);
}
