import type { Flags } from '../command/command.js';
import { CONTRACT_FLAGS } from '../contract/contract-flags.js';

export const DIFF_FLAGS = {
  'fail-on': {
    type: 'string',
    value: 'WHEN',
    oneOf: ['opens', 'any', 'never'],
    default: 'opens',
    doc: 'ends with 1 where something opens or may open, for any difference, or never',
  },
  format: {
    type: 'string',
    value: 'FORMAT',
    oneOf: ['text', 'markdown', 'json'],
    default: 'text',
    doc: 'how it is printed',
  },
  ...CONTRACT_FLAGS,
} as const satisfies Flags;
