import type { Flags } from '../command/command.js';

/** How a document is compiled: the same options as those of a contract in code or in a configuration file. */
export const CONTRACT_FLAGS = {
  open: {
    type: 'list',
    value: 'ID',
    doc: 'an operation that is open to everybody although the document says nothing of its security',
  },
  scopes: {
    type: 'string',
    value: 'MODE',
    oneOf: ['all', 'any'],
    default: 'all',
    doc: 'whether all scopes of a scheme are needed or one is enough',
  },
  'base-path': { type: 'string', value: 'PATH', doc: "the prefix of all paths; by default that of the server's URL" },
} as const satisfies Flags;
