import type { Eventually } from '../../clock/eventually.js';
import * as option from '../../options/options.js';
import { closesWhatItOpened } from './closing-rule.js';
import {
  extractNeverThrows,
  extractStartsNothing,
  extractsSynchronously,
  extractsTheSameTwice,
  hasOneIdentity,
  takesOnlyItsOwn,
} from './extract-rules.js';
import { BrokenRule, checkedCases, type HandlerCases, type HandlerFactory, type Subject } from './handler-cases.js';
import { tellsNoSecret } from './secrecy-rule.js';
import {
  comesToOneVerdict,
  endsWithItsRequest,
  keepsNothingOfARequest,
  looksAfterItsPromises,
  neverThrows,
  tellsAnOutageFromARefusal,
} from './verify-rules.js';

/** One rule that every handler has to keep. */
export interface HandlerRule {
  readonly id: string;
  /** The rule in words: the title of a test. */
  readonly title: string;
  /** Rejects with a `BrokenRule` when the handler does not keep the rule. */
  readonly check: () => Promise<void>;
}

type Check = (subject: Subject) => Promise<void>;

const RULES: readonly (readonly [id: string, title: string, check: Check])[] = [
  ['one-identity', 'has one name, at least one challenge and one source, the same at every look', hasOneIdentity],
  ['extract-deterministic', 'extract() finds the same in equal requests', extractsTheSameTwice],
  ['extract-synchronous', 'extract() is synchronous', extractsSynchronously],
  ['extract-starts-nothing', 'extract() does no I/O and starts nothing asynchronous', extractStartsNothing],
  ['extract-never-throws', 'extract() never throws, whatever is sent', extractNeverThrows],
  ['extract-own-only', 'extract() leaves the credentials of others alone', takesOnlyItsOwn],
  ['one-verdict', 'comes to one verdict: authenticated for good credentials only', comesToOneVerdict],
  ['verify-never-throws', 'verify() never throws and never rejects', neverThrows],
  ['no-request-state', 'keeps nothing of a request', keepsNothingOfARequest],
  ['ends-with-request', 'ends with its request: honours abort and deadline', endsWithItsRequest],
  [
    'outage-is-unavailable',
    'a dependency that cannot answer makes unavailable, never denied',
    tellsAnOutageFromARefusal,
  ],
  ['no-unhandled-rejection', 'leaves no rejected promise to itself', looksAfterItsPromises],
  ['no-secret-shown', 'shows no credential in decisions, events, errors, output or itself', tellsNoSecret],
  ['closes', 'closes what it opened', closesWhatItOpened],
];

/**
 * The rules that every handler has to keep, each to be run as a test of its own:
 * `for (const { title, check } of handlerRules(factory, cases)) test(title, check)`. Cases that have to be fetched
 * first (tokens, say) are given as a function.
 */
export function handlerRules(
  factory: HandlerFactory,
  cases: HandlerCases | (() => Eventually<HandlerCases>),
): readonly HandlerRule[] {
  option.callable()(factory, 'the factory of handlerRules()');
  const casesNow = async () => checkedCases(typeof cases === 'function' ? await cases() : cases);
  return RULES.map(([id, title, check]) => ({
    id,
    title,
    check: async () => check({ factory, cases: await casesNow() }),
  }));
}

/**
 * Runs all rules, for test runners where a loop does not fit.
 * @throws {AggregateError} naming every rule that is not kept
 */
export async function assertHandlerRules(...subject: Parameters<typeof handlerRules>): Promise<void> {
  const breaches: unknown[] = [];
  for (const { id, check } of handlerRules(...subject)) {
    await check().catch((error: unknown) => {
      breaches.push(error instanceof BrokenRule ? new BrokenRule(`${id}: ${error.message}`) : error);
    });
  }
  if (breaches.length > 0) throw new AggregateError(breaches, breaches.map(String).join('\n'));
}
