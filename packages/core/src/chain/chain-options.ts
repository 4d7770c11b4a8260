import { type Clock, clockOption } from '../clock/clock.js';
import { type ProblemFormatter, problemJson } from '../decision/problem.js';
import type { DecisionListener } from '../events/decision-events.js';
import type { GuardLike } from '../guard/guard.js';
import * as option from '../options/options.js';
import type { FirewallOptions } from '../request/firewall.js';
import type { Requirement } from '../requirement/requirement.js';
import type { OperationTable } from '../routes/operation.js';

export interface SecurityChainOptions {
  /** Names the chain in events. Default `default`. */
  readonly name?: string | undefined;
  /** What every request has to prove. With `operations`: what requests outside of them have to prove. */
  readonly requirement?: Requirement | undefined;
  /** Checks after authentication, on every request; see `every`. */
  readonly guards?: readonly GuardLike[] | undefined;
  /** Requirements by operation, from `routes()` or `openApi()`. Without `requirement`, other requests get 404. */
  readonly operations?: OperationTable | undefined;
  /** How long a decision may take, in milliseconds, before it becomes 503. Default 5 000; 1 to 60 000. */
  readonly deadlineMs?: number | undefined;
  /** Relaxations of the request firewall, each by name. */
  readonly firewall?: FirewallOptions | undefined;
  /** Writes denial bodies. Default: problem details (RFC 9457). */
  readonly format?: ProblemFormatter | undefined;
}

/** Services of a chain; tests replace them. */
export interface SecurityChainCollaborators {
  readonly clock?: Clock | undefined;
  /** 0 to 1, for the jitter of Retry-After. Default `Math.random`. */
  readonly random?: (() => number) | undefined;
  /** Called like those of `onDecision`, for the decisions of this chain only. */
  readonly listeners?: readonly DecisionListener[] | undefined;
}

/** The options with their defaults. */
export interface SecurityChainSettings {
  readonly name: string;
  readonly requirement: Requirement | undefined;
  readonly guards: readonly GuardLike[];
  readonly operations: OperationTable | undefined;
  readonly deadlineMs: number;
  readonly firewall: FirewallOptions | undefined;
  readonly format: ProblemFormatter;
}

/** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
export function checkedChainOptions(options: SecurityChainOptions): SecurityChainSettings {
  return option.check('SecurityChainOptions', options, {
    name: option.withDefault(option.text, 'default'),
    requirement: option.unchecked<Requirement | undefined>(),
    guards: option.withDefault(option.listOf(option.unchecked<GuardLike>()), []),
    operations: option.optional(option.having<OperationTable>('find')),
    deadlineMs: option.withDefault(option.between(1, 60_000), 5_000),
    firewall: option.unchecked<FirewallOptions | undefined>(),
    format: option.withDefault(option.callable<ProblemFormatter>(), problemJson),
  });
}

/** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
export function checkedChainCollaborators(collaborators: SecurityChainCollaborators) {
  return option.check('SecurityChainCollaborators', collaborators, {
    clock: clockOption,
    random: option.withDefault(option.callable<() => number>(), Math.random),
    listeners: option.withDefault(option.listOf(option.callable<DecisionListener>()), []),
  });
}
