import type { Eventually } from '../../clock/eventually.js';
import type { CacheStore } from '../../stores/cache-store.js';
import { expectRule, type Rule, type RuleRow, shown } from './rule.js';
import { type StoreUnderTest, storeRules } from './store-under-test.js';

type Subject = StoreUnderTest<CacheStore>;

const LONG_MS = 60_000;
const SHORT_MS = 150;
/** The moment at which a short lifetime is over. */
const LATER_MS = 200;

/** Texts that a database may easily change. */
const AWKWARD: readonly (readonly [name: string, value: string])[] = [
  ['a space', ' '],
  ['NUL', '\u0000'],
  ['text beyond ASCII', 'ünï©ödé 🔐'],
  ['JSON', '{"a":"\\n"}'],
  ['a Redis reply', '\r\n$5\r\nhello\r\n'],
  ['20 000 characters', 'x'.repeat(20_000)],
];

const RULES: readonly RuleRow<Subject>[] = [
  ['unknown-is-undefined', 'get() of an unknown key is undefined', knowsWhatItHasNot],
  ['keeps-values', 'a value comes back as it was set, and from then on', keepsValues],
  ['keeps-any-text', 'any text comes back unchanged', keepsAnyText],
  ['last-value-counts', 'a later value replaces an earlier one', replacesValues],
  ['keys-apart', 'keys are apart, also when one begins like another or differs in case', keepsKeysApart],
  ['lifetime-ends', 'a value is gone when its lifetime is over', endsLifetimes],
  ['lifetime-anew', 'setting a value again sets its lifetime anew', setsLifetimesAnew],
  ['deletes', 'a deleted value is gone, and deleting an unknown one is no error', deletes],
  ['many-at-once', 'many at once do not get mixed up', keepsManyApart],
];

/**
 * The rules that every `CacheStore` has to keep. Run each as a test of its own:
 * `for (const { title, check } of cacheStoreRules(open)) test(title, check)`. `open` makes an empty store for each
 * rule.
 * @example
 * const rules = cacheStoreRules(() => {
 *   const clock = new ManualClock();
 *   return { store: new MemoryCacheStore({}, { clock }), pass: (milliseconds) => clock.pass(milliseconds / 1_000) };
 * });
 * for (const { title, check } of rules) test(title, check);
 */
export function cacheStoreRules(open: () => Eventually<Subject>): readonly Rule[] {
  return storeRules(['get', 'set', 'delete'], RULES, open);
}

async function expectValue({ store }: Subject, key: string, value: string | undefined, what: string): Promise<void> {
  const found: unknown = await store.get(key);
  if (found === value) return;
  const hint = found === null ? '; "nothing" is undefined' : '';
  expectRule(false, `${what}: get(${shown(key)}) returned ${shown(found)}, not ${shown(value)}${hint}`);
}

async function knowsWhatItHasNot(subject: Subject): Promise<void> {
  await expectValue(subject, 'unknown', undefined, 'an unknown key');
}

async function keepsValues(subject: Subject): Promise<void> {
  await subject.store.set('key', 'value', LONG_MS);
  await expectValue(subject, 'key', 'value', 'the first get()');
  await expectValue(subject, 'key', 'value', 'the second get()');
}

async function keepsAnyText(subject: Subject): Promise<void> {
  for (const [name, value] of AWKWARD) {
    await subject.store.set(name, value, LONG_MS);
    await expectValue(subject, name, value, name);
  }
}

async function replacesValues(subject: Subject): Promise<void> {
  await subject.store.set('key', 'first', LONG_MS);
  await subject.store.set('key', 'second', LONG_MS);
  await expectValue(subject, 'key', 'second', 'a value that was set twice');
}

async function keepsKeysApart(subject: Subject): Promise<void> {
  const keys = ['key', 'key ', 'KEY', 'keykey', 'k'];
  const textOf = (key: string) => `value ${keys.indexOf(key)}`;
  for (const key of keys) await subject.store.set(key, textOf(key), LONG_MS);
  for (const key of keys) await expectValue(subject, key, textOf(key), `the key "${key}" among others`);
}

async function endsLifetimes(subject: Subject): Promise<void> {
  await subject.store.set('short', 'value', SHORT_MS);
  await subject.store.set('long', 'value', LONG_MS);
  await subject.pass(LATER_MS);
  await expectValue(subject, 'short', undefined, `${LATER_MS} ms after set() with ${SHORT_MS} ms`);
  await expectValue(subject, 'long', 'value', `${LATER_MS} ms after set() with ${LONG_MS} ms`);
}

async function setsLifetimesAnew(subject: Subject): Promise<void> {
  await subject.store.set('shorter', 'value', LONG_MS);
  await subject.store.set('shorter', 'value', SHORT_MS);
  await subject.store.set('longer', 'value', SHORT_MS);
  await subject.store.set('longer', 'value', LONG_MS);
  await subject.pass(LATER_MS);
  await expectValue(subject, 'shorter', undefined, 'a value that was set again for a shorter time');
  await expectValue(subject, 'longer', 'value', 'a value that was set again for a longer time');
}

async function deletes(subject: Subject): Promise<void> {
  await subject.store.set('key', 'value', LONG_MS);
  await subject.store.set('other', 'value', LONG_MS);
  await subject.store.delete('key');
  await subject.store.delete('unknown');
  await expectValue(subject, 'key', undefined, 'a deleted key');
  await expectValue(subject, 'other', 'value', 'a key beside a deleted one');
}

async function keepsManyApart(subject: Subject): Promise<void> {
  const keys = Array.from({ length: 500 }, (_, index) => `key ${index}`);
  await Promise.all(keys.map((key) => subject.store.set(key, `of ${key}`, LONG_MS)));
  await Promise.all(keys.map((key) => expectValue(subject, key, `of ${key}`, 'one of 500 keys that were set at once')));
}
