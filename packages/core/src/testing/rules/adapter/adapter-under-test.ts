import { SecurityChain } from '../../../chain/chain.js';
import type { SecurityChainOptions } from '../../../chain/chain-options.js';
import type { Eventually } from '../../../clock/eventually.js';
import type { Decider } from '../../../decision/decider.js';
import { expectRule } from '../rule.js';
import { RuleTokens } from './rule-tokens.js';
import { askOnce, type WireAnswer, type WireRequest } from './wire.js';

/** A server that listens on 127.0.0.1, with the adapter in it. */
export interface AdapterUnderTest {
  readonly port: number;
  /** Called when the rule was tried. Breaks off what is still connected. */
  close(): Eventually<void>;
}

/** Options that a rule mounts the adapter with; they are handed on as they are. */
export interface MountingOptions {
  readonly allowPreflight?: boolean;
  readonly trustedHops?: number;
  readonly onDenied?: (...given: readonly unknown[]) => never;
}

/**
 * Starts a server that asks `decider` about every request, and answers those that are let in with status 200 and the
 * text `<method> by <subject>`, or `<method> by nobody` where there is no user. On three paths it does something besides:
 *
 * - `/orders` adds the guard `requireScopes('orders:read')`.
 * - `/echo` reads the body, and appends its length: `POST by alice with 5 bytes`.
 * - `/fails` fails, in whatever way applications of the framework fail so that the framework answers 500.
 *
 * With the option `upgrades`, it also answers an upgrade that is let in, with `HTTP/1.1 101 Switching Protocols` and
 * the header line `Upgraded-By: <subject>`, and ends the connection.
 */
export type OpenAdapter = (decider: Decider, options: MountingOptions) => Eventually<AdapterUnderTest>;

export interface AdapterRulesOptions {
  /** The framework cannot write two lines of one name: they are expected in one, joined by comma (RFC 9110 5.3). Default false. */
  readonly joinsLines?: boolean | undefined;
  /** The adapter guards upgrades, too (RFC 9110 7.8). Default false. */
  readonly upgrades?: boolean | undefined;
}

/** An adapter for one rule. */
export interface Subject {
  readonly open: OpenAdapter;
  readonly joinsLines: boolean;
}

/** What a rule has in hand while its server runs. */
export interface Mounted {
  readonly port: number;
  readonly chain: SecurityChain;
  readonly tokens: RuleTokens;
  ask(request: WireRequest): Promise<WireAnswer>;
}

export interface Mounting {
  readonly chain?: Omit<SecurityChainOptions, 'requirement'> & Partial<Pick<SecurityChainOptions, 'requirement'>>;
  readonly options?: MountingOptions;
  readonly tokens?: RuleTokens;
}

/** Opens the server for one rule, and closes it whatever happens. */
export async function mounted(
  { open }: Subject,
  task: (mounted: Mounted) => Promise<void>,
  { chain: chainOptions, options = {}, tokens = new RuleTokens() }: Mounting = {},
): Promise<void> {
  const chain = new SecurityChain({ requirement: tokens, ...chainOptions } as SecurityChainOptions, {
    random: () => 0,
  });
  const { port, close } = await opened(open, chain, options);
  try {
    await task({ port, chain, tokens, ask: (request) => askOnce(port, request) });
  } finally {
    await close();
  }
}

async function opened(
  open: OpenAdapter,
  decider: Decider,
  options: MountingOptions,
): Promise<{ port: number; close: () => Eventually<void> }> {
  const server = await open(decider, options);
  expectRule(Number.isInteger(server?.port), 'the function opened no server: it needs port and close()');
  return { port: server.port, close: () => server.close() };
}

/** The header line of a token. */
export function sending(token: string): readonly string[] {
  return [`Authorization: Bearer ${token}`];
}

export function expectAnswer(answer: WireAnswer, status: number, body: string, what: string): void {
  expectRule(answer.status === status, `${what}: the status was ${answer.status}, not ${status}`);
  expectRule(
    answer.body === body,
    `${what}: the answer was ${JSON.stringify(answer.body)}, not ${JSON.stringify(body)}`,
  );
}
