import {
  anyOf,
  authenticated,
  denied,
  malformed,
  SecurityChain,
  type SecurityChainOptions,
  type SecurityHandler,
  type Verdict,
} from '@sallyport/core';
import { basicChallenge, bearerChallenge, type SecurityRequest } from '@sallyport/core/extend';
import { principalNamed, RuleTokens } from '../../packages/core/src/testing/rules/adapter/rule-tokens.js';

const TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;

/** The tokens of the published rules, and two kinds whose check fails. The challenge of Basic is that of `DemoPasswords`. */
export class DemoTokens extends RuleTokens {
  override readonly name = 'demo-tokens';
  override readonly challenges = [bearerChallenge('demo')];

  override extract(request: SecurityRequest): string | Verdict | undefined {
    const found = super.extract(request);
    return typeof found === 'string' && !TOKEN.test(found) ? malformed('token_syntax') : found;
  }

  override verify(token: string, request: SecurityRequest): Verdict | Promise<Verdict> {
    const [kind] = token.split('.', 1);
    if (kind !== 'rejects' && kind !== 'throws') return super.verify(token, request);
    this.verified += 1;
    if (kind === 'rejects') return Promise.reject(new Error(token));
    throw new Error(token);
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

/** Two schemes, so that a refusal has two challenges; nothing random in its answers. */
export function demoChain(options: SecurityChainOptions = {}, tokens: DemoTokens = new DemoTokens()): SecurityChain {
  const requirement = anyOf(tokens, new DemoPasswords());
  return new SecurityChain({ name: 'demo', requirement, ...options }, { random: () => 0 });
}
