import type { Eventually } from '../../clock/eventually.js';
import type { OnceStore } from '../../stores/once-store.js';
import { expectRule, type Rule, type RuleRow, shown } from './rule.js';
import { type StoreUnderTest, storeRules } from './store-under-test.js';

type Subject = StoreUnderTest<OnceStore>;

const TTL_SECONDS = 600;
/** A real store loses a little time between two calls. */
const LOST_SECONDS = 5;
const CROWD = 50;

const RULES: readonly RuleRow<Subject>[] = [
  ['first-time-only', 'the first mark of a key is true, every later one false', marksOnce],
  ['keys-apart', 'keys are marked apart, also when one begins like another or differs in case', marksKeysApart],
  ['lasts-its-time', 'a mark lasts as long as was asked, and no later mark prolongs it', lastsItsTime],
  ['times-apart', 'each mark has a time of its own, also the shortest and the longest', keepsTimesApart],
  ['one-wins', 'of many marks of one key at once, exactly one is true', letsOneWin],
  ['none-forgotten', 'marks of others, in any number, forget none', forgetsNone],
];

/**
 * The rules that every `OnceStore` has to keep. Run each as a test of its own:
 * `for (const { title, check } of onceStoreRules(open)) test(title, check)`. `open` makes an empty store for each rule, with
 * room for 300 marks. The rules let 10 minutes pass; a store whose clock cannot be set takes them off the times that it keeps.
 * That a store which cannot answer must throw is yours to test: only you can take its database away.
 * @example
 * const rules = onceStoreRules(() => {
 *   const clock = new ManualClock();
 *   return { store: new MemoryOnceStore({}, { clock }), pass: (milliseconds) => clock.pass(milliseconds / 1_000) };
 * });
 * for (const { title, check } of rules) test(title, check);
 */
export function onceStoreRules(open: () => Eventually<Subject>): readonly Rule[] {
  return storeRules(['mark'], RULES, open);
}

async function expectMark({ store }: Subject, key: string, isFirst: boolean, what: string, ttl = TTL_SECONDS) {
  const answer: unknown = await store.mark(key, ttl);
  const call = `mark(${shown(key)}, ${ttl})`;
  expectRule(answer === isFirst, `${what}: ${call} returned ${shown(answer)}, not ${isFirst}`);
}

async function marksOnce(subject: Subject): Promise<void> {
  await expectMark(subject, 'key', true, 'the first time');
  await expectMark(subject, 'key', false, 'the second time');
  await expectMark(subject, 'key', false, 'the third time');
}

async function marksKeysApart(subject: Subject): Promise<void> {
  for (const key of ['key', 'key2', 'ke', 'KEY', 'key ', 'kéy', 'key:1', 'key/1']) {
    await expectMark(subject, key, true, 'a key that is like another');
  }
}

async function lastsItsTime(subject: Subject): Promise<void> {
  await expectMark(subject, 'key', true, 'the first time');
  await subject.pass((TTL_SECONDS - LOST_SECONDS) * 1_000);
  await expectMark(subject, 'key', false, `${LOST_SECONDS} seconds before its end`);
  await subject.pass(LOST_SECONDS * 1_000);
  await expectMark(subject, 'key', true, 'after its end');
  await expectMark(subject, 'key', false, 'marked anew');
}

async function keepsTimesApart(subject: Subject): Promise<void> {
  await expectMark(subject, 'short', true, 'a short mark', 1);
  await expectMark(subject, 'long', true, 'a long mark', 86_400);
  await subject.pass(TTL_SECONDS * 1_000);
  await expectMark(subject, 'short', true, 'after the end of a short mark', 1);
  await expectMark(subject, 'long', false, 'before the end of a long mark', 86_400);
}

async function letsOneWin({ store }: Subject): Promise<void> {
  const answers = await Promise.all(Array.from({ length: CROWD }, async () => store.mark('key', TTL_SECONDS)));
  const winners = answers.filter((answer) => answer).length;
  expectRule(winners === 1, `of ${CROWD} marks at once, ${winners} were true`);
}

async function forgetsNone(subject: Subject): Promise<void> {
  const keys = Array.from({ length: CROWD }, (_, index) => `key ${index}`);
  for (const key of keys) await expectMark(subject, key, true, 'a new key');
  for (const key of keys) await expectMark(subject, key, false, 'an old key among many');
}
