import type { Eventually } from '../../clock/eventually.js';
import type { CounterStore } from '../../stores/counter-store.js';
import { expectRule, type Rule, type RuleRow, shown } from './rule.js';
import { type StoreUnderTest, storeRules } from './store-under-test.js';

type Subject = StoreUnderTest<CounterStore>;

const WINDOW_SECONDS = 900;
/** A real store loses a little time between two calls. */
const LOST_SECONDS = 5;

const RULES: readonly RuleRow<Subject>[] = [
  ['unknown-is-undefined', 'an unknown key has no count', knowsWhatItHasNot],
  ['counts-up', 'counts add up, and what add() returns is what get() returns', countsUp],
  ['keys-apart', 'keys are counted apart', countsKeysApart],
  ['window-stays', 'the first count opens the window, later ones do not prolong it', opensOneWindow],
  ['windows-apart', 'each key may have a window of its own', keepsWindowsApart],
  ['resets', 'a reset forgets the count of one key, and that of an unknown one is no error', resets],
  ['amounts', 'an amount is added at once, and an amount of 1 where none is given', addsAmounts],
  ['most', 'what would be above the most is not added, and the returned count says so', addsNoMoreThanMost],
  ['most-at-once', 'of many at once, never more are added than the most allows', keepsToMostAtOnce],
  ['many-at-once', 'none is lost among many at once', losesNone],
];

/**
 * The rules that every `CounterStore` has to keep. Run each as a test of its own:
 * `for (const { title, check } of counterStoreRules(open)) test(title, check)`. `open` makes an empty store for each
 * rule. The rules let 15 minutes pass; a store whose clock cannot be set takes them off the windows that it keeps.
 * @example
 * const rules = counterStoreRules(() => {
 *   const clock = new ManualClock();
 *   return { store: new MemoryCounterStore({}, { clock }), pass: (milliseconds) => clock.pass(milliseconds / 1_000) };
 * });
 * for (const { title, check } of rules) test(title, check);
 */
export function counterStoreRules(open: () => Eventually<Subject>): readonly Rule[] {
  return storeRules(['get', 'add', 'reset'], RULES, open);
}

function expectCount(count: unknown, value: number, seconds: number, what: string): void {
  const { value: counted, endsInMs } = (count ?? {}) as { value?: unknown; endsInMs?: unknown };
  expectRule(counted === value, `${what}: the count is ${shown(count)}, not ${value}`);
  const isInTime =
    typeof endsInMs === 'number' && endsInMs > (seconds - LOST_SECONDS) * 1_000 && endsInMs <= seconds * 1_000;
  expectRule(isInTime, `${what}: the window ends in ${String(endsInMs)} ms, not in ${seconds} seconds`);
}

async function expectNone({ store }: Subject, key: string, what: string): Promise<void> {
  const found: unknown = await store.get(key);
  expectRule(found === undefined, `${what}: get(${shown(key)}) returned ${shown(found)}, not undefined`);
}

async function knowsWhatItHasNot(subject: Subject): Promise<void> {
  await expectNone(subject, 'unknown', 'an unknown key');
}

async function countsUp({ store }: Subject): Promise<void> {
  for (let value = 1; value <= 5; value += 1) {
    expectCount(await store.add('key', WINDOW_SECONDS), value, WINDOW_SECONDS, 'add()');
    expectCount(await store.get('key'), value, WINDOW_SECONDS, 'get()');
  }
}

async function countsKeysApart({ store }: Subject): Promise<void> {
  await store.add('key', WINDOW_SECONDS);
  await store.add('key2', WINDOW_SECONDS);
  expectCount(await store.add('key', WINDOW_SECONDS), 2, WINDOW_SECONDS, 'a key');
  expectCount(await store.get('key2'), 1, WINDOW_SECONDS, 'a key that begins alike');
}

async function opensOneWindow(subject: Subject): Promise<void> {
  const { store } = subject;
  await store.add('key', WINDOW_SECONDS);
  await subject.pass(600_000);
  expectCount(await store.add('key', WINDOW_SECONDS), 2, 300, 'after 10 of 15 minutes');
  await subject.pass(300_000);
  await expectNone(subject, 'key', 'after 15 of 15 minutes');
  expectCount(await store.add('key', WINDOW_SECONDS), 1, WINDOW_SECONDS, 'in the next window');
}

async function keepsWindowsApart({ store }: Subject): Promise<void> {
  expectCount(await store.add('short', 60), 1, 60, 'a short window');
  expectCount(await store.add('long', 86_400), 1, 86_400, 'a long window');
}

async function resets(subject: Subject): Promise<void> {
  const { store } = subject;
  await store.add('key', WINDOW_SECONDS);
  await store.add('other', WINDOW_SECONDS);
  await store.reset('key');
  await store.reset('unknown');
  await expectNone(subject, 'key', 'after its reset');
  await expectNone(subject, 'unknown', 'after the reset of an unknown key');
  expectCount(await store.get('other'), 1, WINDOW_SECONDS, 'beside a reset');
  expectCount(await store.add('key', WINDOW_SECONDS), 1, WINDOW_SECONDS, 'counted anew after its reset');
}

async function losesNone({ store }: Subject): Promise<void> {
  await Promise.all(Array.from({ length: 200 }, () => store.add('key', WINDOW_SECONDS)));
  expectCount(await store.get('key'), 200, WINDOW_SECONDS, '200 at once');
}

async function addsAmounts({ store }: Subject): Promise<void> {
  expectCount(await store.add('key', WINDOW_SECONDS, 7), 7, WINDOW_SECONDS, 'an amount of 7');
  expectCount(await store.add('key', WINDOW_SECONDS), 8, WINDOW_SECONDS, 'and 1');
  expectCount(await store.add('key', WINDOW_SECONDS, 5, 100), 13, WINDOW_SECONDS, 'and 5');
  expectCount(await store.get('key'), 13, WINDOW_SECONDS, 'get()');
}

async function addsNoMoreThanMost({ store }: Subject): Promise<void> {
  expectCount(await store.add('key', WINDOW_SECONDS, 8, 10), 8, WINDOW_SECONDS, '8 of 10');
  expectCount(await store.add('key', WINDOW_SECONDS, 3, 10), 11, WINDOW_SECONDS, '3 more, which are too many');
  expectCount(await store.get('key'), 8, WINDOW_SECONDS, 'after what was too much');
  expectCount(await store.add('key', WINDOW_SECONDS, 2, 10), 10, WINDOW_SECONDS, '2 more, which are not');
  const { value } = await store.add('unknown', WINDOW_SECONDS, 11, 10);
  expectRule(value === 11, `11 of 10 on an unknown key: the count is ${shown(value)}, not 11`);
}

async function keepsToMostAtOnce({ store }: Subject): Promise<void> {
  const counts = await Promise.all(Array.from({ length: 60 }, () => store.add('key', WINDOW_SECONDS, 1, 50)));
  const added = counts.filter(({ value }) => value <= 50).length;
  expectRule(added <= 50, `60 at once with a most of 50: ${added} were added`);
  expectRule(added > 0, '60 at once with a most of 50: none was added');
}
