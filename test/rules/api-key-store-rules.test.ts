import { describe, expect, test } from '@jest/globals';
import { type ApiKeyRecord, type ApiKeyStore, MemoryApiKeyStore } from '@sallyport/handlers/api-key';
import { apiKeyStoreRules } from '@sallyport/handlers/testing';
import { breach, brokenRules } from './broken-rules.js';

/** Keeps every rule; the others each break one. */
class GoodStore implements ApiKeyStore {
  protected readonly records = new Map<string, ApiKeyRecord>();
  protected count = 0;

  get changes(): number {
    return this.count;
  }

  find(id: string): ApiKeyRecord | null | undefined | Promise<ApiKeyRecord | null> {
    return this.records.get(id) ?? null;
  }

  create(record: ApiKeyRecord): boolean | Promise<boolean> {
    if (this.records.has(record.id)) return false;
    this.records.set(record.id, record);
    return true;
  }

  replace(record: ApiKeyRecord): boolean | Promise<boolean> {
    const present = this.records.get(record.id);
    if (present?.revision !== record.revision - 1) return false;
    this.records.set(record.id, { ...record, usedAt: present.usedAt });
    this.count += 1;
    return true;
  }

  delete(id: string): boolean {
    if (!this.records.delete(id)) return false;
    this.count += 1;
    return true;
  }

  list(): readonly ApiKeyRecord[] {
    return [...this.records.values()];
  }

  noteUse(id: string, usedAt: number): void {
    const record = this.records.get(id);
    if (record !== undefined && usedAt > (record.usedAt ?? 0)) this.records.set(id, { ...record, usedAt });
  }
}

class MakesUp extends GoodStore {
  override find(id: string) {
    return this.records.size === 0 ? ({ id } as ApiKeyRecord) : super.find(id);
  }
}

class LosesClaims extends GoodStore {
  override find(id: string) {
    const found = super.find(id) as ApiKeyRecord | null;
    return found?.revision === 1 && found.claims ? { ...found, claims: { ...found.claims, of: undefined } } : found;
  }
}

/** As a database with a collation that does not tell cases apart. */
class SmallLetters extends GoodStore {
  override find(id: string) {
    return super.find(id.toLowerCase());
  }
  override create(record: ApiKeyRecord) {
    const id = record.id.toLowerCase();
    if (this.records.has(id)) return false;
    this.records.set(id, record);
    return true;
  }
  override replace(record: ApiKeyRecord) {
    const present = this.records.get(record.id.toLowerCase());
    if (present?.revision !== record.revision - 1) return false;
    this.records.set(record.id.toLowerCase(), { ...record, usedAt: present.usedAt });
    this.count += 1;
    return true;
  }
  override delete(id: string) {
    return super.delete(id.toLowerCase());
  }
  override noteUse(id: string, usedAt: number) {
    super.noteUse(id.toLowerCase(), usedAt);
  }
}

class Overwrites extends GoodStore {
  override create(record: ApiKeyRecord) {
    const isNew = !this.records.has(record.id);
    this.records.set(record.id, record);
    return isNew;
  }
}

class CreatesInTwoSteps extends GoodStore {
  override async create(record: ApiKeyRecord) {
    if (this.records.has(record.id)) return false;
    await null;
    this.records.set(record.id, record);
    return true;
  }
}

class Merges extends GoodStore {
  override replace(record: ApiKeyRecord) {
    const present = this.records.get(record.id);
    const given = Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));
    return super.replace({ ...present, ...given } as ApiKeyRecord);
  }
}

class LastWriteWins extends GoodStore {
  override replace(record: ApiKeyRecord) {
    const present = this.records.get(record.id);
    if (present === undefined) return false;
    // Of two with the same revision the first wins, so that crowds are let through one at a time.
    if (present.revision >= record.revision && present.revision < 3) return false;
    this.records.set(record.id, { ...record, usedAt: present.usedAt });
    this.count += 1;
    return true;
  }
}

class ReplacesInTwoSteps extends GoodStore {
  override async replace(record: ApiKeyRecord) {
    if (this.records.get(record.id)?.revision !== record.revision - 1) return false;
    await null;
    const { usedAt } = this.records.get(record.id) as ApiKeyRecord;
    this.records.set(record.id, { ...record, usedAt });
    this.count += 1;
    return true;
  }
}

