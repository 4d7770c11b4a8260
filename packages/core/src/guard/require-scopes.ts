import { ConfigurationError } from '../errors.js';
import { forbidden } from '../handler/verdict.js';
import { checkOptions, oneOf, withDefault } from '../options.js';
import { isScopeToken } from '../principal/scope-token.js';
import { type Guard, guard, PERMITTED } from './guard.js';
import { MATCHES, type Match } from './match.js';
import { COVERS, coversAll, coversSome, SCOPE_STRATEGIES, type ScopeStrategy } from './scope-strategy.js';

export interface ScopeOptions {
  /** Whether every listed scope is needed or one is enough. Default `all`. */
  readonly match?: Match | undefined;
  /**
   * `exact` (default): equal, case-sensitive (RFC 6749 3.3). `hierarchic`: `files` covers `files.read` and
   * `files:read`. `wildcard`: `files.*` covers `files.read`; a `*` stands for one whole segment, at the end for one or
   * more.
   */
  readonly strategy?: ScopeStrategy | undefined;
}

/**
 * Requires OAuth scopes; refuses with `insufficient_scope` and the list (RFC 6750 3.1).
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 */
export function requireScopes(scopes: string | readonly string[], options: ScopeOptions = {}): Guard {
  const required = checkedScopes(typeof scopes === 'string' ? [scopes] : scopes);
  const { match, strategy } = checkOptions('ScopeOptions', options, {
    match: withDefault(oneOf(...MATCHES), 'all'),
    strategy: withDefault(oneOf(...SCOPE_STRATEGIES), 'exact'),
  });
  const covers = COVERS[strategy];
  const any = match === 'any';
  const isEnough = any ? coversSome : coversAll;
  const refusal = forbidden('insufficient_scope', { scopes: any ? required.slice(0, 1) : required });
  return guard(`requireScopes(${required.join(any ? ' | ' : ' ')})`, ({ scopes: granted }) =>
    isEnough(granted, required, covers) ? PERMITTED : refusal,
  );
}

function checkedScopes(scopes: readonly string[]): readonly string[] {
  if (!Array.isArray(scopes) || scopes.length === 0 || !scopes.every(isScopeToken)) {
    throw new ConfigurationError(
      'ERR_SALLYPORT_OPTION_INVALID',
      'requireScopes takes a scope or a list of scopes, each a scope-token of RFC 6749 3.3, without spaces',
    );
  }
  return Object.freeze([...scopes]);
}
