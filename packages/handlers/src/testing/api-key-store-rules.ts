import { isDeepStrictEqual } from 'node:util';
import type { Eventually } from '@sallyport/core/extend';
import { expectRule, type Rule, type RuleRow, type StoreUnderTest, storeRules } from '@sallyport/core/testing';
import type { ApiKeyRecord } from '../api-key/stores/api-key-record.js';
import type { ApiKeyStore } from '../api-key/stores/api-key-store.js';
import { FULL, ID, recordOf } from './api-key-records.js';

/** The store, and its `changes` as a method: rules see methods alone. */
interface Asked extends Omit<ApiKeyStore, 'changes'> {
  changes(): number | undefined;
}

type Subject = StoreUnderTest<Asked>;

const CROWD = 20;
const METHODS = ['find', 'create', 'replace', 'delete', 'list', 'noteUse'] as const;

const RULES: readonly RuleRow<Subject>[] = [
  ['unknown-is-nothing', 'find() of an unknown id is undefined or null', knowsWhatItHasNot],
  ['keeps-records', 'a record comes back as it was created, with every member', keepsRecords],
  ['ids-apart', 'ids are apart, also when they differ in case alone', keepsIdsApart],
  ['creates-once', 'create() of an id that is taken is false, and changes nothing', createsOnce],
  ['one-creates', 'of many that create one id at once, exactly one does', letsOneCreate],
  ['replaces', 'replace() with the next revision is true, and takes effect', replaces],
  [
    'replaces-its-revision',
    'replace() with any other revision, or of an unknown id, is false and changes nothing',
    refusesRevisions,
  ],
  ['one-replaces', 'of many that replace one revision at once, exactly one does', letsOneReplace],
  ['notes-use', 'noteUse() is seen, never sets the time back, and makes no record', notesUse],
  ['use-outlives', 'replace() keeps the time of the last use', keepsUse],
  ['deletes', 'delete() is true once, and leaves all others', deletes],
  ['lists-all', 'list() has every record once', listsAll],
  [
    'tells-changes',
    'changes, if there are any, grow with replace() and delete(), and not with noteUse()',
    tellsChanges,
  ],
];

/**
 * The rules that every `ApiKeyStore` has to keep. Run each as a test of its own:
 * `for (const { title, check } of apiKeyStoreRules(open)) test(title, check)`. `open` makes an empty store for each rule. That a
 * store which cannot answer must throw is yours to test: only you can take its database away.
 * @example
 * const rules = apiKeyStoreRules(() => ({ store: new MemoryApiKeyStore(), pass() {} }));
 * for (const { title, check } of rules) test(title, check);
 */
export function apiKeyStoreRules(open: () => Eventually<StoreUnderTest<ApiKeyStore>>): readonly Rule[] {
  return storeRules<Asked>([...METHODS, 'changes'], RULES, async () => {
    const subject = await open();
    return {
      store: asked(subject?.store),
      pass: (milliseconds) => subject.pass(milliseconds),
      close: () => subject.close?.(),
    };
  });
}

function asked(store: ApiKeyStore): Asked {
  const given = Object(store) as Readonly<Record<string, unknown>>;
  const bound = METHODS.map((name) => {
    const method = given[name];
    return [name, typeof method === 'function' ? method.bind(store) : undefined];
  });
  return { ...Object.fromEntries(bound), changes: () => store.changes };
}

/** Without what JSON leaves out. */
function plain(record: unknown): unknown {
  return record === undefined || record === null ? undefined : JSON.parse(JSON.stringify(record));
}

async function expectFound({ store }: Subject, id: string, record: ApiKeyRecord | undefined, what: string) {
  const found = plain(await store.find(id));
  const wrong = Object.keys(record ?? {}).filter(
    (name) => !isDeepStrictEqual(memberOf(found, name), memberOf(plain(record), name)),
  );
  const isRight = record === undefined ? found === undefined : found !== undefined && wrong.length === 0;
  const came = found === undefined ? 'nothing' : `a record whose ${wrong.join(', ')} differ`;
  expectRule(isRight, `${what}: find() returned ${record === undefined ? 'a record' : came}`);
}

function memberOf(record: unknown, name: string): unknown {
  return (record as Readonly<Record<string, unknown>> | undefined)?.[name] ?? undefined;
}

async function expectAnswer(answer: unknown, expected: boolean, what: string): Promise<void> {
  const returned: unknown = await answer;
  expectRule(returned === expected, `${what} returned ${JSON.stringify(returned) ?? 'nothing'}, not ${expected}`);
}

async function knowsWhatItHasNot(subject: Subject): Promise<void> {
  await expectFound(subject, ID, undefined, 'an unknown id');
}

async function keepsRecords(subject: Subject): Promise<void> {
  const bare = recordOf({ id: 'AAAAAAAAAAA2' });
  await expectAnswer(subject.store.create(FULL), true, 'create()');
  await expectAnswer(subject.store.create(bare), true, 'create()');
  await expectFound(subject, ID, FULL, 'a record with every member');
  await expectFound(subject, bare.id, bare, 'a record with few members');
  await expectFound(subject, ID, FULL, 'a record at the second look');
}

async function keepsIdsApart(subject: Subject): Promise<void> {
  const ids = ['abcdefghijkl', 'ABCDEFGHIJKL', 'abcdefghijkL', '000000000000'];
  const records = ids.map((id, index) => recordOf({ id, subject: `subject ${index}` }));
  for (const record of records)
    await expectAnswer(subject.store.create(record), true, 'create() of an id like another');
  for (const record of records) await expectFound(subject, record.id, record, 'an id that is like another');
}

