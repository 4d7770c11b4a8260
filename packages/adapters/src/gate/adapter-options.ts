import { type DeniedDecision } from '@sallyport/core';
import { option } from '@sallyport/core/extend';

/** Options that every adapter has. `Answer` is what the framework takes as one. */
export interface AdapterOptions<Context extends readonly unknown[], Answer = unknown>
  extends DoorOptions<Context, Answer> {
  /** Lets true CORS preflights (OPTIONS with Origin and Access-Control-Request-Method) through. Default false. */
  readonly allowPreflight?: boolean | undefined;
  /**
   * Judges a request that the application rewrote or forwarded (another URL, method or `Request` than the client sent)
   * only as it runs where the chain is asked, and not as it was received, too. Default false; warns at start.
   */
  readonly allowRewriting?: boolean | undefined;
}

export interface CheckedAdapterOptions<Context extends readonly unknown[], Answer>
  extends CheckedDoorOptions<Context, Answer> {
  readonly allowPreflight: boolean;
  readonly allowRewriting: boolean;
}

/** Options shared with upgrade requests, which have no CORS preflight. */
export interface DoorOptions<Context extends readonly unknown[], Answer = unknown> {
  /** How many proxies in front of the server append to X-Forwarded-For. Default 0: the header is not read; at most 16. */
  readonly trustedHops?: number | undefined;
  /**
   * Answers a refused request instead of the adapter, for example by a redirect. Its last parameter, `answer()`, gives the
   * adapter's answer.
   */
  readonly onDenied?: OnDenied<Context, Answer> | undefined;
}

export type OnDenied<Context extends readonly unknown[], Answer> = (
  denied: DeniedDecision,
  ...context: readonly [...Context, answer: () => Answer]
) => Answer;

/** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
export function checkedAdapterOptions<Context extends readonly unknown[], Answer>(
  options: AdapterOptions<Context, Answer>,
): CheckedAdapterOptions<Context, Answer> {
  return option.check('AdapterOptions', options, adapterChecks<Context, Answer>());
}

/** For adapters with options of their own. */
export function adapterChecks<Context extends readonly unknown[], Answer>() {
  return {
    ...doorChecks<Context, Answer>(),
    allowPreflight: option.withDefault(option.flag, false),
    allowRewriting: option.withDefault(rewritingFlag, false),
  };
}

/** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
export function checkedDoorOptions<Context extends readonly unknown[], Answer>(
  options: DoorOptions<Context, Answer>,
): CheckedDoorOptions<Context, Answer> {
  return option.check('DoorOptions', options, doorChecks<Context, Answer>());
}

export interface CheckedDoorOptions<Context extends readonly unknown[], Answer> {
  readonly trustedHops: number;
  readonly onDenied: OnDenied<Context, Answer> | undefined;
}

function doorChecks<Context extends readonly unknown[], Answer>() {
  return {
    trustedHops: option.withDefault(wholeHops, 0),
    onDenied: option.optional(option.callable<OnDenied<Context, Answer>>()),
  };
}

const rewritingFlag: option.Check<boolean> = (value, name) => {
  const isAllowed = option.flag(value, name);
  if (isAllowed) {
    process.emitWarning('rewritten requests are judged as they run alone (allowRewriting)', 'SallyportWarning');
  }
  return isAllowed;
};

const wholeHops: option.Check<number> = (value, name) => {
  const hops = option.between(0, 16)(value, name);
  if (!Number.isInteger(hops)) throw option.invalid(name, 'must be a whole number');
  return hops;
};
