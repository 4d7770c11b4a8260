import type { SecurityHandler } from '../../handler/handler.js';
import { ManualClock } from '../manual-clock.js';
import { madeBy, resultOf, startWith, toldError, within } from './call-result.js';
import { answeredCases, type Subject, secretsOf } from './handler-cases.js';
import { expectRule } from './rule.js';
import { leftOpenSince, openResources } from './side-effects.js';

export async function closesWhatItOpened(subject: Subject): Promise<void> {
  const before = openResources();
  await closeAfter(subject, async () => {});
  await closeAfter(subject, async (handler, clock) => startWith(clock, handler));
  await closeAfter(subject, async (handler, clock) => {
    await startWith(clock, handler);
    for (const { parts } of answeredCases(subject.cases)) await resultOf(handler, parts);
  });
  const left = await leftOpenSince(before);
  expectRule(left.length === 0, `after close() there is still open: ${left.join(', ')}`);
}

const ENDED = 'close() came to an end';

async function closeAfter(
  { factory, cases }: Subject,
  use: (handler: SecurityHandler, clock: ManualClock) => Promise<void>,
): Promise<void> {
  const clock = new ManualClock();
  const handler = await madeBy(factory, clock);
  await use(handler, clock);
  const closing = (async () => handler.close?.())();
  const end = await within(
    closing.then(
      () => ENDED,
      (error: unknown) => toldError('close()', error, secretsOf(cases)),
    ),
    'close() did not come to an end',
  );
  expectRule(end === ENDED, end);
  expectRule(clock.waiting === 0, `after close() the clock still has ${clock.waiting} tasks of the handler`);
}
