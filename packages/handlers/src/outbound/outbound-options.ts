import { option } from '@sallyport/core/extend';
import { connectionOptions } from './connections/connection-options.js';
import { ownHeadersOption } from './own-headers.js';

const HOST = /^(?:[a-z0-9_-][a-z0-9_.-]*|\[[0-9a-f:]+\])$/;

/** As `hostname` of a URL has it: in lower case, a domain of other scripts in punycode, IPv6 in brackets. */
const host = option.refined(option.text, (value, name) => {
  const isExact = HOST.test(value) && URL.canParse(`http://${value}`) && new URL(`http://${value}`).hostname === value;
  if (!isExact) throw option.invalid(name, 'must be one host name as it stands in a URL, without scheme and port');
  return value;
});

const OWN = option.table('OutboundOptions', {
  /** From the first byte sent to the last byte read, retries and queueing included, in milliseconds. */
  timeoutMs: option.withDefault(option.between(1, 30_000), 2_000),
  /** Calls under way at once. */
  maxConcurrent: option.withDefault(option.between(1, 1_024), 64),
  /** Calls that wait for one of those places, none of them longer than half of `timeoutMs`; more are refused with 503. */
  maxQueued: option.withDefault(option.between(0, 100_000), 1_024),
  /**
   * Headers that all calls carry, by name: a text, or a file that has the value, which may rotate. Or a function that has
   * them for a URL, by code only. They go to every server that is called, also to those that metadata name. What the handler
   * sends itself, such as its client authentication, goes before them.
   */
  headers: option.optional(ownHeadersOption),
  /**
   * Allows `http:` for loopback hosts. Without it every server must be `https:`. Warns at start beside a `proxy`, which would
   * be sent what is meant for this machine.
   */
  allowInsecureLoopback: option.withDefault(option.flag, false),
  /**
   * Allows `http:` for these hosts as well, exactly as they stand in the URL: for servers inside a network, such as
   * `keycloak`. Whoever can listen or answer there gets what is sent and decides who is let in. Warns at start.
   */
  allowInsecureHosts: option.withDefault(option.listOf(host), []),
});

const OUTBOUND = option.merged(connectionOptions, OWN);

/** How a handler talks to the servers it depends on. */
export interface OutboundOptions extends option.Given<typeof OUTBOUND> {}

export interface OutboundSettings extends option.Kept<typeof OUTBOUND> {}

/**
 * How other servers are called: deadline, limits, TLS, proxy, circuit breaker. An option table for handlers of your own.
 * @example
 * const PARTNER = option.table('PartnerOptions', { endpoint: option.text, outbound: option.group(outboundOptions) });
 * const { outbound } = PARTNER({ endpoint: 'https://keys.example/check' });
 */
export const outboundOptions: option.Table<OutboundSettings, OutboundOptions> = OUTBOUND;

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/**
 * A URL that may be called: https, or http on a host for which that was allowed; no user name, no fragment.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID
 * @example
 * const url = checkedEndpoint('https://keys.example/check', 'PartnerOptions.endpoint', client.settings);
 */
export function checkedEndpoint(value: string, name: string, settings: OutboundSettings): URL {
  if (!URL.canParse(value)) throw option.invalid(name, 'must be an absolute URL');
  const url = new URL(value);
  if (url.protocol !== 'https:' && !isAllowedHttp(url, settings)) {
    throw option.invalid(
      name,
      'must be an https URL (http only for a loopback host with outbound.allowInsecureLoopback, or one of outbound.allowInsecureHosts)',
    );
  }
  if (url.username !== '' || url.password !== '' || url.hash !== '') {
    throw option.invalid(name, 'must have neither credentials nor a fragment');
  }
  return url;
}

function isAllowedHttp(
  { protocol, hostname }: URL,
  { allowInsecureLoopback, allowInsecureHosts }: OutboundSettings,
): boolean {
  if (protocol !== 'http:') return false;
  return (allowInsecureLoopback && LOOPBACK.test(hostname)) || allowInsecureHosts.includes(hostname);
}