async function createsOnce(subject: Subject): Promise<void> {
  await expectAnswer(subject.store.create(recordOf()), true, 'create() of a new id');
  await expectAnswer(subject.store.create(recordOf({ subject: 'mallory' })), false, 'create() of an id that is taken');
  await expectFound(subject, ID, recordOf(), 'an id that was created twice');
}

async function letsOneCreate({ store }: Subject): Promise<void> {
  const records = Array.from({ length: CROWD }, (_, index) => recordOf({ subject: `subject ${index}` }));
  await expectOneTrue(
    records.map(async (record) => store.create(record)),
    'created the same id',
  );
}

async function expectOneTrue(answers: readonly Promise<boolean>[], what: string): Promise<void> {
  const winners = (await Promise.all(answers)).filter((answer) => answer).length;
  expectRule(winners === 1, `of ${CROWD} that ${what} at once, ${winners} were true`);
}

async function replaces(subject: Subject): Promise<void> {
  await subject.store.create(recordOf());
  const second = { ...FULL, revision: 2, usedAt: undefined };
  await expectAnswer(subject.store.replace(second), true, 'replace() with the next revision');
  await expectFound(subject, ID, second, 'a replaced record');
  const third = recordOf({ revision: 3 });
  await expectAnswer(subject.store.replace(third), true, 'replace() with the next revision');
  await expectFound(subject, ID, third, 'a record without what it had before');
}

async function refusesRevisions(subject: Subject): Promise<void> {
  const kept = recordOf({ revision: 3 });
  await subject.store.create(kept);
  for (const revision of [1, 2, 3, 5]) {
    const given = recordOf({ revision, subject: 'mallory' });
    await expectAnswer(subject.store.replace(given), false, `replace() of revision 3 with ${revision}`);
  }
  await expectFound(subject, ID, kept, 'a record that was not replaced');
  await expectAnswer(
    subject.store.replace(recordOf({ id: 'AAAAAAAAAAA2', revision: 2 })),
    false,
    'replace() of no record',
  );
  await expectFound(subject, 'AAAAAAAAAAA2', undefined, 'a record that was never created');
}

async function letsOneReplace({ store }: Subject): Promise<void> {
  await store.create(recordOf());
  const records = Array.from({ length: CROWD }, (_, index) => recordOf({ revision: 2, subject: `subject ${index}` }));
  await expectOneTrue(
    records.map(async (record) => store.replace(record)),
    'replaced the same revision',
  );
}

async function notesUse(subject: Subject): Promise<void> {
  await subject.store.create(recordOf());
  for (const [usedAt, latest] of [
    [1_800_000_060, 1_800_000_060],
    [1_800_000_030, 1_800_000_060],
    [1_800_000_090, 1_800_000_090],
  ]) {
    await subject.store.noteUse(ID, usedAt as number);
    await expectFound(subject, ID, recordOf({ usedAt: latest }), 'a key that was used');
  }
  await subject.store.noteUse('AAAAAAAAAAA2', 1_800_000_060);
  await expectFound(subject, 'AAAAAAAAAAA2', undefined, 'an unknown key that was used');
  await expectAnswer(subject.store.replace(recordOf({ revision: 2 })), true, 'replace() after noteUse()');
}

async function keepsUse(subject: Subject): Promise<void> {
  await subject.store.create(recordOf());
  await subject.store.noteUse(ID, 1_800_000_060);
  const second = recordOf({ revision: 2 });
  await subject.store.replace(second);
  await expectFound(subject, ID, { ...second, usedAt: 1_800_000_060 }, 'a key that was replaced after its use');
}

async function deletes(subject: Subject): Promise<void> {
  const other = recordOf({ id: 'AAAAAAAAAAA2' });
  await subject.store.create(recordOf());
  await subject.store.create(other);
  await expectAnswer(subject.store.delete(ID), true, 'delete()');
  await expectAnswer(subject.store.delete(ID), false, 'a second delete()');
  await expectFound(subject, ID, undefined, 'a deleted record');
  await expectAnswer(subject.store.replace(recordOf({ revision: 2 })), false, 'replace() of a deleted record');
  await expectFound(subject, other.id, other, 'a record beside a deleted one');
}

async function listsAll({ store }: Subject): Promise<void> {
  const listed = async () => (await store.list()).map(plain);
  expectRule((await listed()).length === 0, 'list() of an empty store is not empty');
  const ids = Array.from({ length: CROWD }, (_, index) => `list${String(index).padStart(8, '0')}`);
  for (const id of ids) await store.create(recordOf({ id, subject: `subject of ${id}` }));
  const found = (await listed()).map((record) => `${memberOf(record, 'id')} ${memberOf(record, 'subject')}`);
  const expected = ids.map((id) => `${id} subject of ${id}`);
  expectRule(
    isDeepStrictEqual(found.sort(), expected),
    `list() of ${CROWD} records returned ${found.length}, or other ones`,
  );
}

async function tellsChanges({ store }: Subject): Promise<void> {
  await store.create(recordOf());
  await store.find(ID);
  const first = await store.changes();
  if (first === undefined) return;
  await store.noteUse(ID, 1_800_000_060);
  const used = await store.changes();
  expectRule(used === first, `changes was ${first} before noteUse() and ${used} after it`);
  await store.replace(recordOf({ revision: 2 }));
  const replaced = await store.changes();
  expectRule(Number(replaced) > first, `changes was ${first} before replace() and ${replaced} after it`);
  await store.delete(ID);
  const deleted = await store.changes();
  expectRule(Number(deleted) > Number(replaced), `changes was ${replaced} before delete() and ${deleted} after it`);
}
