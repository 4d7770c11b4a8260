import { UpstreamError } from '@sallyport/core';
import { clockOption, option } from '@sallyport/core/extend';
import {
  type FoundRecord,
  type RedisClient,
  RedisRecordStore,
  type RedisRecordStoreOptions,
} from '@sallyport/core/redis';
import { type ApiKeyRecord, checkedRecord, usedSince } from '../api-key/stores/api-key-record.js';
import type { ApiKeyStore } from '../api-key/stores/api-key-store.js';

/** As those of `RedisRecordStore`. */
export type RedisApiKeyStoreOptions = Omit<RedisRecordStoreOptions, 'records'>;

export const REDIS_API_KEY_STORE_COLLABORATORS = option.table('RedisApiKeyStoreCollaborators', {
  /** A client of node-redis or ioredis, single or Cluster. The store does not close it. */
  client: option.unchecked<RedisClient>(),
  clock: clockOption,
});

/** Services of the store. */
export interface RedisApiKeyStoreCollaborators extends option.Given<typeof REDIS_API_KEY_STORE_COLLABORATORS> {}

/**
 * Keys in Redis 7, for many instances. Records are encrypted; ids stand in clear. Each change is one step. Other instances see
 * it within a second, also for keys that they remember. Let Redis write to disk, and give it the policy `noeviction`: a key that
 * it loses is unknown.
 * @example
 * const client = createClient();
 * await client.connect();
 * const store = new RedisApiKeyStore({ secret }, { client });
 * const partners = new ApiKeyHandler({ prefix: 'acme', secret, store });
 */
export class RedisApiKeyStore implements ApiKeyStore {
  readonly #records: RedisRecordStore;

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
  constructor(options: RedisApiKeyStoreOptions, collaborators: RedisApiKeyStoreCollaborators) {
    const services = REDIS_API_KEY_STORE_COLLABORATORS(collaborators);
    this.#records = new RedisRecordStore({ ...options, records: 'api-key' }, services);
  }

  get changes(): number {
    return this.#records.changes;
  }

  /** @throws {UpstreamError} ERR_SALLYPORT_UPSTREAM_* when Redis does not answer, or with what was not encrypted by us */
  async find(id: string): Promise<ApiKeyRecord | undefined> {
    const found = await this.#records.find(id);
    return found && recordOf(found);
  }

  create(record: ApiKeyRecord): Promise<boolean> {
    return this.#records.create(keptOf(record));
  }

  replace(record: ApiKeyRecord): Promise<boolean> {
    return this.#records.replace(keptOf({ ...record, usedAt: undefined }));
  }

  delete(id: string): Promise<boolean> {
    return this.#records.delete(id);
  }

  /** Warns of records that cannot be opened: they were made with another secret, or by somebody else. */
  async list(): Promise<readonly ApiKeyRecord[]> {
    const { records, unreadable } = await this.#records.list();
    if (unreadable > 0)
      process.emitWarning(`${unreadable} API keys in Redis are of another secret`, 'SallyportWarning');
    return records.map(recordOf);
  }

  noteUse(id: string, usedAt: number): Promise<void> {
    return this.#records.note(id, usedAt);
  }
}

function keptOf(record: ApiKeyRecord) {
  const { id, revision } = record;
  return { id, revision, text: JSON.stringify(record) };
}

function recordOf({ id, revision, text, noted = 0 }: FoundRecord): ApiKeyRecord {
  const record = usedSince(checkedRecord(JSON.parse(text)), noted);
  if (record.id === id && record.revision === revision) return record;
  throw new UpstreamError('ERR_SALLYPORT_UPSTREAM_BODY', 'Redis has the record of another API key');
}
