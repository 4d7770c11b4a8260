import { quoted } from '../secrecy/quoted.js';
import { denied } from '../verdict/verdict.js';
import { type Guard, guard, PERMITTED } from './guard.js';
import { checkedNames } from './required-names.js';

/**
 * Requires that the token names one of these audiences; names are compared exactly (RFC 7519 4.1.3). A token for
 * another audience is not valid here: 401 `invalid_token` (RFC 9068 4).
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID
 * @example
 * const operations = routes([route('GET', '/orders', { guards: [requireAudience('https://orders.example')] })]);
 */
export function requireAudience(audience: string | readonly string[]): Guard<never> {
  const accepted = checkedNames('requireAudience', typeof audience === 'string' ? [audience] : audience);
  const expected = quoted(accepted.length === 1 ? accepted[0] : accepted);
  return guard(`requireAudience(${accepted.join(' | ')})`, (principal) =>
    accepted.some((name) => principal.audience.includes(name))
      ? PERMITTED
      : denied('audience_mismatch', { detail: `aud is ${quoted(principal.audience)}, expected ${expected}` }),
  );
}
