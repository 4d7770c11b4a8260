import { SecurityChain } from '../../chain/chain.js';
import { provesBody, type SecurityHandler } from '../../handler/handler.js';
import { isVerdict, type Verdict } from '../../verdict/verdict.js';
import { bodyOf } from '../build-request.js';
import {
  begin,
  expectNoneUnhandled,
  extracted,
  resultOf,
  toldError,
  toldVerdict,
  UNFIT,
  withHandler,
  within,
} from './call-result.js';
import { hostileRequests } from './extract-rules.js';
import { answeredCases, type CaseParts, labelled, requestOf, type Subject, secretsOf } from './handler-cases.js';
import { expectRule } from './rule.js';
import { unhandledRejectionsOf } from './side-effects.js';

export async function comesToOneVerdict(subject: Subject): Promise<void> {
  const { accepted, refused } = subject.cases;
  expectRule(accepted.length > 0 && refused.length > 0, 'the cases need an accepted and a refused request');
  await withHandler(subject, async (handler) => {
    for (const { label, parts } of answeredCases(subject.cases)) {
      const result = await resultOf(handler, parts);
      expectRule(result.kind !== 'not_taken', `${label}: the handler did not take its credential`);
      expectRule(result.kind !== 'pending', `${label}: there was no verdict`);
      if (result.kind !== 'returned') continue;
      const { value } = result;
      expectRule(isVerdict(value), `${label}: verify() returned ${typeof value}, and no verdict of a constructor`);
      const isGood = label.startsWith('accepted');
      expectRule((value.kind === 'authenticated') === isGood, `${label}: the verdict was ${toldVerdict(value)}`);
      const isOutage = value.kind === 'unavailable' && label.startsWith('refused');
      expectRule(!isOutage, `${label}: nobody was refused, because the verdict was ${toldVerdict(value)}`);
      expectRule(!provesNobody(value), `${label}: the principal is nobody; a handler proves somebody`);
    }
    for (const { label, parts } of hostileRequests(handler)) {
      const result = await resultOf(handler, parts);
      const verdict = result.kind === 'returned' && isVerdict(result.value) ? result.value : undefined;
      expectRule(verdict?.kind !== 'authenticated', `${label}: the verdict was authenticated`);
    }
  });
}

function provesNobody(verdict: Verdict): boolean {
  return verdict.kind === 'authenticated' && verdict.principal.kind === 'anonymous';
}

export async function neverThrows(subject: Subject): Promise<void> {
  await withHandler(subject, async (handler) => {
    for (const { label, parts } of [...answeredCases(subject.cases), ...hostileRequests(handler)]) {
      const result = await resultOf(handler, parts);
      if (result.kind !== 'threw') continue;
      expectRule(false, `${label}: ${toldError('verify()', result.error, secretsOf(subject.cases))}`);
    }
  });
}

export async function bindsItsProofToTheBody(subject: Subject): Promise<void> {
  await overEachBody(subject, async (handler, label, parts) => {
    for (const [how, body] of otherBodies(parts)) {
      const result = await resultOf(handler, { ...parts, body });
      const verdict = result.kind === 'returned' && isVerdict(result.value) ? result.value : undefined;
      expectRule(verdict?.kind !== 'authenticated', `${label}: with a body ${how}, the verdict was authenticated`);
    }
  });
}

export async function leavesBodiesAlone(subject: Subject): Promise<void> {
  await overEachBody(subject, async (handler, label, parts) => {
    for (const body of [parts.body ?? '', ...otherBodies(parts).map(([, other]) => other)]) {
      const request = requestOf({ ...parts, body });
      await begin(handler, request).settled;
      expectRule(bodyOf(request).equals(Buffer.from(body)), `${label}: verifyBody() changed the bytes of the body`);
    }
  });
}

async function overEachBody(
  subject: Subject,
  task: (handler: SecurityHandler, label: string, parts: CaseParts) => Promise<void>,
): Promise<void> {
  await withHandler(subject, async (handler) => {
    if (!provesBody(handler)) return;
    for (const { label, parts } of labelled('accepted', subject.cases.accepted)) await task(handler, label, parts);
  });
}

/** What is not what was signed. */
function otherBodies({ body = '' }: CaseParts): readonly (readonly [how: string, body: Uint8Array])[] {
  const bytes = Buffer.from(body);
  const longer = ['of one byte more', Buffer.concat([bytes, Buffer.of(0)])] as const;
  if (bytes.length === 0) return [longer];
  const other = Buffer.from(bytes);
  other[other.length - 1] = (other.at(-1) as number) ^ 1;
  return [
    longer,
    ['whose last byte is another', other],
    ['without a byte', bytes.subarray(1)],
    ['of no bytes', Buffer.of()],
  ];
}

const ROUNDS = 3;

