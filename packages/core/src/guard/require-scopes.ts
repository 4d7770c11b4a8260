import { ConfigurationError } from '../errors/errors.js';
import { isHandler, type SecurityHandler } from '../handler/handler.js';
import * as option from '../options/options.js';
import { proofOf } from '../principal/principal.js';
import { isScopeToken } from '../principal/scope-token.js';
import { type Guard, guard, PERMITTED } from './guard.js';
import { MATCHES } from './required-names.js';
import { RequiredScopes } from './required-scopes.js';
import { SCOPE_STRATEGIES } from './scope-strategy.js';

const aHandler: option.Check<SecurityHandler> = (value, name) => {
  if (isHandler(value)) return value;
  throw option.invalid(name, 'must be a handler that stands in the requirement');
};

export const SCOPES = option.table('ScopeOptions', {
  /** Whether every listed scope is needed or one is enough. */
  match: option.withDefault(option.oneOf(...MATCHES), 'all'),
  /**
   * `exact`: equal, case-sensitive (RFC 6749 3.3). `hierarchic`: `files` covers `files.read` and `files:read`.
   * `wildcard`: `files.*` covers `files.read`. A `*` stands for one whole segment; at the end it stands for one or more
   * segments.
   */
  strategy: option.withDefault(option.oneOf(...SCOPE_STRATEGIES), 'exact'),
  /**
   * For `allOf`: the handler whose own proof must carry the scopes. A caller who was not proved by this handler is
   * refused. Default: the scopes of all proofs together count.
   */
  of: option.optional(aHandler),
});

export interface ScopeOptions extends option.Given<typeof SCOPES> {}

export const scopeOptions: option.Table<option.Kept<typeof SCOPES>, ScopeOptions> = SCOPES;

/**
 * Requires OAuth scopes. Otherwise 403 with `insufficient_scope` and the scopes (RFC 6750 3.1).
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 * @example
 * app.get('/orders', secure(requireScopes('orders:read')), listOrders);
 * app.put('/orders/:id', secure(requireScopes(['orders:read', 'orders:write'])), changeOrder);
 * requireScopes<'orders:read' | 'orders:write'>('orders:read'); // a misspelt one does not compile
 */
export function requireScopes<const Scopes extends string = string>(
  scopes: Scopes | readonly Scopes[],
  options: ScopeOptions = {},
): Guard<Scopes> {
  const required = checkedScopes(typeof scopes === 'string' ? [scopes] : scopes);
  const { match, strategy, of } = SCOPES(options);
  const rule = new RequiredScopes(required, { match, strategy, of: of?.name });
  const name = `requireScopes(${required.join(match === 'any' ? ' | ' : ' ')})`;
  const needs = { needs: [rule.needed] };
  if (of === undefined) return guard(name, ({ scopes: granted }) => rule.missingFrom(granted) ?? PERMITTED, needs);
  return guard(
    `${name} of ${of.name}`,
    (principal) => rule.missingFrom(proofOf(principal, of.name)?.scopes ?? NO_SCOPES) ?? PERMITTED,
    needs,
  );
}

const NO_SCOPES: readonly string[] = Object.freeze([]);

function checkedScopes(scopes: readonly string[]): readonly string[] {
  if (!Array.isArray(scopes) || scopes.length === 0 || !scopes.every(isScopeToken)) {
    throw new ConfigurationError(
      'ERR_SALLYPORT_OPTION_INVALID',
      'requireScopes takes a scope or a list of scopes, each a scope-token of RFC 6749 3.3, without spaces',
    );
  }
  return Object.freeze([...scopes]);
}
