import type { Flags } from '../command/command.js';
import { CONTRACT_FLAGS } from '../contract/contract-flags.js';

export const MATRIX_FLAGS = {
  format: {
    type: 'string',
    value: 'FORMAT',
    oneOf: ['markdown', 'json', 'csv'],
    default: 'markdown',
    doc: 'how it is printed',
  },
  ...CONTRACT_FLAGS,
} as const satisfies Flags;
