import { AssertionError } from 'node:assert';
import * as option from '../options/options.js';
import type { Answer } from './ask.js';

/** The result of a matcher, in the form that `expect.extend` needs. */
export interface MatcherResult {
  readonly pass: boolean;
  readonly message: () => string;
}

export const EXPECTED_REFUSAL = option.table('ExpectedRefusal', {
  /** The stable reason code. */
  reason: option.optional(option.text),
  /** The scheme of a challenge that must be there. */
  challenge: option.optional(option.text),
});

/** Expectations of a refusal besides its status; all are optional. */
export interface ExpectedRefusal extends option.Given<typeof EXPECTED_REFUSAL> {}

function toBeGrantedTo(answer: Answer, subject: string): MatcherResult {
  checkAnswer(answer);
  option.text(subject, 'the subject of toBeGrantedTo()');
  return result(answer, answer.principal?.subject === subject, `granted to ${JSON.stringify(subject)}`);
}

function toBeRefusedWith(answer: Answer, status: number, expected: ExpectedRefusal = {}): MatcherResult {
  checkAnswer(answer);
  if (typeof status !== 'number') throw new TypeError('toBeRefusedWith() needs the status that is expected');
  const { reason, challenge } = EXPECTED_REFUSAL(expected);
  const isReason = reason === undefined || answer.reason === reason;
  const schemes = answer.challenges.map((line) => line.split(' ', 1)[0]?.toLowerCase());
  const isChallenged = challenge === undefined || schemes.includes(challenge.toLowerCase());
  const isRefused = answer.principal === undefined && answer.status === status;
  const wanted = [`refused with ${status}`, reason && `reason ${reason}`, challenge && `a ${challenge} challenge`];
  return result(answer, isRefused && isReason && isChallenged, wanted.filter(Boolean).join(', '));
}

/** Throws instead of failing the matcher: behind `.not` a matcher that fails would pass. */
function checkAnswer(answer: unknown): asserts answer is Answer {
  if (answer instanceof Promise) throw new TypeError('the answer is a promise still: await ask(...) first');
  const { challenges, event } = (answer ?? {}) as Partial<Answer>;
  if (!Array.isArray(challenges) || event === undefined) throw new TypeError('what is looked at is no answer of ask()');
}

/**
 * For Jest and Vitest: `expect.extend(securityMatchers)`, then `expect(answer).toBeGrantedTo('alice')`.
 * @example
 * expect.extend(securityMatchers);
 */
export const securityMatchers: {
  readonly toBeGrantedTo: typeof toBeGrantedTo;
  readonly toBeRefusedWith: typeof toBeRefusedWith;
} = { toBeGrantedTo, toBeRefusedWith };

/**
 * The same without a test runner: throws an `AssertionError`.
 * @example
 * assertThat(await ask(chain, 'GET /orders', { bearer: token })).toBeGrantedTo('alice');
 * assertThat(await ask(chain, 'GET /orders')).toBeRefusedWith(401, { reason: 'credentials_missing' });
 */
export function assertThat(answer: Answer): {
  toBeGrantedTo(subject: string): void;
  toBeRefusedWith(status: number, expected?: ExpectedRefusal): void;
} {
  return {
    toBeGrantedTo: (subject) => assertPass(toBeGrantedTo(answer, subject)),
    toBeRefusedWith: (status, expected) => assertPass(toBeRefusedWith(answer, status, expected)),
  };
}

function assertPass({ pass, message }: MatcherResult): void {
  if (!pass) throw new AssertionError({ message: message(), stackStartFn: assertPass });
}

function result(answer: Answer, pass: boolean, wanted: string): MatcherResult {
  return { pass, message: () => `expected the request ${pass ? 'not ' : ''}to be ${wanted}; it was ${told(answer)}` };
}

/** Lists the handlers with their verdicts. A trace holds no credential, so it can be shown. */
function told({ status, principal, reason, challenges, event }: Answer): string {
  const outcome = principal
    ? `granted to ${JSON.stringify(principal.subject)}`
    : `refused with ${status}, reason ${reason}`;
  const steps = event.steps.map(
    ({ handler, verdict, reason: why }) => `${handler}: ${verdict}${why ? ` (${why})` : ''}`,
  );
  const fault = event.fault && `bug in ${event.fault.culprit}: ${event.fault.name} ${event.fault.frames[0] ?? ''}`;
  return [outcome, ...challenges, ...steps, fault].filter(Boolean).join('; ');
}
