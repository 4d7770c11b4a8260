import { ConfigurationError } from '@sallyport/core';
import { isNameLike, option, quotedName, shownName } from '@sallyport/core/extend';
import type { InjectionToken } from './container.js';
import { nameOf } from './security-token.js';

/**
 * The error that nothing is registered under a token. `known` are the registered names of the same kind, for a hint.
 */
export function missing(
  token: InjectionToken,
  fix: string,
  name = '',
  known: readonly string[] = [],
): ConfigurationError {
  const problem = `nothing is registered under ${shown(token)}${option.nearestHint(name, known)}`;
  return new ConfigurationError('ERR_SALLYPORT_REGISTRATION_MISSING', `${problem}. ${fix}`);
}

export function doubled(token: InjectionToken): ConfigurationError {
  return new ConfigurationError(
    'ERR_SALLYPORT_REGISTRATION_DOUBLED',
    `${shown(token)} is registered already. Register it once; to replace it, use overrideSecurity()`,
  );
}

export function late(token: InjectionToken): ConfigurationError {
  return new ConfigurationError(
    'ERR_SALLYPORT_REGISTRATION_LATE',
    `${shown(token)} came after the chain was resolved and would have no effect. ` +
      'Register it before resolveChain(), or close the chain and resolve another',
  );
}

export function unusable(token: InjectionToken, problem: string, cause?: unknown): ConfigurationError {
  return new ConfigurationError(
    'ERR_SALLYPORT_REGISTRATION_INVALID',
    `${shown(token)} ${problem}`,
    cause === undefined ? {} : { cause },
  );
}

/** An error of Sallyport while a handler is built. Its code stays, and its message names the handler. */
export function inHandler(name: string, cause: ConfigurationError): ConfigurationError {
  return new ConfigurationError(cause.code, `handler ${quotedName(name)}: ${cause.message}`, {
    cause,
    option: cause.option,
  });
}

/** The name of a token. Its last part comes from the application and is shown only if it looks like a name. */
function shown(token: InjectionToken): string {
  const [, kind = '', name = ''] = /^(@sallyport\/configuration\/[a-z-]+\/)(.*)$/s.exec(nameOf(token)) ?? [];
  return name === '' || isNameLike(name) ? nameOf(token) : kind + shownName(name);
}
