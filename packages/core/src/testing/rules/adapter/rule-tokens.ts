import type { SecurityHandler } from '../../../handler/handler.js';
import { createPrincipal, type Principal } from '../../../principal/principal.js';
import type { SecurityRequest } from '../../../request/request.js';
import { basicChallenge, bearerChallenge, type Challenge } from '../../../verdict/challenge.js';
import {
  authenticated,
  challenged,
  denied,
  limited,
  malformed,
  unavailable,
  type Verdict,
} from '../../../verdict/verdict.js';

/**
 * Takes bearer tokens whose text says what happens. `now.<name>` and `later.<name>` are good; they are answered in this
 * tick and in a later one. Everybody but `bob` has the scope `orders:read`. A refusal has two challenge lines.
 */
export class RuleTokens implements SecurityHandler<string> {
  readonly name: string = 'rule-tokens';
  readonly challenges: readonly Challenge[] = [bearerChallenge('rules'), basicChallenge('rules')];
  readonly source = { at: 'authorization:bearer' };
  /** Functions that end the waiting for `held` tokens. */
  readonly held: (() => void)[] = [];
  /** The number of requests that heard that their client has gone. */
  aborted = 0;
  verified = 0;

  extract({ authorization }: SecurityRequest): string | Verdict | undefined {
    if (authorization.kind !== 'credentials' || authorization.scheme !== 'bearer') return undefined;
    return authorization.value === 'malformed' ? malformed('token_syntax') : authorization.value;
  }

  verify(token: string, request: SecurityRequest): Verdict | Promise<Verdict> {
    this.verified += 1;
    const [kind, name = ''] = token.split('.', 2);
    switch (kind) {
      case 'now':
        return authenticated(principalNamed(name));
      case 'later':
        return new Promise((resolve) => setImmediate(() => resolve(authenticated(principalNamed(name)))));
      case 'held':
        return this.#hold(name, request);
      case 'nonce':
        return authenticated(principalNamed(name), { headers: [['DPoP-Nonce', 'n-1']] });
      case 'stepup':
        return challenged({ error: 'insufficient_user_authentication', acr_values: 'mfa' });
      case 'outage':
        return unavailable('upstream_timeout');
      case 'limited':
        return limited({ retryAfterSeconds: 30 });
      default:
        return denied('token_unknown');
    }
  }

  #hold(name: string, request: SecurityRequest): Promise<Verdict> {
    request.signal.addEventListener('abort', () => {
      this.aborted += 1;
    });
    return new Promise((resolve) => this.held.push(() => resolve(authenticated(principalNamed(name)))));
  }
}

export function principalNamed(subject: string): Principal {
  return createPrincipal({ subject, scopes: subject === 'bob' ? [] : ['orders:read'] });
}
