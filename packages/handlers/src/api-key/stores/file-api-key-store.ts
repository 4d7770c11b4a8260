import { readFile } from 'node:fs/promises';
import { type Clock, clockOption, type Eventually, option } from '@sallyport/core/extend';
import { ReloadedFile } from '../../files/reloaded-file.js';
import { replaceFile, whileLocked } from '../../files/written-file.js';
import { type ApiKeyRecord, usedSince } from './api-key-record.js';
import type { ApiKeyStore } from './api-key-store.js';
import { KEY_FILE_REPORTS } from './key-file-events.js';
import { KeyLines, parseKeyLines } from './key-lines.js';
import { UseFile } from './use-file.js';

const FILE_API_KEY_STORE = option.table('FileApiKeyStoreOptions', {
  /** The file: one record in JSON a line. The first key makes it, for its owner alone. `<path>.used` has the times of use. */
  path: option.text,
  /** How long the file is trusted without another look, in milliseconds. */
  checkIntervalMs: option.withDefault(option.between(0, 3_600_000), 1_000),
  /**
   * How long the last good keys stay in use while a changed file can be read but not parsed, in milliseconds. After that keys
   * get 503.
   */
  maxStaleMs: option.withDefault(option.between(0, 3_600_000), 60_000),
});

export interface FileApiKeyStoreOptions extends option.Given<typeof FILE_API_KEY_STORE> {}

export interface FileApiKeyStoreSettings extends option.Kept<typeof FILE_API_KEY_STORE> {}

export const fileApiKeyStoreOptions: option.Table<FileApiKeyStoreSettings, FileApiKeyStoreOptions> = FILE_API_KEY_STORE;

export const FILE_API_KEY_STORE_COLLABORATORS = option.table('FileApiKeyStoreCollaborators', { clock: clockOption });

/** Services of the store. */
export interface FileApiKeyStoreCollaborators extends option.Given<typeof FILE_API_KEY_STORE_COLLABORATORS> {}

/** How long a change waits for another process that changes the file. */
const LOCK_TIMEOUT_MS = 5_000;

/**
 * Keys in a file: for one machine, or a folder that machines share. Changes are written as a whole, one process after the other, and
 * every process sees them within `checkIntervalMs`; there is no watcher to lose and nothing to close. A line that cannot be
 * read is skipped, told, and costs its own key alone; of several lines with one key, a revoked one counts. While the file cannot be read, keys get 503. These problems are published
 * on `sallyport:api-key`.
 * @example
 * const store = new FileApiKeyStore({ path: '/var/lib/orders/keys.jsonl' });
 * const partners = new ApiKeyHandler({ prefix: 'acme', secret, store });
 */
export class FileApiKeyStore implements ApiKeyStore {
  readonly #path: string;
  readonly #checkIntervalMs: number;
  readonly #clock: Clock;
  readonly #file: ReloadedFile<ReadonlyMap<string, ApiKeyRecord>>;
  readonly #uses: UseFile;
  #trustedUntilMs = Number.NEGATIVE_INFINITY;
  #look: Promise<void> | undefined;
  #seen: ReadonlyMap<string, ApiKeyRecord> | undefined;
  #changes = 0;
  #changing: Promise<unknown> = Promise.resolve();

  /**
   * Reads the file at once, synchronously, if it is there.
   * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID also for a file that cannot be used
   */
  constructor(options: FileApiKeyStoreOptions, collaborators: FileApiKeyStoreCollaborators = {}) {
    const { path, checkIntervalMs, maxStaleMs } = fileApiKeyStoreOptions(options);
    const { clock } = FILE_API_KEY_STORE_COLLABORATORS(collaborators);
    this.#path = path;
    this.#checkIntervalMs = checkIntervalMs;
    this.#clock = clock;
    const reading = { path, parse: parseKeyLines, maxStaleMs, mayBeAbsent: true, reports: KEY_FILE_REPORTS };
    this.#file = new ReloadedFile(reading, clock);
    this.#uses = new UseFile(`${path}.used`);
  }

  /** Looks at the file in the background when it is time. */
  get changes(): number {
    if (this.#clock.monotonic() >= this.#trustedUntilMs) void this.#refresh();
    return this.#changes;
  }

  /** An unknown key may have been made just now: then the file is looked at in any case, by one look at a time. */
  find(id: string): Eventually<ApiKeyRecord | undefined> {
    const known = this.#clock.monotonic() < this.#trustedUntilMs ? this.#known(id) : undefined;
    return known ?? this.#refresh().then(() => this.#known(id));
  }

  create(record: ApiKeyRecord): Promise<boolean> {
    return this.#change((lines) => {
      if (lines.find(record.id) !== undefined) return false;
      lines.add(record);
      return true;
    });
  }

  replace(record: ApiKeyRecord): Promise<boolean> {
    return this.#change((lines) => {
      const found = lines.find(record.id);
      if (found?.revision !== record.revision - 1) return false;
      lines.replace({ ...record, usedAt: undefined });
      return true;
    });
  }

  delete(id: string): Promise<boolean> {
    return this.#change((lines) => {
      if (lines.find(id) === undefined) return false;
      lines.remove(id);
      return true;
    });
  }

  async list(): Promise<readonly ApiKeyRecord[]> {
    await Promise.all([this.#refresh(), this.#uses.read()]);
    return Array.from(this.#file.content.values(), (record) => this.#withUse(record));
  }

  noteUse(id: string, usedAt: number): Promise<void> | undefined {
    return this.#file.content.has(id) ? this.#uses.note(id, usedAt) : undefined;
  }

  #known(id: string): ApiKeyRecord | undefined {
    const record = this.#file.content.get(id);
    return record && this.#withUse(record);
  }

  #withUse(record: ApiKeyRecord): ApiKeyRecord {
    return usedSince(record, this.#uses.usedAt(record.id) ?? 0);
  }

  #refresh(): Promise<void> {
    this.#look ??= this.#reread().finally(() => {
      this.#look = undefined;
    });
    return this.#look;
  }

  async #reread(): Promise<void> {
    const nowMs = this.#clock.monotonic();
    await Promise.all([this.#file.refresh(), this.#uses.isRead ? undefined : this.#uses.read()]);
    this.#noteChanges();
    this.#trustedUntilMs = nowMs + this.#checkIntervalMs;
  }

  #noteChanges(): void {
    const content = this.#contentNow();
    if (content !== this.#seen) this.#changes += 1;
    this.#seen = content;
  }

  /** Undefined while the file cannot be used: what is remembered is then looked up again, and gets 503. */
  #contentNow(): ReadonlyMap<string, ApiKeyRecord> | undefined {
    try {
      return this.#file.content;
    } catch {
      return undefined;
    }
  }

  /** One change after the other, in this process and in others. */
  #change(change: (lines: KeyLines) => boolean): Promise<boolean> {
    const changing = this.#changing.then(() => this.#write(change));
    this.#changing = changing.catch(() => {});
    return changing;
  }

  async #write(change: (lines: KeyLines) => boolean): Promise<boolean> {
    return whileLocked(this.#path, { clock: this.#clock, timeoutMs: LOCK_TIMEOUT_MS }, async () => {
      const lines = new KeyLines(await textOf(this.#path));
      const isChanged = change(lines);
      if (isChanged) await replaceFile(this.#path, String(lines));
      // The look that is under way may have come too early.
      await this.#look;
      await this.#refresh();
      return isChanged;
    });
  }
}

async function textOf(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: { code?: unknown }) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
}
