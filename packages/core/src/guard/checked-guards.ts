import { ConfigurationError } from '../errors/errors.js';
import { shownName } from '../errors/shown-name.js';
import { isScopeToken } from '../principal/scope-token.js';
import { type Guard, type GuardLike, guard } from './guard.js';

/** Checks a list of guards. A plain function becomes a guard with the function's name. */
export function checkedGuards(owner: string, guards: readonly GuardLike[]): readonly Guard[] {
  if (guards.length === 0) {
    throw new ConfigurationError('ERR_SALLYPORT_OPTION_INVALID', `${owner} needs at least one guard`);
  }
  return Object.freeze(guards.map((item) => asGuard(owner, item)));
}

function asGuard(owner: string, item: GuardLike): Guard {
  if (typeof item === 'function') return guard(item.name || 'guard', item);
  if (typeof item?.name === 'string' && typeof item.check === 'function') {
    for (const { asked, known } of item.needs ?? []) checkScopes(item.name, [...asked, ...known]);
    return item;
  }
  throw new ConfigurationError(
    'ERR_SALLYPORT_OPTION_INVALID',
    `${owner} takes guards, such as requireScopes('a'): functions, or objects with a name and a check() method`,
  );
}

/** Clients are told them in a header line. */
function checkScopes(owner: string, scopes: readonly string[]): void {
  if (scopes.every(isScopeToken)) return;
  throw new ConfigurationError(
    'ERR_SALLYPORT_OPTION_INVALID',
    `the needs of ${shownName(owner)} are scope-tokens of RFC 6749 3.3, without spaces`,
  );
}
