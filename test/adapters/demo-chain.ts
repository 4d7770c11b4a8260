import {
  anyOf,
  authenticated,
  challenged,
  createPrincipal,
  denied,
  limited,
  malformed,
  type Principal,
  SecurityChain,
  type SecurityChainOptions,
  type SecurityHandler,
  unavailable,
  type Verdict,
} from '@sallyport/core';
import { basicChallenge, bearerChallenge, type SecurityRequest } from '@sallyport/core/extend';

const TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;

/**
 * Takes bearer tokens that say what is to happen: `now.<name>` and `later.<name>` are good and answer in this tick or
 * in a later one, `<name>` having the scope `orders:read` unless it is `bob`. All others refuse, each in its way.
 */
export class DemoTokens implements SecurityHandler<string> {
  readonly name = 'demo-tokens';
  readonly challenges = [bearerChallenge('demo')];
  /** Ends what waits for `held` tokens. */
  readonly held: (() => void)[] = [];
  /** How often a decision was told that its client has gone. */
  aborted = 0;
  verified = 0;

  extract({ authorization }: SecurityRequest): string | Verdict | undefined {
    if (authorization.kind !== 'credentials' || authorization.scheme !== 'bearer') return undefined;
    return TOKEN.test(authorization.value) ? authorization.value : malformed('token_syntax');
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
      case 'rejects':
        return Promise.reject(new Error(token));
      case 'throws':
        throw new Error(token);
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

/** Takes the name and password `basic:secret`. */
export class DemoPasswords implements SecurityHandler<string> {
  readonly name = 'demo-passwords';
  readonly challenges = [basicChallenge('demo "accounts"')];

  extract({ authorization }: SecurityRequest): string | Verdict | undefined {
    if (authorization.kind !== 'credentials' || authorization.scheme !== 'basic') return undefined;
    const text = Buffer.from(authorization.value, 'base64').toString('utf8');
    return text.includes(':') ? text : malformed('basic_syntax');
  }

  verify(credential: string): Verdict {
    return credential === 'basic:secret' ? authenticated(principalNamed('basic')) : denied('password_wrong');
  }
}

export function principalNamed(subject: string): Principal {
  return createPrincipal({ subject, scopes: subject === 'bob' ? [] : ['orders:read'] });
}

/** Two schemes, so that a refusal has two challenges; nothing random in its answers. */
export function demoChain(options: SecurityChainOptions = {}, tokens: DemoTokens = new DemoTokens()): SecurityChain {
  const requirement = anyOf(tokens, new DemoPasswords());
  return new SecurityChain({ name: 'demo', requirement, ...options }, { random: () => 0 });
}
