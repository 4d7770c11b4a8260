import * as option from '../options/options.js';
import type { Revocations } from './revocations.js';

/** The check of an option that is the revocations, also those of another copy of core. */
export const revocationsCheck: option.Check<Revocations> = option.having(
  'refuses',
  'statusOf',
  'covers',
  'synchronise',
  'keepUp',
  'openWith',
);
