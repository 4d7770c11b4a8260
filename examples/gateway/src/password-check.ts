import { type Decision, type Requirement, SecurityChain } from '@sallyport/core';
import { SecurityRequest } from '@sallyport/core/extend';

/** Where a name and a password came from. */
export interface Origin {
  /** The path at which they were sent, for the log. */
  readonly door: string;
  readonly address: string | undefined;
}

/** Whose name and password they were, or how to refuse them. */
export type CheckedPassword =
  | { readonly name: string }
  | { readonly status: number; readonly retryAfter: string | undefined };

const WRONG: CheckedPassword = { status: 401, retryAfter: undefined };

/**
 * Asks a Basic handler about names and passwords that came in a form. So they have the budgets of failures that the
 * handler keeps for its own scheme, and every check is a decision that is logged and counted.
 */
export class PasswordCheck {
  readonly #chain: SecurityChain;

  constructor(name: string, requirement: Requirement) {
    this.#chain = new SecurityChain({ name, requirement });
  }

  async check(name: string, password: string, { door, address }: Origin): Promise<CheckedPassword> {
    // What stands behind a colon would be read as a part of the password (RFC 7617 2): no name has one.
    if (name.includes(':')) return WRONG;
    const credential = Buffer.from(`${name}:${password}`).toString('base64');
    const decision = await this.#chain.decide(
      new SecurityRequest({
        method: 'POST',
        target: door,
        route: { method: 'POST', template: door },
        rawHeaders: ['Authorization', `Basic ${credential}`],
        remoteAddress: address,
      }),
    );
    return decision.kind === 'granted' ? { name: decision.principal.subject } : refusal(decision);
  }

  close(): Promise<void> {
    return this.#chain.close();
  }
}

/** A form that makes no credential is wrong like any other. */
function refusal({ status, headers }: Extract<Decision, { kind: 'denied' }>): CheckedPassword {
  if (status < 429) return WRONG;
  return { status, retryAfter: headers.find(([name]) => name === 'Retry-After')?.[1] };
}
