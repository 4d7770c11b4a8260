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
import { HANDLER_CASES, type HandlerCases, type HandlerFactory, type Subject } from './handler-cases.js';
import type { Rule, RuleRow } from './rule.js';
import { tellsNoSecret } from './secrecy-rule.js';
import {
  bindsItsProofToTheBody,
  comesToOneVerdict,
  endsWithItsRequest,
  keepsNothingOfARequest,
  leavesBodiesAlone,
  looksAfterItsPromises,
  neverThrows,
  tellsAnOutageFromARefusal,
} from './verify-rules.js';

const RULES: readonly RuleRow<Subject>[] = [
  ['one-identity', 'has one name, at least one challenge and one source, the same at every look', hasOneIdentity],
  ['extract-deterministic', 'extract() finds the same in equal requests', extractsTheSameTwice],
  ['extract-synchronous', 'extract() is synchronous', extractsSynchronously],
  ['extract-starts-nothing', 'extract() does no I/O and starts nothing asynchronous', extractStartsNothing],
  ['extract-never-throws', 'extract() never throws, whatever is sent', extractNeverThrows],
  ['extract-own-only', 'extract() leaves the credentials of others alone', takesOnlyItsOwn],
  ['one-verdict', 'comes to one verdict: authenticated for good credentials only', comesToOneVerdict],
  ['verify-never-throws', 'verify() never throws and never rejects', neverThrows],
  ['body-bound', 'verifyBody() authenticates the body that was sent, and no other', bindsItsProofToTheBody],
  ['body-unchanged', 'verifyBody() leaves the body as it is', leavesBodiesAlone],
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
 * The rules that every handler has to keep. Run each as a test of its own:
 * `for (const { title, check } of handlerRules(factory, cases)) test(title, check)`. Cases that have to be fetched
 * first, such as tokens, are given as a function.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID when the factory is no function
 * @example
 * const cases = {
 *   accepted: [{ headers: { 'X-API-Key': 'key-of-alice' } }],
 *   refused: [{ headers: { 'X-API-Key': 'key-of-nobody' } }],
 * };
 * for (const { title, check } of handlerRules(() => apiKey, cases)) test(title, check);
 */
export function handlerRules(
  factory: HandlerFactory,
  cases: HandlerCases | (() => Eventually<HandlerCases>),
): readonly Rule[] {
  option.callable()(factory, 'the factory of handlerRules()');
  const casesNow = async () => HANDLER_CASES(typeof cases === 'function' ? await cases() : cases);
  return RULES.map(([id, title, check]) => ({
    id,
    title,
    check: async () => check({ factory, cases: await casesNow() }),
  }));
}
