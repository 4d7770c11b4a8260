import { inspect } from 'node:util';
import { SecurityChain } from '../../chain/chain.js';
import type { Eventually } from '../../clock/eventually.js';
import { isGuardVerdict } from '../../guard/guard.js';
import type { SecurityHandler } from '../../handler/handler.js';
import * as option from '../../options/options.js';
import { createPrincipal } from '../../principal/principal.js';
import { challenge } from '../../verdict/challenge.js';
import { authenticated } from '../../verdict/verdict.js';
import { linesOf } from '../build-request.js';
import { expectNoneUnhandled, toldError, toldVerdict, within } from './call-result.js';
import {
  answeredGuardCases,
  askedOf,
  checkedGuardCases,
  type GuardCase,
  type GuardCases,
  type GuardFactory,
  type GuardSubject,
  guardOf,
  guardRequestOf,
} from './guard-cases.js';
import { expectNoSecret, type NamedSecret, secretsIn } from './handler-cases.js';
import { expectRule, type Rule, type RuleRow, shown } from './rule.js';
import { printedBy, unhandledRejectionsOf } from './side-effects.js';

const RULES: readonly RuleRow<GuardSubject>[] = [
  ['one-name', 'has one name, the same at every look', hasOneName],
  ['one-verdict', 'comes to the verdict that is expected, and abstains where it has no opinion', comesToOneVerdict],
  ['never-throws', 'check() never throws, never rejects and returns verdicts only, whoever asks', neverThrows],
  ['no-request-state', 'keeps nothing of a request', keepsNothingOfARequest],
  ['ends-with-request', 'answers at once, or ends with its request: honours abort and deadline', endsWithItsRequest],
  ['no-unhandled-rejection', 'leaves no rejected promise to itself', looksAfterItsPromises],
  ['no-secret-shown', 'shows no credential in verdicts, errors, output or itself', tellsNoSecret],
];

/**
 * The rules that every guard has to keep. Run each as a test of its own:
 * `for (const { title, check } of guardRules(factory, cases)) test(title, check)`. Each rule asks a fresh guard once
 * for each case, so that a guard that counts can be tried, too.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID when the factory is no function
 * @example
 * const cases = { permitted: [{ principal: admin }], refused: [{ principal: createPrincipal({ subject: 'mallory' }) }] };
 * for (const { title, check } of guardRules(() => requireRoles('admin'), cases)) test(title, check);
 */
export function guardRules(factory: GuardFactory, cases: GuardCases | (() => Eventually<GuardCases>)): readonly Rule[] {
  option.callable()(factory, 'the factory of guardRules()');
  const casesNow = async () => checkedGuardCases(typeof cases === 'function' ? await cases() : cases);
  return RULES.map(([id, title, check]) => ({
    id,
    title,
    check: async () => check({ factory, cases: await casesNow() }),
  }));
}

async function hasOneName(subject: GuardSubject): Promise<void> {
  const guards = [(await guardOf(subject)).guard, (await guardOf(subject)).guard];
  const names = [...guards, ...guards].map(({ name }) => name);
  expectRule(typeof names[0] === 'string' && names[0] !== '', `the name must be a text, and is ${shown(names[0])}`);
  const other = names.find((name) => name !== names[0]);
  expectRule(other === undefined, `the name must be the same at every look: ${names[0]}, then ${other}`);
}

function told(value: unknown): string {
  return isGuardVerdict(value) ? toldVerdict(value) : kindOf(value);
}

/** The part of a verdict that cases expect. All kinds of refusal count as one. */
function kindOf(value: unknown): string {
  if (!isGuardVerdict(value)) return `no verdict of a guard (${typeof value})`;
  const { kind } = value;
  return kind === 'permitted' || kind === 'abstained' || kind === 'unavailable' ? kind : 'refused';
}

async function comesToOneVerdict(subject: GuardSubject): Promise<void> {
  const { stalled, unavailable = [] } = subject.cases;
  const isJudged = stalled === undefined || unavailable.length > 0;
  expectRule(isJudged, 'the guard asks somebody, so the cases need an `unavailable` request');
  const { guard } = await guardOf(subject);
  for (const { label, expected, asked } of answeredGuardCases(subject.cases)) {
    const result = await askedOf(guard, asked).settled;
    expectRule(result.kind !== 'pending', `${label}: there was no verdict`);
    if (result.kind !== 'returned' || !isGuardVerdict(result.value)) continue;
    const kind = kindOf(result.value);
    expectRule(kind === expected, `${label}: the verdict was ${told(result.value)}, not ${expected}`);
  }
}

const ODD_NAMES = ['__proto__', 'constructor', 'toString', '*', 'x'.repeat(10_000)];

/** Principals and requests that guards rarely meet, but that attackers may send. */
const ODD: readonly GuardCase[] = [
  {},
  { principal: createPrincipal({ subject: 'x' }) },
  { principal: createPrincipal({ subject: '__proto__', scopes: ODD_NAMES, roles: ODD_NAMES, audience: ODD_NAMES }) },
  { principal: createPrincipal({ kind: 'client', subject: 'x'.repeat(10_000), clientId: '__proto__' }) },
  { principal: createPrincipal({ subject: 'x', claims: { a: null, b: [], c: { d: {} }, roles: 'none' } }) },
  { line: 'OPTIONS *' },
  { line: 'GET /%zz?%zz=%&&=&a=1&a=2' },
  { headers: { Authorization: ['', 'Bearer'], Cookie: ['=;;=', 'a'], 'X-Forwarded-For': 'unknown' } },
];

