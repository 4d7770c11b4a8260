import { ConfigurationError } from '@sallyport/core';

/** The name of the whole configuration in names of options, such as `configuration.chain.name`. */
export const ROOT = 'configuration';

/** Names at the front of error texts, such as `JwtHandlerOptions`, and the places that they stand for. */
export type Owners = Readonly<Record<string, string>>;

/** Whether an option is `owner` itself or below it. */
export function isWithin(owner: string, option: string): boolean {
  return option.startsWith(owner) && /^(?:$|[.[])/.test(option.slice(owner.length));
}

/**
 * The same error with the place in the configuration that it is about. An error that names such a place already is
 * returned as it is. The message of an error that is no `ConfigurationError` may quote a value, so it stays in `cause`.
 */
export function placed(error: unknown, place: string, owners: Owners = {}): ConfigurationError {
  if (!(error instanceof ConfigurationError)) {
    return new ConfigurationError('ERR_SALLYPORT_REGISTRATION_INVALID', `${place} cannot be used: its code threw`, {
      cause: error,
      option: place,
    });
  }
  const { code, message, option = '' } = error;
  if (isWithin(ROOT, option)) return error;
  const [owner, home] = Object.entries(owners).find(([name]) => isWithin(name, option)) ?? [];
  if (owner === undefined || home === undefined || !message.startsWith(owner)) {
    return new ConfigurationError(code, `${place}: ${message}`, { cause: error, option: place });
  }
  return new ConfigurationError(code, home + message.slice(owner.length), {
    cause: error,
    option: home + option.slice(owner.length),
  });
}

/** Runs a task whose errors are about one place of the configuration. */
export function inPlace<Value>(place: string, task: () => Value, owners?: Owners): Value {
  try {
    return task();
  } catch (error) {
    throw placed(error, place, owners);
  }
}
