import { type GuardLike } from '@sallyport/core';
import { memberPath, option } from '@sallyport/core/extend';
import type { RemoteAddress } from '../fetch/peer-addresses.js';
import { DOOR, type DoorOptions } from '../gate/adapter-options.js';

/** What a tool or method needs: a guard, or several, all of which have to permit. */
export type McpRule<Scopes extends string = string> = GuardLike<Scopes> | readonly GuardLike<Scopes>[];

const aRule: option.Check<readonly GuardLike[], McpRule> = (value, name) => {
  const guards = [value].flat() as readonly GuardLike[];
  if (guards.length === 0) throw option.invalid(name, 'must be a guard, or a list of guards');
  return Object.freeze(guards);
};

/** Rules by name. An object that inherits some would be read without them, and be less strict than it looks. */
const rules: option.Check<ReadonlyMap<string, readonly GuardLike[]>, Readonly<Record<string, McpRule>> | undefined> = (
  value = {},
  name,
) => {
  const table = option.plainObject(value, name);
  const prototype = Object.getPrototypeOf(table);
  if (prototype !== Object.prototype && prototype !== null)
    throw option.invalid(name, 'must be a plain object; the key __proto__ is written ["__proto__"]');
  return new Map(Object.entries(table).map(([key, rule], index) => [key, aRule(rule, memberPath(name, key, index))]));
};

export const MCP_SECURITY = option.table('McpSecurityOptions', {
  /**
   * What calls of tools need besides what the chain requires, by the name of the tool: `{ purge: requireScopes('notes:write') }`.
   * Challenges name the scopes of the tool that was called.
   */
  tools: rules,
  /** What calls of tools need that are not in `tools`. Default: what the chain requires is enough. */
  otherTools: option.optional(aRule),
  /** What requests and notifications need, by their method, such as `resources/read`. Of `tools/call` the rule of the tool stays. */
  methods: rules,
  /** Leaves tools that the caller may not call out of the answers to `tools/list`. Calls are decided in any case. */
  hideForbiddenTools: option.withDefault(option.flag, false),
  /** The audiences of tokens that are taken. Default: the identifier of the chain's `resource`. */
  audience: option.optional(option.textOrTexts),
  /** Takes tokens for whatever audience, or for none. Warns at start. */
  anyAudience: option.withDefault(option.flag, false),
  /** How many bytes of a body are read to learn what it calls. More is refused with 413. */
  maxBodyBytes: option.withDefault(option.wholeBetween(1_024, 67_108_864), 4_194_304),
  /** How many sessions are remembered. Above, the oldest go of whoever has the most. */
  maxSessions: option.withDefault(option.wholeBetween(1, 10_000_000), 100_000),
  /** As in `AdapterOptions`. */
  allowPreflight: option.withDefault(option.flag, false),
  /** As in `AdapterOptions`. */
  allowRewriting: option.withDefault(option.flag, false),
  /** As in `FetchSecurityOptions`, for fetch servers and Hono. */
  remoteAddress: option.optional(option.callable<RemoteAddress>()),
  /** As in `FetchSecurityOptions`, for fetch servers and Hono. */
  peerAddress: option.optional(option.callable<RemoteAddress>()),
});

export const mcpOptions = option.merged(option.without(DOOR, 'onDenied'), MCP_SECURITY);

/** Rules, and how requests are read; the options of proxies and addresses are those of the adapters. */
export interface McpSecurityOptions<Scopes extends string = string>
  extends Omit<option.Given<typeof MCP_SECURITY>, 'tools' | 'otherTools' | 'methods'>,
    Omit<DoorOptions<readonly []>, 'onDenied'> {
  /**
   * What calls of tools need besides what the chain requires, by the name of the tool: `{ purge: requireScopes('notes:write') }`.
   * Challenges name the scopes of the tool that was called.
   */
  readonly tools?: Readonly<Record<string, McpRule<Scopes>>> | undefined;
  /** What calls of tools need that are not in `tools`. Default: what the chain requires is enough. */
  readonly otherTools?: McpRule<Scopes> | undefined;
  /** What requests and notifications need, by their method, such as `resources/read`. Of `tools/call` the rule of the tool stays. */
  readonly methods?: Readonly<Record<string, McpRule<Scopes>>> | undefined;
}
