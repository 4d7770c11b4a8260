import { ConfigurationError } from '@sallyport/core';
import { isNameLike, option, shownName } from '@sallyport/core/extend';
import { nameOf } from './security-token.js';

/**
 * The error that nothing is registered under a token. `known` are the registered names of the same kind, for a hint.
 */
export function missing(token: symbol, fix: string, name = '', known: readonly string[] = []): ConfigurationError {
  const problem = `nothing is registered under ${shown(token)}${option.nearestHint(name, known)}`;
  return new ConfigurationError('ERR_SALLYPORT_REGISTRATION_MISSING', `${problem}. ${fix}`);
}

export function doubled(token: symbol): ConfigurationError {
  return new ConfigurationError(
    'ERR_SALLYPORT_REGISTRATION_DOUBLED',
    `${shown(token)} is registered already. Register it once; to replace it, use overrideSecurity()`,
  );
}

export function late(token: symbol): ConfigurationError {
  return new ConfigurationError(
    'ERR_SALLYPORT_REGISTRATION_LATE',
    `${shown(token)} came after the chain was resolved and would have no effect. ` +
      'Register it before resolveChain(), or close the chain and resolve another',
  );
}

export function unusable(token: symbol, problem: string, cause?: unknown): ConfigurationError {
  return new ConfigurationError(
    'ERR_SALLYPORT_REGISTRATION_INVALID',
    `${shown(token)} ${problem}`,
    cause === undefined ? {} : { cause },
  );
}

/** The name of a token. Its last part comes from the application and is shown only if it looks like a name. */
function shown(token: symbol): string {
  const [, kind = '', name = ''] = /^(@sallyport\/core\/[a-z-]+\/)(.*)$/s.exec(nameOf(token)) ?? [];
  return name === '' || isNameLike(name) ? nameOf(token) : kind + shownName(name);
}
