import { type Decision, type Requirement, SecurityChain } from '@sallyport/core';
import { SecurityRequest } from '@sallyport/core/extend';

/** Where a name and a password came from. */
export interface Origin {
  /** The path to which they were sent, for the log. */
  readonly door: string;
  readonly address: string | undefined;
}

/** The name of the user, or how to refuse the login. */
export type CheckedPassword =
  | { readonly name: string }
  | { readonly status: number; readonly retryAfter: string | undefined };

const WRONG: CheckedPassword = { status: 401, retryAfter: undefined };

/**
 * Asks a Basic handler about names and passwords from a form. They share the budgets of failures of that handler, and
 * every check is a decision that is logged and counted.
 */
export class PasswordCheck {
  readonly #chain: SecurityChain;

  constructor(name: string, requirement: Requirement) {
    this.#chain = new SecurityChain({ name, requirement });
  }

  async check(name: string, password: string, { door, address }: Origin): Promise<CheckedPassword> {
    // Basic reads everything after the first colon as the password (RFC 7617 2), so no name has a colon.
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

/** A form that makes no valid credential counts as a wrong password. */
function refusal({ status, headers }: Extract<Decision, { kind: 'denied' }>): CheckedPassword {
  if (status < 429) return WRONG;
  return { status, retryAfter: headers.find(([name]) => name === 'Retry-After')?.[1] };
}
