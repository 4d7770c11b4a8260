import { type Revocations, UpstreamError } from '@sallyport/core';
import {
  type Clock,
  clockOption,
  deploymentSecretsCheck,
  option,
  revocationsCheck,
  Secret,
} from '@sallyport/core/extend';
import { isKeyId, KeyFormat, keyPrefix } from './form/key-format.js';
import { KeyHashes } from './form/key-hashes.js';
import { type ApiKeyRecord, apiKeyGrant, checkedRecord, moment } from './stores/api-key-record.js';
import { type ApiKeyStore, apiKeyStore } from './stores/api-key-store.js';

const API_KEYS = option.table('ApiKeysOptions', {
  /** The beginning of every key, which tells whose it is: small letters and digits, such as `acme_live`. */
  prefix: keyPrefix,
  /**
   * Keys are kept as hashes that nobody can make without it; at least 32 characters, the same on all instances. Two while one is
   * replaced: the first writes, both read.
   */
  secret: deploymentSecretsCheck,
});

/** What makes keys what they are: the same wherever they are issued and taken. */
export interface ApiKeysOptions extends option.Given<typeof API_KEYS> {}

export const apiKeysOptions: option.Table<option.Kept<typeof API_KEYS>, ApiKeysOptions> = API_KEYS;

export const API_KEYS_COLLABORATORS = option.table('ApiKeysCollaborators', {
  /** Where keys are kept. */
  store: apiKeyStore,
  clock: clockOption,
  /** Told of each revoked key, so that other instances refuse it at once. */
  revocations: option.optional(revocationsCheck),
});

/** Services of `ApiKeys`. */
export interface ApiKeysCollaborators extends option.Given<typeof API_KEYS_COLLABORATORS> {}

export const NEW_KEY = option.merged(
  apiKeyGrant,
  option.table('NewApiKey', {
    /** When the key ends, in seconds since the epoch. Default: never. */
    expiresAt: option.optional(moment),
  }),
);

/** What a new key is for. */
export interface NewApiKey extends option.Given<typeof NEW_KEY> {}

export const KEY_ROTATION = option.table('ApiKeyRotation', {
  /** How long the old text stays good beside the new one, in seconds. */
  overlapSeconds: option.withDefault(option.between(0, 31_536_000), 86_400),
});

/** How a key is rotated. */
export interface ApiKeyRotation extends option.Given<typeof KEY_ROTATION> {}

/** A key that was just made. It is shown this once: nobody can read it from the store. */
export interface ShownApiKey {
  /** `key.reveal()` is its text. */
  readonly key: Secret;
  readonly record: ApiKeyRecord;
}

/** How often a change is tried again, when others change the same key at the same time. */
const MOST_TRIES = 10;

/**
 * Issues, rotates and revokes keys. A handler has one as `keys`; make one of your own where keys are issued and not taken.
 * @example
 * const keys = new ApiKeys({ prefix: 'acme', secret }, { store: new MemoryApiKeyStore() });
 * const { key, record } = await keys.create({ subject: 'web-shop', scopes: ['orders:read'] });
 * key.reveal(); // acme_…: show it once
 * await keys.rotate(record.id, { overlapSeconds: 3_600 });
 * await keys.revoke(record.id);
 */
export class ApiKeys {
  readonly #format: KeyFormat;
  readonly #hashes: KeyHashes;
  readonly #store: ApiKeyStore;
  readonly #clock: Clock;
  readonly #revocations: Revocations | undefined;

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
  constructor(options: ApiKeysOptions, collaborators: ApiKeysCollaborators) {
    const { prefix, secret } = API_KEYS(options);
    const { store, clock, revocations } = API_KEYS_COLLABORATORS(collaborators);
    this.#format = new KeyFormat(prefix);
    this.#hashes = new KeyHashes(secret);
    this.#store = store;
    this.#clock = clock;
    this.#revocations = revocations;
  }

  /** The source of the regular expression by which scanners of repositories and logs find keys. */
  get pattern(): string {
    return this.#format.pattern;
  }

  /**
   * Makes a key and keeps its record.
   * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
   */
  async create(given: NewApiKey): Promise<ShownApiKey> {
    const grant = NEW_KEY(given);
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const { id, text } = this.#format.issue();
      const record = checkedRecord({
        ...grant,
        id,
        revision: 1,
        createdAt: this.#now(),
        secrets: [{ hash: this.#hashes.of(text), createdAt: this.#now(), endsAt: undefined }],
      });
      if (await this.#store.create(record)) return { key: new Secret(text), record };
    }
    throw new UpstreamError('ERR_SALLYPORT_UPSTREAM_BODY', 'The store of API keys takes no new key');
  }

  /**
   * Gives a key another text. The old one stays good for a while, and only the newest old one does: a second rotation ends the one
   * before. Undefined if there is no such key, or it was revoked.
   * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
   */
  async rotate(id: string, rotation: ApiKeyRotation = {}): Promise<ShownApiKey | undefined> {
    const { overlapSeconds } = KEY_ROTATION(rotation);
    const { text } = this.#format.issue(checkedId(id));
    const changed = await this.#change(id, (record) => {
      const now = this.#now();
      const [newest] = record.secrets;
      if (record.revokedAt !== undefined || newest === undefined) return undefined;
      const old = overlapSeconds === 0 ? [] : [{ ...newest, endsAt: now + overlapSeconds }];
      return { secrets: [{ hash: this.#hashes.of(text), createdAt: now, endsAt: undefined }, ...old] };
    });
    return changed && { key: new Secret(text), record: changed };
  }

  /**
   * Revokes a key for ever. Instances that share `revocations` refuse it at once, others as soon as their store tells the change.
   * Its record stays, so that people see what became of it. Undefined if there is no such key.
   */
  async revoke(id: string): Promise<ApiKeyRecord | undefined> {
    const changed = await this.#change(checkedId(id), ({ revokedAt = this.#now() }) => ({ revokedAt }));
    if (changed !== undefined) await this.#revocations?.revokeJti(id, { expiresAt: changed.expiresAt });
    return changed;
  }

  /** Deletes the record of a key, and with it the key. False if there is none. */
  async delete(id: string): Promise<boolean> {
    const isDeleted = await this.#store.delete(checkedId(id));
    if (isDeleted) await this.#revocations?.revokeJti(id);
    return isDeleted;
  }

  /** The record of a key. */
  async find(id: string): Promise<ApiKeyRecord | undefined> {
    const found = await this.#store.find(checkedId(id));
    return found === undefined || found === null ? undefined : checkedRecord(found);
  }

  /** All records. */
  async list(): Promise<readonly ApiKeyRecord[]> {
    return (await this.#store.list()).map(checkedRecord);
  }

  async #change(
    id: string,
    change: (record: ApiKeyRecord) => Partial<ApiKeyRecord> | undefined,
  ): Promise<ApiKeyRecord | undefined> {
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const record = await this.find(id);
      const changes = record && change(record);
      if (record === undefined || changes === undefined) return undefined;
      const changed = checkedRecord({ ...record, ...changes, revision: record.revision + 1 });
      if (await this.#store.replace(changed)) return changed;
    }
    throw new UpstreamError('ERR_SALLYPORT_UPSTREAM_OVERLOADED', 'Others change the same API key all the time');
  }

  #now(): number {
    return Math.floor(this.#clock.now() / 1_000);
  }
}

/** The text of a whole key is no id: it must not reach a store. */
function checkedId(id: string): string {
  if (isKeyId(id)) return id;
  throw option.invalid('id', 'must be the id of a key: 12 letters and digits, and not the key itself');
}
