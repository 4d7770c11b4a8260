import type { Eventually } from '../../clock/eventually.js';
import type { SecurityHandler } from '../../handler/handler.js';
import * as option from '../../options/options.js';
import type { SecurityRequest } from '../../request/request.js';
import { buildRequest, linesOf, type RequestLine, type RequestParts } from '../build-request.js';
import type { ManualClock } from '../manual-clock.js';
import { expectRule } from './rule.js';

/** Makes the handler under test: a fresh one for every rule. The rule controls the clock. */
export type HandlerFactory = (clock: ManualClock) => Eventually<SecurityHandler>;

/** The parts of a request for the rules. */
export interface CaseParts extends RequestParts {
  /** For a handler that reads method or target. Default `GET /`. List credentials in it under `secrets`, too. */
  readonly line?: RequestLine | undefined;
}

const caseParts: option.Check<CaseParts> = option.plainObject as option.Check<CaseParts>;

/** A misspelt or missing list is refused: its rules would have nothing to try. */
export const HANDLER_CASES = option.table('HandlerCases', {
  /** Carry a credential that is good. At least one. */
  accepted: option.listOf(caseParts),
  /** Carry a credential of this handler that is not good. At least one. */
  refused: option.listOf(caseParts),
  /** Carry credentials of other handlers. The rules add some of their own. */
  foreign: option.optional(option.listOf(caseParts)),
  /** Make the handler ask a dependency that fails. Needed together with `stalled`. */
  unavailable: option.optional(option.listOf(caseParts)),
  /** Makes the handler ask a dependency that never answers. Needed when `verify` returns promises. */
  stalled: option.optional(caseParts),
  /**
   * Other texts that must not be printed, such as client secrets and keys. The credentials of these requests are known.
   */
  secrets: option.optional(option.listOf(option.text)),
});

/** Requests for one handler, by their expected outcome. */
export interface HandlerCases extends option.Given<typeof HANDLER_CASES> {}

export function requestOf({ line, ...parts }: CaseParts): SecurityRequest {
  return buildRequest(line, parts);
}

/** A handler and its requests, for one rule. */
export interface Subject {
  readonly factory: HandlerFactory;
  readonly cases: HandlerCases;
}

export interface NamedParts {
  readonly label: string;
  readonly parts: CaseParts;
}

export function labelled(kind: string, list: readonly CaseParts[] | undefined): readonly NamedParts[] {
  return (list ?? []).map((parts, index) => ({ label: `${kind}[${index}]`, parts }));
}

/** The cases that get an answer in the end: all but `stalled` and `foreign`. */
export function answeredCases({ accepted, refused, unavailable }: HandlerCases): readonly NamedParts[] {
  return [...labelled('accepted', accepted), ...labelled('refused', refused), ...labelled('unavailable', unavailable)];
}

/** The cases that carry a credential of the handler: all but `foreign`. */
export function ownCases(cases: HandlerCases): readonly NamedParts[] {
  const { stalled } = cases;
  return stalled === undefined ? answeredCases(cases) : [...answeredCases(cases), { label: 'stalled', parts: stalled }];
}

/** Shorter values occur in output by chance. */
const LEAST_LENGTH = 8;

/** A text that must not be printed, and whose it is. */
export interface NamedSecret {
  readonly owner: string;
  readonly text: string;
}

/** The credentials of requests in every form in which they are sent, and other secrets. */
export function secretsIn(sent: readonly NamedParts[], others: readonly string[] = []): readonly NamedSecret[] {
  const carried = sent.flatMap(({ label, parts }) =>
    [
      parts.bearer,
      parts.basic?.[1],
      ...Object.values(parts.cookies ?? {}),
      ...linesOf(parts).map(([, value]) => value.replace(/^[A-Za-z]+ /, '')),
    ].map((text) => ({ owner: `a credential of ${label}`, text: text ?? '' })),
  );
  const listed = others.map((text, index) => ({ owner: `secrets[${index}]`, text }));
  return [...carried, ...listed].filter(({ text }) => text.length >= LEAST_LENGTH);
}

/** What a handler must not show. */
export function secretsOf(cases: HandlerCases): readonly NamedSecret[] {
  return secretsIn(ownCases(cases), cases.secrets);
}

export function expectNoSecret(secrets: readonly NamedSecret[], place: string, text: string): void {
  const found = secrets.find((secret) => text.includes(secret.text));
  expectRule(found === undefined, `${place} shows ${found?.owner}`);
}
