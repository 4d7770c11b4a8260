import { EventChannel } from '@sallyport/core/extend';
import type { FileReports } from '../../files/reloaded-file.js';

/**
 * The `node:diagnostics_channel` of the events around Basic. Without subscribers it costs nothing.
 * @example
 * subscribe(BASIC_CHANNEL, (event) => log.info(event));
 */
export const BASIC_CHANNEL = 'sallyport:basic';

export type UserFileEvent =
  /** A user file has changed and is in use. */
  | { readonly kind: 'user_file_reloaded'; readonly path: string }
  /**
   * Lines of a user file cannot be read. Their users cannot log in, or have no such role; all others can. At most 100
   * `lines` are named, of `count`. `problem` quotes nothing of the file.
   */
  | {
      readonly kind: 'user_lines_skipped';
      readonly path: string;
      readonly count: number;
      readonly lines: readonly { readonly line: number; readonly problem: string }[];
    }
  /**
   * A user file cannot be used. Logins get 503, at once or after `maxStaleMs`. `problem` quotes nothing of the file.
   */
  | { readonly kind: 'user_file_rejected'; readonly path: string; readonly problem: string };

const events = new EventChannel<UserFileEvent>(BASIC_CHANNEL, {
  listener: 'onBasicEvent()',
  problemOf: (event) =>
    event.kind === 'user_file_rejected' ? `the user file ${event.path} cannot be used: ${event.problem}` : undefined,
});

export const USER_FILE_REPORTS: FileReports = Object.freeze({
  reloaded: (path) => events.publish({ kind: 'user_file_reloaded', path }),
  skipped: (path, lines, count) => events.publish({ kind: 'user_lines_skipped', path, lines, count }),
  rejected: (path, problem) => events.publish({ kind: 'user_file_rejected', path, problem }),
} satisfies FileReports);
