import { type ApiKeyRecord, usedSince } from './api-key-record.js';
import type { ApiKeyStore } from './api-key-store.js';

/**
 * Keys in the memory of this process: for tests and first steps. They are gone when it ends.
 * @example
 * const partners = new ApiKeyHandler({ prefix: 'acme', secret, store: new MemoryApiKeyStore() });
 */
export class MemoryApiKeyStore implements ApiKeyStore {
  readonly #records = new Map<string, ApiKeyRecord>();
  #changes = 0;

  get changes(): number {
    return this.#changes;
  }

  find(id: string): ApiKeyRecord | undefined {
    return this.#records.get(id);
  }

  create(record: ApiKeyRecord): boolean {
    if (this.#records.has(record.id)) return false;
    this.#records.set(record.id, record);
    return true;
  }

  replace(record: ApiKeyRecord): boolean {
    const present = this.#records.get(record.id);
    if (present?.revision !== record.revision - 1) return false;
    this.#records.set(record.id, Object.freeze({ ...record, usedAt: present.usedAt }));
    this.#changes += 1;
    return true;
  }

  delete(id: string): boolean {
    const isDeleted = this.#records.delete(id);
    if (isDeleted) this.#changes += 1;
    return isDeleted;
  }

  list(): readonly ApiKeyRecord[] {
    return [...this.#records.values()];
  }

  noteUse(id: string, usedAt: number): void {
    const record = this.#records.get(id);
    if (record !== undefined) this.#records.set(id, usedSince(record, usedAt));
  }
}