async function neverThrows(subject: GuardSubject): Promise<void> {
  const { guard } = await guardOf(subject);
  const secrets = secretsOf(subject);
  const odd = ODD.map((asked, index) => ({ label: `odd[${index}]`, asked }));
  for (const { label, asked } of [...answeredGuardCases(subject.cases), ...odd]) {
    const result = await askedOf(guard, asked).settled;
    if (result.kind === 'threw') expectRule(false, `${label}: ${toldError('check()', result.error, secrets)}`);
    if (result.kind !== 'returned') continue;
    expectRule(isGuardVerdict(result.value), `${label}: check() returned ${told(result.value)}`);
  }
}

async function keepsNothingOfARequest(subject: GuardSubject): Promise<void> {
  const cases = answeredGuardCases(subject.cases);
  const { guard } = await guardOf(subject);
  const results = await Promise.all(cases.toReversed().map(({ asked }) => askedOf(guard, asked).settled));
  const { guard: other } = await guardOf(subject);
  for (const [index, { label, asked }] of cases.entries()) {
    const together = results[cases.length - 1 - index];
    const alone = await askedOf(other, asked).settled;
    if (together?.kind !== 'returned' || alone.kind !== 'returned') continue;
    const isSame = kindOf(together.value) === kindOf(alone.value);
    const came = `${told(together.value)}, alone to ${told(alone.value)}`;
    expectRule(isSame, `${label}: among other requests it came to ${came}`);
  }
}

/** Longer than any deadline of a chain. */
const LONG_AGO_SECONDS = 61;

async function endsWithItsRequest(subject: GuardSubject): Promise<void> {
  const { stalled } = subject.cases;
  if (stalled === undefined) return answersAtOnce(subject);
  const { guard, clock } = await guardOf(subject);
  const client = new AbortController();
  const request = guardRequestOf({ ...stalled, client: client.signal });
  // Reading `signal` starts to watch the client, as a chain does at its first wait.
  request.signal.throwIfAborted();
  const { settled, isLater } = askedOf(guard, stalled, request);
  expectRule(isLater, 'stalled: the guard answered at once; it has to ask somebody who never answers');
  client.abort();
  clock.pass(LONG_AGO_SECONDS);
  const { kind } = await settled;
  expectRule(kind !== 'pending', 'stalled: check() still waits after its request was aborted');
  await isUnavailableAtTheDeadline(subject, stalled);
}

async function isUnavailableAtTheDeadline(subject: GuardSubject, stalled: GuardCase): Promise<void> {
  const { guard, clock } = await guardOf(subject);
  const { principal = createPrincipal({ subject: 'somebody' }) } = stalled;
  const somebody: SecurityHandler<string> = {
    name: 'somebody',
    challenges: [challenge('Somebody')],
    source: { at: 'header:host' },
    extract: () => 'somebody',
    verify: () => authenticated(principal),
  };
  const chain = new SecurityChain({ requirement: somebody, guards: [guard] }, { clock });
  const deciding = Promise.resolve(chain.decide(guardRequestOf(stalled)));
  clock.pass(LONG_AGO_SECONDS);
  const decision = await within(deciding, undefined);
  expectRule(decision?.kind === 'denied', 'stalled: there was no refusal at the deadline');
  const { status, reason } = decision;
  expectRule(status === 503, `stalled: the refusal at the deadline was ${status} (${reason}), not 503`);
}

async function answersAtOnce(subject: GuardSubject): Promise<void> {
  const { guard } = await guardOf(subject);
  for (const { label, asked } of answeredGuardCases(subject.cases)) {
    const { isLater, settled } = askedOf(guard, asked);
    await settled;
    expectRule(!isLater, `${label}: check() waits for something, so the cases need a \`stalled\` request`);
  }
}

async function looksAfterItsPromises(subject: GuardSubject): Promise<void> {
  const reasons = await unhandledRejectionsOf(async () => {
    const { guard } = await guardOf(subject);
    for (const { asked } of answeredGuardCases(subject.cases)) {
      const client = new AbortController();
      const left = askedOf(guard, asked, guardRequestOf({ ...asked, client: client.signal }));
      client.abort();
      await left.settled;
    }
  });
  expectNoneUnhandled(reasons, secretsOf(subject));
}

const EVERYTHING = { depth: 12, showHidden: true, maxArrayLength: null, maxStringLength: null };

/** Sent with the requests of cases that carry no credential, so that there is something to show. */
const CREDENTIAL = 'credential-of-the-rules';

function withCredential(asked: GuardCase): GuardCase {
  const isSent = linesOf(asked).some(([name]) => name.toLowerCase() === 'authorization');
  return isSent ? asked : { ...asked, bearer: CREDENTIAL };
}

function casesWithCredentials({ cases }: GuardSubject): readonly { label: string; parts: GuardCase }[] {
  return answeredGuardCases(cases).map(({ label, asked }) => ({ label, parts: withCredential(asked) }));
}

function secretsOf(subject: GuardSubject): readonly NamedSecret[] {
  return secretsIn(casesWithCredentials(subject), subject.cases.secrets);
}

async function tellsNoSecret(subject: GuardSubject): Promise<void> {
  const cases = casesWithCredentials(subject);
  const secrets = secretsOf(subject);
  const look = (place: string, text: string) => expectNoSecret(secrets, place, text);
  const printed = await printedBy(async () => {
    const { guard } = await guardOf(subject);
    for (const { label, parts } of cases) {
      const result = await askedOf(guard, parts).settled;
      if (result.kind === 'threw') look(`${label}: the error`, inspect(result.error, EVERYTHING));
      if (result.kind === 'returned') look(`${label}: the verdict`, inspect(result.value, EVERYTHING));
    }
    look('the guard itself', inspect(guard, EVERYTHING));
  });
  look('the output', printed);
}
