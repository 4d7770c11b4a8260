import { CHECK } from '../check/check-command.js';
import type { Command } from '../command/command.js';
import { CONFIG_CHECK } from '../config-check/config-check-command.js';
import { DIFF } from '../diff/diff-command.js';
import { EXPLAIN } from '../explain/explain-command.js';
import { KEY_CREATE, KEY_LIST, KEY_REVOKE, KEY_ROTATE } from '../key/key-command.js';
import { MATRIX } from '../matrix/matrix-command.js';

/** Every command, in the order of the help text. */
export const COMMANDS: readonly Command[] = [
  CHECK,
  MATRIX,
  CONFIG_CHECK,
  EXPLAIN,
  DIFF,
  KEY_CREATE,
  KEY_ROTATE,
  KEY_REVOKE,
  KEY_LIST,
];
