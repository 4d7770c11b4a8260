import { resolve } from 'node:path';
import { type Clock, option } from '@sallyport/core/extend';
import { type ApiKeyStore, apiKeyStore } from './stores/api-key-store.js';
import {
  FileApiKeyStore,
  type FileApiKeyStoreOptions,
  type FileApiKeyStoreSettings,
  fileApiKeyStoreOptions,
} from './stores/file-api-key-store.js';

export const KEY_FILE = option.table('ConfiguredKeyFile', {
  /** A file of keys. */
  file: fileApiKeyStoreOptions as option.Check<FileApiKeyStoreSettings, FileApiKeyStoreOptions>,
});

/** A store of keys as data. */
export interface ConfiguredKeyFile extends option.Given<typeof KEY_FILE> {}

export interface KeyFileSettings extends option.Kept<typeof KEY_FILE> {}

/** The option check of a store: a store, or what makes one. */
export const keyStore = option.withSchema<ApiKeyStore | KeyFileSettings, ApiKeyStore | ConfiguredKeyFile>(
  KEY_FILE.schema,
  (value, name) => {
    const isData = typeof value === 'object' && value !== null && !('find' in value);
    return isData ? KEY_FILE(value, name) : apiKeyStore(value, name);
  },
);

/**
 * Makes a store of what a configuration says. Relative paths start from `directory`.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID for a file that cannot be used
 */
export function storeOf(
  settings: ApiKeyStore | KeyFileSettings,
  { clock, directory }: { clock: Clock; directory: string },
): ApiKeyStore {
  if ('find' in settings) return settings;
  const { path, ...others } = settings.file;
  return new FileApiKeyStore({ ...others, path: resolve(directory, path) }, { clock });
}