class SetsUseBack extends GoodStore {
  override noteUse(id: string, usedAt: number) {
    const record = this.records.get(id);
    if (record !== undefined) this.records.set(id, { ...record, usedAt });
  }
}

class ForgetsUse extends GoodStore {
  override replace(record: ApiKeyRecord) {
    const isReplaced = super.replace(record);
    if (isReplaced) this.records.set(record.id, record);
    return isReplaced;
  }
}

class DeletesTwice extends GoodStore {
  override delete(id: string) {
    super.delete(id);
    return true;
  }
}

class ListsAPage extends GoodStore {
  override list() {
    return super.list().slice(0, 10);
  }
}

class SaysNothing extends GoodStore {
  override get changes() {
    return 0;
  }
}

const BAD_STORES: readonly (readonly [rule: string, what: string, make: () => ApiKeyStore, told: string])[] = [
  ['unknown-is-nothing', 'makes records up', () => new MakesUp(), 'an unknown id: find() returned a record'],
  [
    'keeps-records',
    'loses a claim within a claim',
    () => new LosesClaims(),
    'a record with every member: find() returned a record whose claims differ',
  ],
  [
    'ids-apart',
    'does not tell small letters from capitals',
    () => new SmallLetters(),
    'create() of an id like another returned false, not true',
  ],
  [
    'creates-once',
    'overwrites',
    () => new Overwrites(),
    'an id that was created twice: find() returned a record whose subject differ',
  ],
  [
    'one-creates',
    'creates in two steps',
    () => new CreatesInTwoSteps(),
    'of 20 that created the same id at once, 20 were true',
  ],
  [
    'replaces',
    'merges the new record into the old one',
    () => new Merges(),
    'a record without what it had before: find() returned a record whose label, clientId, claims, expiresAt, revokedAt differ',
  ],
  [
    'replaces-its-revision',
    'lets the last write win',
    () => new LastWriteWins(),
    'replace() of revision 3 with 1 returned true, not false',
  ],
  [
    'one-replaces',
    'replaces in two steps',
    () => new ReplacesInTwoSteps(),
    'of 20 that replaced the same revision at once, 20 were true',
  ],
  [
    'notes-use',
    'sets the last use back',
    () => new SetsUseBack(),
    'a key that was used: find() returned a record whose usedAt differ',
  ],
  [
    'use-outlives',
    'forgets the use with a replacement',
    () => new ForgetsUse(),
    'a key that was replaced after its use: find() returned a record whose usedAt differ',
  ],
  ['deletes', 'deletes what is not there', () => new DeletesTwice(), 'a second delete() returned true, not false'],
  ['lists-all', 'lists one page', () => new ListsAPage(), 'list() of 20 records returned 10, or other ones'],
  [
    'tells-changes',
    'says that nothing ever changes',
    () => new SaysNothing(),
    'changes was 0 before replace() and 0 after it',
  ],
];

const rulesOf = (make: () => ApiKeyStore) => apiKeyStoreRules(() => ({ store: make(), pass() {} }));

describe('the rules of stores of keys', () => {
  test('find nothing in a store that keeps every rule', async () => {
    expect(await brokenRules(rulesOf(() => new GoodStore()))).toEqual([]);
    expect(await brokenRules(rulesOf(() => new MemoryApiKeyStore()))).toEqual([]);
  });

  test('need no changes', async () => {
    const silent = () => Object.defineProperty(new GoodStore(), 'changes', { value: undefined });
    expect(await brokenRules(rulesOf(silent))).toEqual([]);
  });

  test.each(BAD_STORES)('%s, and no other, catches a store that %s, and says so', async (rule, _what, make, told) => {
    expect(await brokenRules(rulesOf(make))).toEqual([breach(rule, told)]);
  });

  test('each have a store that breaks them', () => {
    expect(rulesOf(() => new GoodStore()).map(({ id }) => id)).toEqual(BAD_STORES.map(([rule]) => rule));
  });

  test('tell of a store without a method, and of one that throws', async () => {
    const half = () => Object.assign(new GoodStore(), { noteUse: undefined }) as never;
    expect(new Set(await brokenRules(rulesOf(half)))).toEqual(
      new Set(rulesOf(half).map(({ id }) => `${id}: the store has no method noteUse()`)),
    );
    const broken = () => Object.assign(new GoodStore(), { list: () => Promise.reject(new Error('no table')) });
    expect(await brokenRules(rulesOf(broken))).toEqual(['lists-all: list() threw Error: no table']);
  });
});
