import type { Flags } from '../command/command.js';

export const CONFIGURATION_FLAGS = {
  kinds: {
    type: 'string',
    value: 'MODULE',
    doc: 'a module that exports kinds of your own, as kinds or as default; its code runs',
  },
} as const satisfies Flags;
