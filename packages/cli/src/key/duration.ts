import { CommandError } from '../command/command-error.js';

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/**
 * The seconds of a duration such as `90d`.
 * @throws {CommandError} that names the flag
 */
export function secondsOf(text: string, flag: string): number {
  const [, count = '', unit = ''] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  const factor = SECONDS[unit];
  if (factor === undefined)
    throw new CommandError(`the option ${flag} must be a whole number with s, m, h or d, such as 90d`);
  return Number(count) * factor;
}
