import { ALL_OF_WORD } from './all-of.js';
import { ANONYMOUS_WORD } from './anonymous.js';
import { ANY_OF_WORD } from './any-of.js';
import { ATTEMPT_WORD } from './attempt.js';
import { OPTIONAL_WORD } from './optional.js';
import type { OperatorWord } from './requirement.js';

/** The operators that a configuration may use. Each tells its word in its own file. */
export const OPERATORS: readonly OperatorWord[] = [
  ANY_OF_WORD,
  ALL_OF_WORD,
  OPTIONAL_WORD,
  ATTEMPT_WORD,
  ANONYMOUS_WORD,
];
