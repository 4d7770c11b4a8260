/** Every error code of the library. Codes are stable; each has a section in docs/error-codes.md. */
export const SALLYPORT_ERROR_CODES = [
  'ERR_SALLYPORT_OPTION_INVALID',
  'ERR_SALLYPORT_OPTION_UNKNOWN',
  'ERR_SALLYPORT_REQUIREMENT_INVALID',
  'ERR_SALLYPORT_SOURCE_CONFLICT',
  'ERR_SALLYPORT_SEVERAL_COPIES',
  'ERR_SALLYPORT_BODY_UNREADABLE',
  'ERR_SALLYPORT_CONTRACT_INVALID',
  'ERR_SALLYPORT_REGISTRATION_MISSING',
  'ERR_SALLYPORT_REGISTRATION_DOUBLED',
  'ERR_SALLYPORT_REGISTRATION_LATE',
  'ERR_SALLYPORT_REGISTRATION_INVALID',
  'ERR_SALLYPORT_UPSTREAM_UNREACHABLE',
  'ERR_SALLYPORT_UPSTREAM_TIMEOUT',
  'ERR_SALLYPORT_UPSTREAM_STATUS',
  'ERR_SALLYPORT_UPSTREAM_BODY',
  'ERR_SALLYPORT_UPSTREAM_OVERLOADED',
  'ERR_SALLYPORT_UPSTREAM_CIRCUIT_OPEN',
  'ERR_SALLYPORT_MARKS_LOST',
] as const;

export type SallyportErrorCode = (typeof SALLYPORT_ERROR_CODES)[number];

/**
 * Base of every error that the library throws; tell errors apart by `code`, never by message.
 * @example
 * chain.start().catch((error) => {
 *   if (error instanceof SallyportError && error.code === 'ERR_SALLYPORT_UPSTREAM_UNREACHABLE') process.exit(75);
 *   throw error;
 * });
 */
export class SallyportError extends Error {
  readonly code: SallyportErrorCode;

  constructor(code: SallyportErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/**
 * Wrong options, requirements or contracts. Thrown while a server starts, never while it answers.
 * @example
 * try {
 *   new SecurityChain({ requirement: jwt, deadlineMs: 0 });
 * } catch (error) {
 *   if (error instanceof ConfigurationError) log.error(error.code, error.option);
 * }
 */
export class ConfigurationError extends SallyportError {
  /**
   * The full name of the option that is wrong, such as `JwtHandlerOptions.cache.maxEntries`. Undefined when the error is
   * about no single option.
   */
  readonly option: string | undefined;

  constructor(code: SallyportErrorCode, message: string, options?: ErrorOptions & { option?: string | undefined }) {
    super(code, message, options);
    this.option = options?.option;
  }
}

/**
 * Code of others broke a rule of this library, such as a handler that returns no verdict. Its message is the library's
 * own: it quotes nothing.
 */
export class MisuseError extends TypeError {}

/**
 * A dependency (authorization server, key server, store) did not give a usable answer. Becomes `unavailable`, 503.
 * @example
 * const verify = async (key: string) => {
 *   const answer = await fetch(`https://keys.example/${encodeURIComponent(key)}`);
 *   if (answer.status === 404) return denied('key_unknown');
 *   if (!answer.ok) return unavailable(new UpstreamError('ERR_SALLYPORT_UPSTREAM_STATUS', `status ${answer.status}`));
 *   return createPrincipal({ subject: await answer.text() });
 * };
 */
export class UpstreamError extends SallyportError {
  /** What the dependency asked for with Retry-After, in seconds. */
  readonly retryAfterSeconds: number | undefined;

  constructor(code: SallyportErrorCode, message: string, options?: ErrorOptions & { retryAfterSeconds?: number }) {
    super(code, message, options);
    this.retryAfterSeconds = options?.retryAfterSeconds;
  }
}
