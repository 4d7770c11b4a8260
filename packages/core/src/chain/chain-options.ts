import { foreignCopy } from '../brand/brand.js';
import { type Clock, clockOption } from '../clock/clock.js';
import { isThenable } from '../clock/eventually.js';
import { type ProblemFormatter, problemJson } from '../decision/problem.js';
import { type ResourceOptions, type ResourceSettings, resourceOptions } from '../decision/resource/resource-options.js';
import type { LineWriter } from '../events/debug-lines.js';
import type { DecisionListener } from '../events/decision-events.js';
import type { DecisionObserver } from '../events/decision-observer.js';
import { requestIdOption } from '../events/request-id.js';
import {
  type StatisticsOptions,
  type StatisticsSettings,
  statisticsOptions,
} from '../events/statistics/statistics-options.js';
import type { Guard, GuardLike } from '../guard/guard.js';
import { isLimit, type Limit } from '../limits/rate/limit-guard.js';
import * as option from '../options/options.js';
import { firewallOptions, type RequestFirewall } from '../request/firewall.js';
import type { Requirement } from '../requirement/requirement.js';
import type { OperationTable } from '../routes/operation.js';
import { verdictAge } from '../routes/route-table.js';

const hasFind = option.having<OperationTable>('find');

const operationTable: option.Check<OperationTable> = (value, name) => {
  if (isThenable(value)) throw option.invalid(name, 'is a promise: await openApi(...) first');
  return hasFind(value, name);
};

const earlyLimit: option.Check<Limit> = (value, name) => {
  if (!isLimit(value))
    throw foreignCopy(value, 'limit') ?? option.invalid(name, 'must be a limit, such as rateLimit(…)');
  if (!value.isEarly)
    throw option.invalid(name, 'counts by who calls, which is not known yet; put it among the guards');
  return value;
};

export const SECURITY_CHAIN = option.table('SecurityChainOptions', {
  /** Names the chain in events. */
  name: option.withDefault(option.text, 'default'),
  /** What every request has to prove. With `operations`: what requests outside of them have to prove. */
  requirement: option.unchecked<Requirement | undefined>(),
  /** Checks after authentication, on every request; see `every`. */
  guards: option.withDefault(option.listOf(option.unchecked<GuardLike>()), []),
  /** Limits that are asked before anybody is authenticated: by network, by operation, of everybody. */
  limits: option.withDefault(option.listOf(earlyLimit), []),
  /** Requirements by operation, from `routes()` or `openApi()`. Without `requirement`, other requests get 404. */
  operations: option.optional(operationTable),
  /**
   * How old a remembered verdict may be that lets a request pass, in seconds: what is as old is looked up anew, and then
   * remembered for others. 0: every request is looked up. Operations may ask for less. Default: the lifetimes of each cache
   * count.
   */
  maxVerdictAgeSeconds: option.optional(verdictAge),
  /** How long a decision may take, in milliseconds, before it becomes 503. */
  deadlineMs: option.withDefault(option.between(1, 60_000), 5_000),
  /**
   * The largest body that is read for handlers that prove something over it, in bytes; larger ones get 413. Other bodies
   * are not read here.
   */
  maxBodyBytes: option.withDefault(option.wholeBetween(1, 104_857_600), 1_048_576),
  /**
   * Where the id of a request is, for events: the name of a header, or a function. Of the id, events have at most 120
   * printable characters. Without it, events have none.
   */
  requestId: option.optional(requestIdOption),
  /** Counts decisions by operation, client and reason, for `chain.statistics`. Default: counts nothing. */
  statistics: option.optional<StatisticsSettings, StatisticsOptions>(statisticsOptions),
  /**
   * The API as a protected resource of OAuth: challenges then name its metadata, and adapters publish these (RFC 9728).
   * Default: neither.
   */
  resource: option.optional<ResourceSettings, ResourceOptions>(resourceOptions),
  /** Relaxations of the request firewall, each by name. */
  firewall: option.group(firewallOptions),
  /** Writes denial bodies, and may choose by the Accept header. Default: problem details (RFC 9457). */
  format: option.withDefault(option.callable<ProblemFormatter>(), problemJson),
});

/** `Scopes` follow from a contract that knows its own; guards are then checked against them. */
export interface SecurityChainOptions<Scopes extends string = string> extends option.Given<typeof SECURITY_CHAIN> {
  readonly guards?: readonly GuardLike<NoInfer<Scopes>>[] | undefined;
  readonly operations?: OperationTable<Scopes> | undefined;
}

/** For configurations, which have some of these options as data. */
export const chainOptions: option.Table<option.Kept<typeof SECURITY_CHAIN>, SecurityChainOptions> = SECURITY_CHAIN;

export const SECURITY_CHAIN_COLLABORATORS = option.table('SecurityChainCollaborators', {
  clock: clockOption,
  /** 0 to 1, for the jitter of Retry-After. Default `Math.random`. */
  random: option.withDefault(option.callable<() => number>(), Math.random),
  /** Called like those of `onDecision`, for the decisions of this chain only. */
  listeners: option.withDefault(option.listOf(option.callable<DecisionListener>()), []),
  /**
   * Called with one line about each decision: what was expected and what came, who called, and what to change. Default:
   * writes to stderr where `NODE_DEBUG` names `sallyport`, and otherwise nothing.
   */
  debug: option.optional(option.callable<LineWriter>()),
});

/** Services of a chain; tests replace them. */
export interface SecurityChainCollaborators extends option.Given<typeof SECURITY_CHAIN_COLLABORATORS> {}

/** How a chain decides, whichever of its policies a request has to satisfy. */
export interface DecidingSettings {
  /** The name of the chain. */
  readonly name: string;
  readonly firewall: RequestFirewall;
  readonly deadlineMs: number;
  readonly format: ProblemFormatter;
  readonly clock: Clock;
  readonly random: () => number;
  readonly observer: DecisionObserver;
  /** Asked before anybody is authenticated. */
  readonly limits: readonly Guard[];
}
