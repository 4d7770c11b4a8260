import { EventChannel } from '@sallyport/core/extend';
import type { FileReports } from '../../files/reloaded-file.js';

/**
 * The `node:diagnostics_channel` of the events around API keys. Without subscribers it costs nothing.
 * @example
 * subscribe(API_KEY_CHANNEL, (event) => log.info(event));
 */
export const API_KEY_CHANNEL = 'sallyport:api-key';

export type KeyFileEvent =
  /** A file of keys has changed and is in use. */
  | { readonly kind: 'key_file_reloaded'; readonly path: string }
  /**
   * Lines of a file of keys cannot be read, or have the key of another line, which counts. The keys of lines that cannot be
   * read are unknown; all others are good. At most 100 `lines` are named, of
   * `count`. `problem` quotes nothing of the file.
   */
  | {
      readonly kind: 'key_lines_skipped';
      readonly path: string;
      readonly count: number;
      readonly lines: readonly { readonly line: number; readonly problem: string }[];
    }
  /** A file of keys cannot be used. Keys get 503, at once or after `maxStaleMs`. `problem` quotes nothing of the file. */
  | { readonly kind: 'key_file_rejected'; readonly path: string; readonly problem: string };

const events = new EventChannel<KeyFileEvent>(API_KEY_CHANNEL, {
  listener: 'onApiKeyEvent()',
  problemOf: (event) =>
    event.kind === 'key_file_rejected' ? `the file of keys ${event.path} cannot be used: ${event.problem}` : undefined,
});

export const KEY_FILE_REPORTS: FileReports = Object.freeze({
  reloaded: (path) => events.publish({ kind: 'key_file_reloaded', path }),
  skipped: (path, lines, count) => events.publish({ kind: 'key_lines_skipped', path, lines, count }),
  rejected: (path, problem) => events.publish({ kind: 'key_file_rejected', path, problem }),
} satisfies FileReports);