export async function keepsNothingOfARequest(subject: Subject): Promise<void> {
  const alone = new Map<string, string>();
  const cases = [...labelled('accepted', subject.cases.accepted), ...labelled('refused', subject.cases.refused)];
  for (const { label, parts } of cases) {
    await withHandler(subject, async (handler) => {
      alone.set(label, partyOf(await resultOf(handler, parts)));
    });
  }
  await withHandler(subject, async (handler) => {
    const rounds = Array.from({ length: ROUNDS }, (_, round) => (round % 2 === 0 ? cases : cases.toReversed())).flat();
    const together = await Promise.all(rounds.map(async ({ parts }) => partyOf(await resultOf(handler, parts))));
    rounds.forEach(({ label }, index) => {
      const [came, expected] = [together[index], alone.get(label)];
      const whose = [...alone].find(([, party]) => party === came)?.[0];
      const told = came === NOBODY ? came : `the party of ${whose ?? 'no case'}`;
      expectRule(came === expected, `${label}: among other requests it came to ${told}, alone to another`);
    });
  });
}

const NOBODY = 'nobody';

function partyOf(result: Awaited<ReturnType<typeof resultOf>>): string {
  const verdict = result.kind === 'returned' && isVerdict(result.value) ? result.value : undefined;
  if (verdict?.kind !== 'authenticated') return NOBODY;
  return JSON.stringify([verdict.principal.issuer, verdict.principal.subject]);
}

/** Longer than any deadline of a chain. */
const LONG_AGO_SECONDS = 61;

export async function endsWithItsRequest(subject: Subject): Promise<void> {
  const { stalled } = subject.cases;
  if (stalled === undefined) return answersAtOnce(subject);
  await withHandler(subject, async (handler, clock) => {
    const client = new AbortController();
    const request = requestOf({ ...stalled, client: client.signal });
    // Reading `signal` starts to watch the client, as a chain does at its first wait.
    request.signal.throwIfAborted();
    if (extracted(handler, request) === UNFIT) return;
    const { settled, isLater } = begin(handler, request);
    if (!isLater) {
      const result = await settled;
      expectRule(result.kind !== 'not_taken', 'stalled: the handler did not take its credential');
      expectRule(false, 'stalled: the handler answered at once; it has to ask somebody who never answers');
    }
    client.abort();
    clock.pass(LONG_AGO_SECONDS);
    const result = await settled;
    expectRule(result.kind !== 'pending', 'stalled: verify() still waits after its request was aborted');
  });
  await withHandler(subject, async (handler, clock) => {
    if (extracted(handler, requestOf(stalled)) === UNFIT) return;
    const chain = new SecurityChain({ requirement: handler }, { clock });
    const deciding = Promise.resolve(chain.decide(requestOf(stalled)));
    clock.pass(LONG_AGO_SECONDS);
    const decision = await within(deciding, undefined);
    expectRule(decision?.kind === 'denied', 'stalled: there was no refusal at the deadline');
    const { status, reason } = decision;
    expectRule(status === 503, `stalled: the refusal at the deadline was ${status} (${reason}), not 503`);
  });
}

async function answersAtOnce(subject: Subject): Promise<void> {
  await withHandler(subject, async (handler) => {
    for (const { label, parts } of answeredCases(subject.cases)) {
      const { isLater, settled } = begin(handler, requestOf(parts));
      await settled;
      expectRule(!isLater, `${label}: verify() waits for something, so the cases need a \`stalled\` request`);
    }
  });
}

export async function tellsAnOutageFromARefusal(subject: Subject): Promise<void> {
  const { stalled, unavailable = [] } = subject.cases;
  const isJudged = stalled === undefined || unavailable.length > 0;
  expectRule(isJudged, 'the handler asks somebody, so the cases need an `unavailable` request');
  await withHandler(subject, async (handler) => {
    for (const { label, parts } of labelled('unavailable', subject.cases.unavailable)) {
      const result = await resultOf(handler, parts);
      if (result.kind !== 'returned' || !isVerdict(result.value)) continue;
      expectUnavailable(label, result.value);
    }
  });
  if (stalled === undefined) return;
  await withHandler(subject, async (handler, clock) => {
    const client = new AbortController();
    const request = requestOf({ ...stalled, client: client.signal });
    request.signal.throwIfAborted();
    const { settled } = begin(handler, request);
    clock.pass(LONG_AGO_SECONDS);
    client.abort();
    const result = await settled;
    if (result.kind === 'returned' && isVerdict(result.value)) expectUnavailable('stalled', result.value);
  });
}

function expectUnavailable(label: string, verdict: Verdict): void {
  const told = `${label}: the verdict was ${toldVerdict(verdict)}`;
  expectRule(verdict.kind === 'unavailable', `${told}; nobody knows, so it is unavailable (503)`);
}

export async function looksAfterItsPromises(subject: Subject): Promise<void> {
  const reasons = await unhandledRejectionsOf(async () => {
    await withHandler(subject, async (handler) => {
      for (const { parts } of answeredCases(subject.cases)) {
        const client = new AbortController();
        const left = begin(handler, requestOf({ ...parts, client: client.signal }));
        client.abort();
        await Promise.all([left.settled, resultOf(handler, parts)]);
      }
    });
  });
  expectNoneUnhandled(reasons, secretsOf(subject.cases));
}
