import {
  between,
  callable,
  checkOptions,
  type DeniedDecision,
  flag,
  optionalOption,
  withDefault,
} from '@sallyport/core';

/** Options that every adapter has. */
export interface AdapterOptions<Context extends readonly unknown[]> {
  /** Lets true CORS preflights (OPTIONS with Origin and Access-Control-Request-Method) through. Default false. */
  readonly allowPreflight?: boolean | undefined;
  /** How many proxies in front of the server append to X-Forwarded-For. Default 0: the header is not read; at most 16. */
  readonly trustedHops?: number | undefined;
  /** Answers a refused request instead of the adapter: a redirect to a login page, say. */
  readonly onDenied?: ((denied: DeniedDecision, ...context: Context) => void) | undefined;
}

/** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
export function checkedAdapterOptions<Context extends readonly unknown[]>(
  options: AdapterOptions<Context>,
): CheckedAdapterOptions<Context> {
  return checkOptions('AdapterOptions', options, {
    allowPreflight: withDefault(flag, false),
    trustedHops: withDefault(between(0, 16), 0),
    onDenied: optionalOption(callable<(denied: DeniedDecision, ...context: Context) => void>()),
  });
}

export interface CheckedAdapterOptions<Context extends readonly unknown[]> {
  readonly allowPreflight: boolean;
  readonly trustedHops: number;
  readonly onDenied: ((denied: DeniedDecision, ...context: Context) => void) | undefined;
}
