import type { Flags } from '../command/command.js';
import { CONFIGURATION_FLAGS } from '../configuration/configuration-flags.js';

export const CONFIG_CHECK_FLAGS = {
  start: { type: 'boolean', doc: 'start the handlers as well (keys, connections), then close them' },
  strict: { type: 'boolean', doc: 'end with 1 for warnings, too' },
  format: { type: 'string', value: 'FORMAT', oneOf: ['text', 'json'], default: 'text', doc: 'how it is printed' },
  ...CONFIGURATION_FLAGS,
} as const satisfies Flags;
