import { SecurityChain } from '../../../chain/chain.js';
import type { SecurityChainOptions } from '../../../chain/chain-options.js';
import type { Eventually } from '../../../clock/eventually.js';
import type { Decider } from '../../../decision/decider.js';
import * as option from '../../../options/options.js';
import type { Requirement } from '../../../requirement/requirement.js';
import { expectRule, shown } from '../rule.js';
import { Http1Wire } from './http1-wire.js';
import { Http2Wire } from './http2-wire.js';
import { ruleKeys } from './rule-keys.js';
import { RuleTokens } from './rule-tokens.js';
import type { Protocol, Wire, WireAnswer, WireRequest } from './wire.js';

/** A server that listens on 127.0.0.1, with the adapter in it. */
export interface AdapterUnderTest {
  readonly port: number;
  /** Called after the rule. Breaks off the connections that are still open. */
  close(): Eventually<void>;
}

/** Options with which a rule mounts the adapter. Hand them on unchanged. */
export interface MountingOptions {
  readonly allowPreflight?: boolean;
  readonly trustedHops?: number;
  readonly clientCertificates?: { readonly proxies: readonly string[] };
  readonly onDenied?: (...given: readonly unknown[]) => never;
}

/**
 * Starts a server that asks `decider` about every request. It answers a granted request with status 200 and the text
 * `<method> by <subject>`, or `<method> by nobody` when there is no user. Four paths do more:
 *
 * - `/orders` adds the guard `requireScopes('orders:read')`.
 * - `/keys` adds `requirement`: what the decider requires everywhere is asked first, and then this.
 * - `/echo` reads the body and appends its length: `POST by alice with 5 bytes`.
 * - `/fails` fails, in any way that makes the framework answer 500.
 *
 * With the option `upgrades`, it also answers a granted upgrade with `HTTP/1.1 101 Switching Protocols` and the header
 * line `Upgraded-By: <subject>`, and ends the connection.
 */
export type OpenAdapter = (
  decider: Decider,
  options: MountingOptions,
  requirement: Requirement,
) => Eventually<AdapterUnderTest>;

export const ADAPTER_RULES = option.table('AdapterRulesOptions', {
  /** The framework cannot write two lines of one name. The rules then expect one line, joined by comma (RFC 9110 5.3). */
  joinsLines: option.withDefault(option.flag, false),
  /**
   * What the server speaks: HTTP/1.1 (`http`), HTTP/1.1 over TLS (`https`), or HTTP/2 over TLS (`h2`). Its certificate
   * may be any.
   */
  protocol: option.withDefault(option.oneOf('http', 'https', 'h2'), 'http'),
  /** The adapter guards upgrades, too (RFC 9110 7.8). HTTP/2 has none (RFC 9113 8.6). */
  upgrades: option.withDefault(option.flag, false),
});

export interface AdapterRulesOptions extends option.Given<typeof ADAPTER_RULES> {}

/** An adapter for one rule. */
export interface Subject {
  readonly open: OpenAdapter;
  readonly joinsLines: boolean;
  readonly protocol: Protocol;
}

/** The things that a rule works with while its server runs. */
export interface Mounted {
  readonly chain: SecurityChain;
  readonly tokens: RuleTokens;
  /** Opens a connection for several requests. */
  connect(): Promise<Wire>;
  /** Sends one request on a connection of its own. */
  ask(request: WireRequest): Promise<WireAnswer>;
}

export interface Mounting {
  readonly chain?: Omit<SecurityChainOptions, 'requirement'> & Partial<Pick<SecurityChainOptions, 'requirement'>>;
  readonly options?: MountingOptions;
  readonly tokens?: RuleTokens;
}

/** Opens the server for one rule, and closes it in any case. */
export async function mounted(
  { open, protocol }: Subject,
  task: (mounted: Mounted) => Promise<void>,
  { chain: chainOptions, options = {}, tokens = new RuleTokens() }: Mounting = {},
): Promise<void> {
  const chain = new SecurityChain({ requirement: tokens, ...chainOptions } as SecurityChainOptions, {
    random: () => 0,
  });
  const { port, close } = await opened(open, chain, options);
  try {
    await task({
      chain,
      tokens,
      connect: () => connected(port, protocol),
      ask: (request) => askOnce(port, protocol, request),
    });
  } finally {
    await close();
  }
}

function connected(port: number, protocol: Protocol): Promise<Wire> {
  return protocol === 'h2' ? Http2Wire.open(port) : Http1Wire.open(port, protocol === 'https');
}

async function askOnce(port: number, protocol: Protocol, request: WireRequest): Promise<WireAnswer> {
  const wire = await connected(port, protocol);
  try {
    return await wire.ask(request);
  } finally {
    wire.close();
  }
}

async function opened(
  open: OpenAdapter,
  decider: Decider,
  options: MountingOptions,
): Promise<{ port: number; close: () => Eventually<void> }> {
  const server = await open(decider, options, ruleKeys());
  expectRule(Number.isInteger(server?.port), 'the function opened no server: it needs port and close()');
  return { port: server.port, close: () => server.close() };
}

/** The header line that sends a token. */
export function sending(token: string): readonly string[] {
  return [`Authorization: Bearer ${token}`];
}

export function expectAnswer(answer: WireAnswer, status: number, body: string, what: string): void {
  expectRule(
    answer.status === status,
    `${what}: the status was ${answer.status}, not ${status} (${shown(answer.body)})`,
  );
  expectRule(answer.body === body, `${what}: the answer was ${shown(answer.body)}, not ${shown(body)}`);
}
