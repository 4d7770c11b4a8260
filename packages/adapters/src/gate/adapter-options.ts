import { type DeniedDecision } from '@sallyport/core';
import { option } from '@sallyport/core/extend';
import { CLIENT_CERTIFICATES } from '../proxies/forwarded-certificates.js';
import { TrustedProxies } from '../proxies/trusted-proxies.js';

export type OnDenied<Context extends readonly unknown[], Answer> = (
  denied: DeniedDecision,
  ...context: readonly [...Context, answer: () => Answer]
) => Answer;

/** A flag that warns where it is set, because it weakens. */
export function weakeningFlag(weakness: string): option.Check<boolean> {
  return option.withSchema({ type: 'boolean' }, (value, name) => {
    const isAllowed = option.flag(value, name);
    if (isAllowed) process.emitWarning(weakness, 'SallyportWarning');
    return isAllowed;
  });
}

const rewritingFlag = weakeningFlag('rewritten requests are judged as they run alone (allowRewriting)');
const preflightFlag = weakeningFlag('CORS preflights pass without a decision (allowPreflight)');

export const DOOR = option.table('DoorOptions', {
  /** How many proxies in front of the server append to X-Forwarded-For. With 0 the header is not read. */
  trustedHops: option.withDefault(option.wholeBetween(0, 16), 0),
  /**
   * Where proxies that end TLS write the certificate of the client. The certificate of the connection is that of the proxy
   * then, and counts for nothing. Default: the certificate of the connection is the client's, and no header is read.
   */
  clientCertificates: option.optional(CLIENT_CERTIFICATES),
  /**
   * Answers a refused request instead of the adapter, for example by a redirect. Its last parameter, `answer()`, gives the
   * adapter's answer.
   */
  onDenied: option.optional(option.callable()),
});

export const ADAPTER = option.table('AdapterOptions', {
  /** Lets true CORS preflights (OPTIONS with Origin and Access-Control-Request-Method) through. Warns at start. */
  allowPreflight: option.withDefault(preflightFlag, false),
  /**
   * Judges a request that the application rewrote or forwarded (another URL, method or `Request` than the client sent)
   * only as it runs where the chain is asked, and not as it was received, too. Warns at start.
   */
  allowRewriting: option.withDefault(rewritingFlag, false),
});

/** For adapters with options of their own, too. */
export const adapterOptions = option.merged(DOOR, ADAPTER);

/** Options shared with upgrade requests, which have no CORS preflight. */
export interface DoorOptions<Context extends readonly unknown[], Answer = unknown> extends option.Given<typeof DOOR> {
  /**
   * Answers a refused request instead of the adapter, for example by a redirect. Its last parameter, `answer()`, gives the
   * adapter's answer.
   */
  readonly onDenied?: OnDenied<Context, Answer> | undefined;
}

/** Options that every adapter has. `Answer` is what the framework takes as one. */
export interface AdapterOptions<Context extends readonly unknown[], Answer = unknown>
  extends DoorOptions<Context, Answer>,
    option.Given<typeof ADAPTER> {}

export interface CheckedDoorOptions<Context extends readonly unknown[], Answer> extends option.Kept<typeof DOOR> {
  readonly onDenied: OnDenied<Context, Answer> | undefined;
  /** What `trustedHops` and `clientCertificates` say of the proxies in front of the server. */
  readonly proxies: TrustedProxies;
}

export interface CheckedAdapterOptions<Context extends readonly unknown[], Answer>
  extends CheckedDoorOptions<Context, Answer>,
    option.Kept<typeof ADAPTER> {}

/** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
export function checkedDoorOptions<Context extends readonly unknown[], Answer>(
  options: DoorOptions<Context, Answer>,
): CheckedDoorOptions<Context, Answer> {
  const checked = DOOR(options);
  return { ...checked, proxies: new TrustedProxies(checked) } as CheckedDoorOptions<Context, Answer>;
}

/** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
export function checkedAdapterOptions<Context extends readonly unknown[], Answer>(
  options: AdapterOptions<Context, Answer>,
): CheckedAdapterOptions<Context, Answer> {
  const checked = adapterOptions(options);
  return { ...checked, proxies: new TrustedProxies(checked) } as CheckedAdapterOptions<Context, Answer>;
}
