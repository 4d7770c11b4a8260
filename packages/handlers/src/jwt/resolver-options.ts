import { option } from '@sallyport/core/extend';
import type { TrustedIssuer } from './trusted-issuer.js';

/** Functions and lists both become a function. */
const trusts = option.withSchema<(issuer: string) => boolean, readonly string[] | ((issuer: string) => boolean)>(
  undefined,
  (value, name) => {
    if (typeof value === 'function') return (issuer) => value(issuer) === true;
    if (!Array.isArray(value)) throw option.invalid(name, 'must be a list of issuers or a function');
    const trusted = new Set(option.textOrTexts(value, name));
    return (issuer) => trusted.has(issuer);
  },
);

type Resolve = (
  issuer: string,
  lookup: { readonly signal: AbortSignal },
) => Promise<TrustedIssuer | readonly TrustedIssuer[] | undefined>;

export const ISSUER_RESOLVER = option.table('IssuerResolverOptions', {
  /**
   * Which issuers may be resolved at all: a list, or a function that says so at once. It is asked about every token, also
   * a remembered one, and sees issuers that nobody has verified yet, so it has to name hosts in full and must not search
   * for parts of a text.
   */
  trusts,
  /**
   * Looks an issuer up: its entry, or a list of at most 16 entries with keys and rules of their own; `undefined` or an
   * empty list if it does not exist. A rejection means 503. `signal` is aborted when no request
   * waits for the answer any more; ending the lookup then frees its place. Options that are equal to the last ones
   * leave keys and remembered tokens alone; functions are compared by identity, so make them once.
   */
  resolve: option.callable<Resolve>(),
  /**
   * How long an answer is used, in seconds. The lookup is repeated after four fifths of that time, and the answer stays
   * in use meanwhile.
   */
  ttlSeconds: option.withDefault(option.between(1, 86_400), 600),
  /** Issuers remembered at once, each with all of its entries; the least recently used goes first. */
  maxIssuers: option.withDefault(option.between(1, 100_000), 1_000),
  /** How long a lookup may take, in milliseconds. */
  timeoutMs: option.withDefault(option.between(1, 30_000), 2_000),
});

/** Issuers that are found at run time, such as one for each tenant. */
export interface IssuerResolverOptions extends option.Given<typeof ISSUER_RESOLVER> {}

export interface IssuerResolverSettings extends option.Kept<typeof ISSUER_RESOLVER> {}

/** Only code can give a resolver, because it is a function. */
export const issuerResolver = option.withSchema<IssuerResolverSettings, IssuerResolverOptions>(
  undefined,
  ISSUER_RESOLVER,
);
